// The next actions on GitHub.
import { type CertificationStep, certificationSteps } from '../certify/revert.ts'
import type { Config } from '../config/config.ts'
import { type Candidate, requestOf, revertedMerge } from '../record/candidate.ts'
import { type BaselineCommit, openCandidates, type State } from '../record/state.ts'
import { isToBeClosed, isToBeMerged } from '../record/status.ts'
import { byExpectedGain, isCurrent } from './merging.ts'

export type Step = CandidateStep | CertificationStep

type CandidateStep =
  /** Its pull request and check run do not exist yet. */
  | { kind: 'open'; candidate: Candidate }
  /** The baseline moved: replay the change on the new one. */
  | { kind: 'rebase'; candidate: Candidate; onto: BaselineCommit }
  /** The candidate is decided: publish the verdict, then merge or close. */
  | { kind: 'settle'; candidate: Candidate }
  /** The candidate is decided and has no pull request: delete its branch. */
  | { kind: 'drop'; candidate: Candidate }

/**
 * The next actions on GitHub, most urgent first: merges, because every other candidate depends on them. Of several winners the one
 * that is expected to gain most is merged first; the others are replayed on it and run there again.
 *
 * @param mayOpen false until the baseline was measured: a mistake in the set-up must not leave pull requests behind
 * @param refused heads that GitHub refused to merge in this job: the next job tries again
 * @param shown which candidates get a pull request
 */
export function planSteps(
  state: State,
  mayOpen = true,
  refused: ReadonlySet<string> = new Set(),
  shown: Config['pullRequests'] = 'all',
): Step[] {
  const urgency: Record<CandidateStep['kind'], number> = { settle: 1, drop: 1, rebase: 2, open: 3 }
  const steps = openCandidates(state)
    .flatMap((candidate) => stepFor(state, candidate, shown))
    .filter(({ kind }) => mayOpen || kind !== 'open')
    .filter(({ kind, candidate }) => kind !== 'settle' || !refused.has(candidate.head))
    .sort((a, b) => urgency[a.kind] - urgency[b.kind])
  const { merges = [], others = [] } = Object.groupBy(steps, ({ candidate }) =>
    isToBeMerged(candidate) ? 'merges' : 'others',
  )
  const inOrder = merges.toSorted(
    (a, b) =>
      Number(a.kind === 'rebase') - Number(b.kind === 'rebase') || byExpectedGain(a.candidate, b.candidate),
  )
  return [...inOrder, ...certificationSteps(state), ...others]
}

function stepFor(state: State, candidate: Candidate, shown: Config['pullRequests']): CandidateStep[] {
  const stale = !isCurrent(candidate, state)
  if (candidate.pullRequest === undefined && (!stale || candidate.verdict)) {
    if (shown === 'all' || isShownAnyway(candidate)) return [{ kind: 'open', candidate }]
    return candidate.verdict ? [{ kind: 'drop', candidate }] : []
  }
  if (stale && state.baseline && (candidate.verdict === undefined || isToBeMerged(candidate)))
    return [{ kind: 'rebase', candidate, onto: state.baseline }]
  if (candidate.verdict) return [{ kind: 'settle', candidate }]
  return []
}

/** True for a candidate that somebody has to see: it changes the baseline, or a person asked for it or is asked about it. */
function isShownAnyway(candidate: Candidate): boolean {
  const isWinner = candidate.verdict !== undefined && !isToBeClosed(candidate)
  return isWinner || requestOf(candidate) !== undefined || revertedMerge(candidate) !== undefined
}
