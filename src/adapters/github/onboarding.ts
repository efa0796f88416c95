// The pull request of `init`: opened once, and given its newest title and body.
import type { OnboardingRemote, OpenedPullRequest } from '../../ports.ts'
import { explainedBy, type GitHub, pauseOf } from './client.ts'
import { attemptOnce, isStatus } from './errors.ts'
import { pullRequestsForbidden } from './github.ts'

export function createOnboarding(github: GitHub): Pick<OnboardingRemote, 'propose'> {
  return { propose: explainedBy(github)('open a pull request', propose) }
}

async function propose(
  github: GitHub,
  { branch, base, title, body }: Parameters<OnboardingRemote['propose']>[0],
): Promise<OpenedPullRequest> {
  const { client, where, options } = github
  const find = async () => {
    const named = { head: `${where.owner}:${branch}`, base, state: 'open' } as const
    const [open] = (await client.rest.pulls.list({ ...where, ...named })).data
    return open && { number: open.number, title: open.title, body: open.body }
  }
  const create = async () => {
    const request = { ...where, head: branch, base, title, body, request: { retries: 0 } }
    return { number: (await client.rest.pulls.create(request)).data.number, title, body }
  }
  try {
    const found = await attemptOnce(find, create, pauseOf(github))
    if (found.title !== title || found.body !== body)
      await client.rest.pulls.update({ ...where, pull_number: found.number, title, body })
    return { kind: 'opened', number: found.number }
  } catch (error) {
    if (isStatus(error, 403) && /not permitted to create/i.test(String(error)))
      return { kind: 'refused', explanation: pullRequestsForbidden(options, base, branch) }
    throw error
  }
}
