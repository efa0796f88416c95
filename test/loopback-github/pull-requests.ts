/** What happens to open pull requests when refs move, and whether one can be merged. */
import { rulesFor } from './branch-rules.ts'
import { diffTrees } from './git-diff.ts'
import type { GitRepository } from './git-repository.ts'
import { githubSignature, mergeTrees, signatureOf } from './merge.ts'
import type { PullStatistics } from './render/thread.ts'
import type { Actor, CheckRun, Issue, PullRequest, Repository, Store } from './store.ts'

/** Brings every open pull request in line with its branches; call it after any change of refs. */
export async function followRefs(repository: Repository, store: Store, by: Actor): Promise<void> {
  const { git } = repository
  const open = repository.pulls.filter(({ state }) => state === 'open')
  const refs = await git.refs('refs/heads/')
  for (const [base, pulls] of Map.groupBy(open, (pull) => pull.base.ref)) {
    const baseSha = refs.get(`refs/heads/${base}`)
    const contained = baseSha === undefined ? new Set() : await git.branchesWithin(baseSha)
    for (const pull of pulls) {
      const head = `refs/heads/${pull.head.ref}`
      const tips = { headSha: refs.get(head), baseSha, isContained: contained.has(head) }
      await followBranches(repository, store, by, pull, tips)
    }
  }
}

interface BranchTips {
  readonly headSha: string | undefined
  readonly baseSha: string | undefined
  /** Whether the base branch holds all commits of the head. */
  readonly isContained: boolean
}

async function followBranches(
  { git }: Repository,
  store: Store,
  by: Actor,
  pull: PullRequest,
  { headSha, baseSha, isContained }: BranchTips,
): Promise<void> {
  if (headSha === undefined || baseSha === undefined) return close(pull, by, store.timestamp())
  if (headSha === pull.head.sha) {
    // Somebody pushed the head's commits to the base: GitHub counts that as a merge.
    if (isContained) markMerged(pull, by, baseSha, store.timestamp())
    return
  }
  pull.head.sha = headSha
  pull.base.sha = baseSha
  pull.updatedAt = store.timestamp()
  await git.writePullRef(pull.number, 'head', headSha)
  if (isContained) close(pull, by, store.timestamp())
}

export function close(thread: Issue, by: Actor, at: string): void {
  Object.assign(thread, { state: 'closed', closedAt: at, updatedAt: at, closedBy: by })
}

export function markMerged(pull: PullRequest, by: Actor, mergeCommitSha: string, at: string): void {
  close(pull, by, at)
  Object.assign(pull, { merged: true, mergedAt: at, mergedBy: by, mergeCommitSha })
}

export interface Tips {
  readonly headSha: string
  readonly baseSha: string
}

export async function tipsOf({ git }: Repository, pull: PullRequest): Promise<Tips | undefined> {
  const baseSha = await git.readRef(`refs/heads/${pull.base.ref}`)
  return baseSha === undefined ? undefined : { headSha: pull.head.sha, baseSha }
}

/**
 * `mergeable` as GitHub tells it: null while nothing is known about the two tips. ProposalOutcome starts the
 * computation, so the next ask is answered.
 */
export async function mergeability(repository: Repository, store: Store, pull: PullRequest) {
  if (pull.state === 'closed') return { mergeable: null, state: 'unknown' }
  const tips = await tipsOf(repository, pull)
  if (tips === undefined) return { mergeable: false, state: 'dirty' }
  const left = Math.max(1, repository.replica.unknownMergeability)
  const known = await lookIntoMerging(repository, store, pull, tips, left)
  if (known === undefined) return { mergeable: null, state: 'unknown' }
  if (!known.mergeable) return { mergeable: false, state: 'dirty' }
  return { mergeable: true, state: stateOf(repository, pull) }
}

/** Undefined as long as it is not known whether the tips can be merged; the first look starts finding out. */
export async function lookIntoMerging(
  repository: Repository,
  store: Store,
  pull: PullRequest,
  tips: Tips,
  looks: number,
): Promise<PullRequest['mergeability']> {
  const known = pull.mergeability
  if (known?.headSha !== tips.headSha || known.baseSha !== tips.baseSha)
    pull.mergeability = { ...(await testMerge(repository, store, pull, tips)), left: looks }
  const found = pull.mergeability
  if (found === undefined || found.left === 0) return found
  found.left -= 1
  return undefined
}

/** `mergeable_state` of a pull request without conflicts. */
function stateOf(repository: Repository, pull: PullRequest): string {
  if (pull.draft) return 'draft'
  if (missingChecks(repository, pull).length > 0) return 'blocked'
  const checks = new Map(
    repository.checkRuns.filter((run) => run.headSha === pull.head.sha).map((run) => [run.name, run]),
  )
  return [...checks.values()].every(hasPassed) ? 'clean' : 'unstable'
}

const hasPassed = ({ conclusion }: CheckRun) => ['success', 'neutral', 'skipped'].includes(conclusion ?? '')

/** Leaves the test merge where GitHub does: `refs/pull/N/merge` and `merge_commit_sha`. */
async function testMerge({ git }: Repository, store: Store, pull: PullRequest, tips: Tips) {
  const tree = await mergeTrees(git, tips.baseSha, tips.headSha)
  if (tree === undefined) return { ...tips, mergeable: false }
  const date = store.timestamp()
  pull.mergeCommitSha = await git.createCommit({
    tree,
    parents: [tips.baseSha, tips.headSha],
    message: `Merge ${tips.headSha} into ${tips.baseSha}`,
    author: signatureOf(pull.user, date),
    committer: githubSignature(date),
  })
  await git.writePullRef(pull.number, 'merge', pull.mergeCommitSha)
  return { ...tips, mergeable: true }
}

export interface MissingCheck {
  readonly name: string
  readonly why: 'expected' | 'pending' | 'failing'
}

/** Required checks of the base branch that have not succeeded on the head. */
export const missingChecks = (repository: Repository, pull: PullRequest): MissingCheck[] =>
  unmetChecks(repository, pull.base.ref, pull.head.sha)

/** Required checks of a branch that have not succeeded on a commit. */
export function unmetChecks(repository: Repository, branch: string, sha: string): MissingCheck[] {
  return rulesFor(repository.rules, branch).requiredChecks.flatMap((name): MissingCheck[] => {
    const run = repository.checkRuns.findLast((one) => one.headSha === sha && one.name === name)
    if (run === undefined) return [{ name, why: 'expected' }]
    if (run.status !== 'completed') return [{ name, why: 'pending' }]
    return hasPassed(run) ? [] : [{ name, why: 'failing' }]
  })
}

export const sentenceFor = ({ name, why }: MissingCheck) => `Required status check "${name}" is ${why}.`

/** What a pull request changes, against the merge base as GitHub does. */
export async function changesOf({ git }: Repository, { base, head }: PullRequest) {
  return diffTrees(git, await git.mergeBase(base.sha, head.sha), head.sha)
}

const statistics = new WeakMap<GitRepository, Map<string, PullStatistics>>()

/** Counts for `GET /pulls/{n}`; they depend on two commits only, so they are kept. */
export async function statisticsOf(repository: Repository, pull: PullRequest): Promise<PullStatistics> {
  const range = `${pull.base.sha}..${pull.head.sha}`
  const kept = statistics.get(repository.git) ?? new Map<string, PullStatistics>()
  statistics.set(repository.git, kept)
  const known = kept.get(range)
  if (known !== undefined) return known
  const changes = await changesOf(repository, pull)
  const counted = {
    commits: await repository.git.countBetween(pull.base.sha, pull.head.sha),
    additions: changes.reduce((sum, change) => sum + change.additions, 0),
    deletions: changes.reduce((sum, change) => sum + change.deletions, 0),
    changedFiles: changes.length,
  }
  kept.set(range, counted)
  return counted
}
