// Bundles: near misses that git merges into one candidate, judged like any other, and what takes a merged bundle apart again.
// No proposer is asked for either.
import { baselineMean, type Conditions, noiseSigma, trialsOfTree } from '../judge/evidence.ts'
import { isSimplification, type JudgePolicy, requirement } from '../judge/policy.ts'
import { bundledBy, type Candidate, directionOf, isIdea, type Proposal } from '../record/candidate.ts'
import { undoneMerges } from '../record/merges.ts'
import type { State } from '../record/state.ts'
import { formatNumber } from '../text/numbers.ts'
import { nameOf } from './brief/words.ts'

/** The proposer that the ledger and pull requests name for bundles and for what takes them apart. */
export const BUNDLE_PROPOSER = 'bundle'

/** Minimum expected gain of a member, in σ. */
export const MEMBER_SIGMAS = 0.1
/** Minimum expected gain of a bundle beyond the required one, in σ: less could not be proven in a few runs. */
export const BUNDLE_SIGMAS = 1
/** Members are among this many latest candidates: an older result says little about the present code. */
export const MAX_MEMBER_AGE = 200

/** Near misses that were never bundled and are not part of the baseline, those that promise most first. */
export function bundleCandidates(state: State, conditions: Conditions): Candidate[] {
  const sigma = noiseSigma(state, conditions)
  if (!sigma) return []
  const all = [...state.candidates.values()]
  const used = new Set(all.flatMap(usedBy))
  return all
    .slice(-MAX_MEMBER_AGE)
    .filter((candidate) => isUnproven(candidate) && !used.has(candidate.id))
    .filter(({ verdict }) => (verdict?.gain ?? 0) >= MEMBER_SIGMAS * sigma)
    .filter(({ tree }) => trialsOfTree(state, conditions, tree).length > 0)
    .toSorted((a, b) => (b.verdict?.gain ?? 0) - (a.verdict?.gain ?? 0))
}

/** Whether these near misses together are worth a run. */
export function isWorthBundling(
  state: State,
  conditions: Conditions,
  policy: JudgePolicy,
  members: readonly Candidate[],
): boolean {
  const sigma = noiseSigma(state, conditions)
  if (!sigma || members.length < 2) return false
  const baseline = (state.baseline && baselineMean(state, conditions, state.baseline.tree)) ?? 0
  const lines = members.reduce((sum, { addedLines = 0 }) => sum + addedLines, 0)
  const required = Math.max(0, requirement(policy, lines, { sigma, baseline }).gain)
  const expected = members.reduce((sum, { verdict }) => sum + (verdict?.gain ?? 0), 0)
  return expected >= required + BUNDLE_SIGMAS * sigma
}

/** Closed because its gain was not proven: nothing else spoke against it. */
function isUnproven(candidate: Candidate): boolean {
  const { verdict, end, origin } = candidate
  const isSingle = isIdea(candidate) && origin.kind !== 'bundle' && origin.kind !== 'leave-out'
  const isOpposed = verdict?.lostGuard !== undefined || verdict?.conflict !== undefined
  const isClosed = end?.kind === 'closed' && (verdict?.kind === 'reject' || verdict?.kind === 'park')
  return isSingle && isClosed && !isOpposed
}

/** Members of a bundle; and what an open or merged candidate started from, which it may contain. */
function usedBy(candidate: Candidate): readonly string[] {
  const { end } = candidate
  const isAlive = end === undefined || end.kind === 'merged' || end.kind === 'handed-over'
  return [...bundledBy(candidate), ...(isAlive ? (directionOf(candidate)?.sources ?? []) : [])]
}

/** The texts of a bundle. */
export function bundleWords(members: readonly Candidate[]): Omit<Proposal, 'files'> {
  const gains = members.reduce((sum, { verdict }) => sum + (verdict?.gain ?? 0), 0)
  return {
    title: `Bundle of ${members.length}: ${members.map(({ title }) => title).join('; ')}`,
    hypothesis:
      `Each of these ${members.length} changes looked better than the baseline alone, but not enough to be proven. ` +
      'Together their gain is large enough to show. Git merged them without a conflict, and they are judged together as one change.',
    category: members[0]?.category ?? 'hyperparameter',
    expectedEffect: `${formatNumber(gains)} better, the sum of what is expected of each`,
  }
}

/** One member of a merged bundle, to be removed again if that costs nothing that can be proven. */
export interface LeaveOut {
  bundle: Candidate
  member: Candidate
}

/**
 * The members of merged bundles whose removal simplifies the code, which nobody tried to remove. Without a rule for simplicity no
 * code is too long.
 */
export function dueLeaveOuts(state: State, { simplicity }: JudgePolicy): LeaveOut[] {
  if (!simplicity) return []
  const all = [...state.candidates.values()]
  const undone = undoneMerges(state)
  const tried = new Set(all.flatMap(({ origin }) => (origin.kind === 'leave-out' ? origin.member : [])))
  return all
    .filter(({ end }) => end?.kind === 'merged' && !undone.has(end.commit))
    .flatMap((bundle) =>
      bundledBy(bundle).flatMap((id) => {
        const member = state.candidates.get(id)
        if (!member || tried.has(id)) return []
        return isSimplification(simplicity, -(member.addedLines ?? 0)) ? [{ bundle, member }] : []
      }),
    )
}

/** The texts of the candidate that removes a member of a bundle. */
export function leaveOutWords({ bundle, member }: LeaveOut): Omit<Proposal, 'files'> {
  const lines = member.addedLines ?? 0
  return {
    title: `Without "${member.title}"`,
    hypothesis:
      `This change was merged as part of a bundle (${nameOf(bundle)}); alone its gain was not proven (${nameOf(member)}). ` +
      `Without its ${lines} lines the code is simpler. If removing them costs no more than the configuration allows a simplification, they are removed.`,
    category: member.category,
    expectedEffect: 'none: the rest of the bundle may bring the whole gain',
  }
}
