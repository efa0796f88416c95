// The scheduler: decides from the state which trials run next, and which candidates are decided.
import { planCertification } from '../certify/certify.ts'
import type { CertifyPolicy } from '../certify/opinion.ts'
import {
  type Conditions,
  evidenceFor,
  missingBaselineRuns,
  trialsOfTree,
  usualSeconds,
} from '../judge/evidence.ts'
import type { JudgePolicy } from '../judge/policy.ts'
import { type LadderPolicy, planPromotions } from '../ladder/ladder.ts'
import { type Candidate, revertedMerge } from '../record/candidate.ts'
import type { LedgerEvent } from '../record/events.ts'
import { openCandidates, type State } from '../record/state.ts'
import { statusOf } from '../record/status.ts'
import type { Trial } from '../record/trial.ts'
import type { Verdict } from '../record/verdict.ts'
import { findBaselineFailure, hasMeasured } from './broken-baseline.ts'
import { judgeCandidate } from './judging.ts'
import { isCurrent, nextMerge } from './merging.ts'
import { nextReplicate, nextTrial, shareSeed } from './next-trial.ts'

/**
 * The trials worth running now, most urgent first: a machine with one device takes the first, a swarm takes all. Requested
 * certification comes first, because everything else builds on merges that it may revert. Then come promotions, the baseline,
 * candidates with runs, and candidates without. No trials while the baseline is broken: nothing could be judged, and a swarm would
 * retry it in every round.
 *
 * @param running trials that have started and not ended; a candidate has at most one of them at a time, because each run
 *   decides whether the next is worth its time
 */
export function planTrials(
  state: State,
  conditions: Conditions,
  policy: JudgePolicy,
  certification?: CertifyPolicy,
  running: readonly Trial[] = [],
  ladder?: LadderPolicy,
): Trial[] {
  if (!state.baseline || findBaselineFailure(state, conditions) !== undefined) return []
  const accepted = nextMerge(state)
  if (accepted) return planAccepted(state, conditions, accepted, running)
  const waiting = openCandidates(state)
    .filter((candidate) => isJudged(candidate, state))
    .flatMap((candidate) => {
      const judgement = judgeCandidate(state, conditions, policy, candidate)
      return judgement.kind === 'replicate'
        ? [{ candidate, awaits: judgement.of ?? ('candidate' as const) }]
        : []
    })
  const underWay = new Set(running.flatMap(({ candidate, tree }) => (candidate === null ? [] : tree)))
  const trials = waiting
    .filter(({ candidate: { tree }, awaits }) => awaits === 'candidate' && !underWay.has(tree))
    .flatMap(({ candidate }) => planCandidate(state, conditions, candidate))
  const certifying = certification ? planCertification(state, certification) : []
  const promoting = ladder ? planPromotions(state, ladder) : []
  return [
    ...[...certifying, ...promoting].filter(({ id }) => !running.some((trial) => trial.id === id)),
    ...planBaseline(state, conditions, policy, waiting, running),
    ...trials.sort((a, b) => Number(b.replicate > 1) - Number(a.replicate > 1)),
  ]
}

/**
 * The planned trials that may start now: until a run was measured, one run of the baseline, because a mistake in the set-up
 * would fail every other run too.
 */
export function startableTrials(
  state: State,
  conditions: Conditions,
  planned: readonly Trial[],
  running: readonly Trial[] = [],
): Trial[] {
  if (hasMeasured(state, conditions)) return [...planned]
  if (running.length > 0) return []
  return planned.filter(({ tree }) => tree === state.baseline?.tree).slice(0, 1)
}

/** Approximate time from the verdict to the new baseline. */
const MERGE_SECONDS = 10
/** Maximum runs of an accepted candidate: merging leaves time for only one short run. */
const MAX_ACCEPTED_RUNS = 3

/**
 * While an accepted candidate is being merged, every other trial would become stale. A run that is as short as the merge
 * costs nothing and improves the estimate of the next baseline; a longer run is not worth its time (docs/deciding.md).
 */
function planAccepted(
  state: State,
  conditions: Conditions,
  accepted: Candidate,
  running: readonly Trial[],
): Trial[] {
  if (running.some(({ tree }) => tree === accepted.tree)) return []
  const runs = trialsOfTree(state, conditions, accepted.tree).length
  const isShort = (usualSeconds(state, conditions) ?? Number.POSITIVE_INFINITY) <= MERGE_SECONDS
  return isShort && runs < MAX_ACCEPTED_RUNS ? [nextTrial(state, accepted.id, accepted)] : []
}

/** A candidate that is not decided, and whose run it needs next. */
interface Waiting {
  candidate: Candidate
  awaits: 'candidate' | 'baseline'
}

/**
 * Runs of the baseline: the required ones, one more between two runs of a promising candidate when the baseline contributes more to
 * its error than its own runs do, and one more before a merge where the judge asks for it.
 */
function planBaseline(
  state: State,
  conditions: Conditions,
  policy: JudgePolicy,
  waiting: readonly Waiting[],
  running: readonly Trial[],
): Trial[] {
  const { baseline } = state
  if (!baseline) return []
  const missing = missingBaselineRuns(state, conditions, baseline, policy)
  const count = missing || Number(waiting.some((one) => isHeldUpByBaseline(state, conditions, one)))
  const under = running.filter(({ tree, protocol }) => tree === baseline.tree && protocol.purpose === 'judge')
  const commits = { base: baseline.commit, head: baseline.commit, tree: baseline.tree }
  const last = Math.max(0, ...under.map(({ replicate }) => replicate))
  const ahead = Math.max(0, last + 1 - nextReplicate(state, baseline.tree))
  return Array.from({ length: Math.max(0, count - under.length) }, (_, index) =>
    nextTrial(state, null, commits, ahead + index),
  )
}

function isHeldUpByBaseline(state: State, conditions: Conditions, { candidate, awaits }: Waiting): boolean {
  if (awaits === 'baseline') return true
  // Most of the candidates of a large fleet wait for their first run.
  if (trialsOfTree(state, conditions, candidate.tree).length < 2) return false
  const { level, sigma, candidate: runs } = evidenceFor(state, conditions, candidate)
  return runs.length >= 2 && !!sigma && !!level && level.variance > sigma ** 2 / runs.length
}

/** The candidate's next run; none while it waits for the baseline to be measured. */
function planCandidate(state: State, conditions: Conditions, candidate: Candidate): Trial[] {
  if (trialsOfTree(state, conditions, candidate.tree).length > 0) {
    const { level, sigma } = evidenceFor(state, conditions, candidate)
    if (sigma !== 0 && level === undefined) return []
  }
  const trial = nextTrial(state, candidate.id, candidate)
  const base = state.baselines.find(({ commit }) => commit === candidate.base)
  return [shareSeed(state, conditions, candidate, trial, base)]
}

/** The decisions that the evidence allows now, as ledger events. */
export function decide(
  state: State,
  conditions: Conditions,
  policy: JudgePolicy,
): Extract<LedgerEvent, { kind: 'judged' }>[] {
  const { baseline } = state
  if (!baseline || missingBaselineRuns(state, conditions, baseline, policy) > 0) return []
  return openCandidates(state)
    .filter((candidate) => isJudged(candidate, state))
    .flatMap((candidate) => {
      const judgement = judgeCandidate(state, conditions, policy, candidate)
      if (judgement.kind === 'replicate') return []
      const { testbed } = conditions
      const verdict: Verdict = { ...judgement, ...(testbed !== undefined && { testbed }) }
      return [{ kind: 'judged', candidate: candidate.id, head: candidate.head, verdict } as const]
    })
}

/** True while the judge still decides by the candidate's runs. A revert is decided by the runs that refuted its merge. */
function isJudged(candidate: Candidate, state: State): boolean {
  const isWaiting = statusOf(candidate) === 'waiting' && revertedMerge(candidate) === undefined
  return isWaiting && isCurrent(candidate, state)
}

/** Candidates that wait for their first run; `limits.waiting` bounds their number. */
export function waitingCandidates(state: State): Candidate[] {
  const trained = new Set([...state.trials.values()].map((result) => result.trial.tree))
  return openCandidates(state).filter(
    (candidate) => candidate.verdict === undefined && !trained.has(candidate.tree),
  )
}
