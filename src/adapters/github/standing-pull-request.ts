// A pull request that stays open: opened once, and given its newest title and body.
import { RequestError } from '@octokit/request-error'
import type { Forge, OpenedPullRequest } from '../../ports/forge.ts'
import { readAnswer } from './answers.ts'
import type { GitHub, GitHubOptions } from './client.ts'

type Request = Parameters<Forge['putPullRequest']>[0]

export async function putPullRequest(github: GitHub, request: Request): Promise<OpenedPullRequest> {
  const number = await findOpen(github, request)
  if (number !== undefined) return { kind: 'opened', number }
  const { client, where, options } = github
  const { branch, base, title, body } = request
  try {
    const { data } = await client.rest.pulls.create({ ...where, head: branch, base, title, body })
    return { kind: 'opened', number: data.number }
  } catch (error) {
    if (!(error instanceof RequestError)) throw error
    const reading = readAnswer(error)
    if (reading?.means === 'forbidden')
      return { kind: 'refused', explanation: pullRequestsForbidden(options, base, branch) }
    // The answer to an earlier try may have been lost.
    const opened = await findOpen(github, request)
    if (opened !== undefined) return { kind: 'opened', number: opened }
    if (reading?.means === 'too-early') return { kind: 'impossible', explanation: reading.message }
    throw error
  }
}

export function pullRequestsForbidden(
  { serverUrl, repository }: GitHubOptions,
  base: string,
  branch: string,
): string {
  return (
    `Allow it under "Workflow permissions" at ${serverUrl}/${repository}/settings/actions ` +
    '("Allow GitHub Actions to create and approve pull requests"), then run the workflow again: it finds the pushed ' +
    `branch. To see the change now: ${serverUrl}/${repository}/compare/${base}...${branch}?expand=1`
  )
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
