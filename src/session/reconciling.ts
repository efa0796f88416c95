// Compares the ledger with what GitHub shows and records what is missing: a person's merge, close or push, or an effect
// of a job that was killed before it could record it.
import type { Config } from '../core/config/config.ts'
import { baselineKey } from '../core/config/dependencies.ts'
import { type Candidate, candidateBranch } from '../core/record/candidate.ts'
import type { LedgerEvent } from '../core/record/events.ts'
import { type PullRequest, reconcile } from '../core/record/reconcile.ts'
import { openCandidates } from '../core/record/state.ts'
import { LedgerError } from '../errors.ts'
import type { BranchUpdate } from '../ports/repository.ts'
import { lastWords } from './last-words.ts'
import type { Ports } from './ports.ts'
import { publishEnds } from './publishing.ts'
import { readConfig } from './read-config.ts'
import type { Session } from './session.ts'

/** Pull requests of ended candidates that are read when the baseline moved: the newest. */
const MAX_TAKEN = 10

/** Records what GitHub shows and the ledger does not, and reads the configuration of the baseline as it is now. */
export async function reconcileSession(session: Session): Promise<void> {
  const { repository, forge } = session.ports
  const { baseline: branch } = session.config
  const { commits } = await repository.remoteBranches()
  const commit = commits.get(branch)
  if (commit === undefined)
    throw new LedgerError(`the baseline branch ${branch} does not exist any more`, {
      hint: `Restore it: git push origin ${session.state.baseline?.commit ?? '<commit>'}:refs/heads/${branch}. If it was renamed, set \`baseline\` in the configuration to its new name. Or, to restart from the default branch, also delete the branch autoresearch/ledger.`,
    })
  const open = await forge.openPullRequests(branch)
  const pullRequests = [
    ...open,
    ...(await noLongerOpen(session, open, commits)),
    ...(await taken(session, commit, commits)),
  ]
  const config = await readConfig(repository, { branch, commit }, session.settings.configPath)
  const baseline = { commit, tree: await measuredTree(session, commit, config) }
  const events = reconcile(session.state, { branch, baseline, pullRequests, branches: commits })
  session.config = config
  await publishEnds(session, events)
  session.record(events, await deletionsAfter(session, events, commits))
}

/** The branch of an ended candidate can be deleted: GitHub keeps the commits under refs/pull. */
export function deletion(candidate: Candidate): BranchUpdate {
  return { branch: candidateBranch(candidate.id), from: candidate.head, to: null }
}

/**
 * Deletions of the branches of all candidates that have ended once these events are recorded, where they are still ours. A
 * killed job may have left some. Those of an open pull request are a person's: they reopened it, or gave it another base.
 */
export async function deletionsAfter(
  { state, ports }: Session,
  events: readonly LedgerEvent[],
  commits: ReadonlyMap<string, string>,
): Promise<BranchUpdate[]> {
  const ends = new Map(
    events.flatMap((event) => (event.kind === 'ended' ? [[event.candidate, event.end]] : [])),
  )
  const left = [...state.candidates.values()].filter((candidate) => {
    const end = candidate.end ?? ends.get(candidate.id)
    const isEnded = end !== undefined && end.kind !== 'handed-over'
    return isEnded && commits.get(candidateBranch(candidate.id)) === candidate.head
  })
  const deletions = left.map(deletion)
  if (!left.some(({ pullRequest }) => pullRequest !== undefined)) return deletions
  const unused = new Set(await ports.forge.unusedBranches(deletions.map(({ branch }) => branch)))
  return deletions.filter(({ branch }) => unused.has(branch))
}

/**
 * The tree by which the runs of a baseline are known: its own, or the one of the baseline before when the two differ only in
 * files that neither setup nor training reads. Then the runs of that baseline are not repeated.
 */
async function measuredTree({ state, ports }: Session, commit: string, config: Config): Promise<string> {
  const { repository } = ports
  const own = await repository.treeOf(commit)
  const { baseline: known } = state
  if (known === undefined || known.commit === commit || known.tree === own) return own
  const before = await repository.listFiles(known.commit).catch(() => undefined)
  if (before === undefined) return own
  const now = await repository.listFiles(commit)
  return baselineKey(before, config) === baselineKey(now, config) ? known.tree : own
}

/** Pull requests of candidates that are open in the ledger and no longer listed as open by GitHub. */
async function noLongerOpen(
  { state, ports }: Session,
  open: readonly PullRequest[],
  commits: ReadonlyMap<string, string>,
): Promise<PullRequest[]> {
  const listed = new Set(open.map((pullRequest) => pullRequest.branch))
  const missing = openCandidates(state).filter((candidate) => !listed.has(candidateBranch(candidate.id)))
  const found: PullRequest[] = []
  for (const candidate of missing) {
    const number = candidate.pullRequest ?? (await unrecorded(ports, candidate, commits))
    if (number !== undefined) found.push(await readPullRequest(ports, number))
  }
  return found
}

/** The pull request of a candidate whose branch is gone, when the job that opened it was killed before it could record that. */
async function unrecorded(
  { forge }: Ports,
  { id, head }: Candidate,
  commits: ReadonlyMap<string, string>,
): Promise<number | undefined> {
  const branch = candidateBranch(id)
  return commits.has(branch) ? undefined : (await forge.pullRequestOf({ branch, head }))?.number
}

/** When the baseline moved: the pull requests that this move may be the merge of, though their candidates have ended. */
async function taken(
  { state, ports }: Session,
  commit: string,
  commits: ReadonlyMap<string, string>,
): Promise<PullRequest[]> {
  if (state.baseline?.commit === commit) return []
  const found: PullRequest[] = []
  for (const { id, pullRequest, end } of [...state.candidates.values()].reverse()) {
    const isMerge = end?.kind === 'merged' && end.commit === commit
    // One that we closed can be merged only after its branch was restored.
    const isRestored = end?.kind === 'closed' && commits.has(candidateBranch(id))
    const isTaken = end?.kind === 'withdrawn' || end?.kind === 'handed-over' || isRestored
    if (!(isMerge || isTaken) || pullRequest === undefined) continue
    if (found.push(await ports.forge.pullRequest(pullRequest)) === MAX_TAKEN) break
  }
  return found
}

/** One pull request, with the tree that merging it made, or with the last comment if it was closed. */
export async function readPullRequest(
  { forge, discussion, repository }: Ports,
  number: number,
): Promise<PullRequest> {
  const pullRequest = await forge.pullRequest(number)
  if (pullRequest.state === 'closed' && discussion) {
    const words = await lastWords(discussion, number)
    return { ...pullRequest, ...(words && { words }) }
  }
  if (pullRequest.mergeCommit === undefined) return pullRequest
  return { ...pullRequest, mergeTree: await repository.treeOf(pullRequest.mergeCommit) }
}
