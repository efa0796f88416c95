// The pull request of `init`: opened once, and given its newest title and body.
import { RequestError } from '@octokit/request-error'
import type { OnboardingRemote, OpenedPullRequest } from '../../ports.ts'
import { explainedBy, type GitHub } from './client.ts'
import { pullRequestsForbidden } from './github.ts'

export function createOnboarding(github: GitHub): Pick<OnboardingRemote, 'propose'> {
  return { propose: explainedBy(github)('open a pull request', propose) }
}

type Request = Parameters<OnboardingRemote['propose']>[0]

async function propose(github: GitHub, request: Request): Promise<OpenedPullRequest> {
  const number = await findOpen(github, request)
  if (number !== undefined) return { kind: 'opened', number }
  const { client, where, options } = github
  const { branch, base, title, body } = request
  try {
    const { data } = await client.rest.pulls.create({ ...where, head: branch, base, title, body })
    return { kind: 'opened', number: data.number }
  } catch (error) {
    if (!(error instanceof RequestError)) throw error
    if (/not permitted to create/i.test(error.message))
      return { kind: 'refused', explanation: pullRequestsForbidden(options, base, branch) }
    // The answer to an earlier try may have been lost.
    const opened = await findOpen(github, request)
    if (opened === undefined) throw error
    return { kind: 'opened', number: opened }
  }
}

/** The open pull request of the branch, with the title and body of the request. */
async function findOpen(
  { client, where }: GitHub,
  { branch, base, title, body }: Request,
): Promise<number | undefined> {
  const named = { head: `${where.owner}:${branch}`, base, state: 'open' } as const
  const [open] = (await client.rest.pulls.list({ ...where, ...named })).data
  if (open && (open.title !== title || open.body !== body))
    await client.rest.pulls.update({ ...where, pull_number: open.number, title, body })
  return open?.number
}
