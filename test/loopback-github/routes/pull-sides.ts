/** The two branches of a pull request, and why GitHub would not take them. */
import { validationFailed } from '../answers.ts'
import type { PullRequest, Repository } from '../store.ts'
import { refuseLong } from './threads.ts'

export interface NewPull {
  title?: string
  head: string
  base: string
  body?: string
  draft?: boolean
}

/** Both sides with their SHAs; throws what GitHub answers when no pull request can be made of them. */
export async function checkSides(
  repository: Repository,
  { title, head: headName, base: baseName, body }: NewPull,
) {
  if (title === undefined)
    throw validationFailed({ resource: 'PullRequest', field: 'title', code: 'missing_field' })
  refuseLong('PullRequest', { title, body })
  const head = { ref: ownBranch(repository, headName), sha: '' }
  const base = { ref: baseName, sha: '' }
  head.sha = await branchSha(repository, head.ref)
  base.sha = await branchSha(repository, base.ref)
  if (head.sha === '' || !repository.replica.knows(head.sha)) throw invalid('head')
  if (base.sha === '') throw invalid('base')
  refuseDuplicate(repository, head.ref, base.ref)
  if ((await repository.git.countBetween(base.sha, head.sha)) === 0)
    throw refusedPull(`No commits between ${base.ref} and ${head.ref}`)
  return { head, base }
}

/** `branch` or `owner:branch`; there are no forks here, so another owner's branch does not exist. */
function ownBranch(repository: Repository, head: string): string {
  const [owner, branch] = head.split(':')
  if (branch === undefined) return head
  if (owner !== repository.owner) throw invalid('head')
  return branch
}

export const branchSha = async ({ git }: Repository, branch: string) =>
  (await git.readRef(`refs/heads/${branch}`)) ?? ''

export const invalid = (field: string) =>
  validationFailed({ resource: 'PullRequest', field, code: 'invalid' })

export const refusedPull = (message: string) =>
  validationFailed({ resource: 'PullRequest', code: 'custom', message })

export function refuseDuplicate(repository: Repository, head: string, base: string, except?: PullRequest) {
  const twin = repository.pulls.find(
    (pull) => pull !== except && pull.state === 'open' && pull.head.ref === head && pull.base.ref === base,
  )
  if (twin !== undefined) throw refusedPull(`A pull request already exists for ${repository.owner}:${head}.`)
}
