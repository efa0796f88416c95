// The scheduler: decides from the state which trials run next, and which candidates are decided.
import { planCertification } from '../certify/certify.ts'
import type { CertifyPolicy } from '../certify/opinion.ts'
import {
  baselineTrials,
  type Conditions,
  evidenceFor,
  missingBaselineRuns,
  noiseSigma,
  trialsOfTree,
  usualSeconds,
} from '../judge/evidence.ts'
import { guardEvidence, withGuards } from '../judge/guards.ts'
import { type Judgement, judge } from '../judge/judge.ts'
import { hasNoEffect } from '../judge/no-effect.ts'
import type { JudgePolicy } from '../judge/policy.ts'
import { type LadderPolicy, planPromotions } from '../ladder/ladder.ts'
import { type Candidate, isAa, revertedMerge } from '../record/candidate.ts'
import type { LedgerEvent } from '../record/events.ts'
import { type BaselineCommit, oncePerState, openCandidates, type State } from '../record/state.ts'
import { statusOf } from '../record/status.ts'
import type { Trial } from '../record/trial.ts'
import type { Verdict } from '../record/verdict.ts'
import { explainLoss } from '../trial/lost.ts'
import { isJudgeTrial, JUDGE, trialId, trialSeed } from '../trial/protocol.ts'
import { mayShareSeed, seedToShare } from '../trial/shared-seed.ts'
import { findBaselineFailure, hasMeasured } from './broken-baseline.ts'
import { isCurrent, nextMerge } from './merging.ts'

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

/** The run of a candidate whose change was replayed on `base` as `head`. */
export function firstTrial(
  state: State,
  conditions: Conditions,
  candidate: Candidate,
  { base, head, tree }: { base: BaselineCommit; head: string; tree: string },
): Trial {
  const trial = nextTrial(state, candidate.id, { base: base.commit, head, tree })
  return shareSeed(state, conditions, candidate, trial, base)
}

/** Gives the first run of searched constants a seed of the baseline, see trial/shared-seed.ts. */
function shareSeed(
  state: State,
  conditions: Conditions,
  candidate: Candidate,
  trial: Trial,
  base: BaselineCommit | undefined,
): Trial {
  if (trial.replicate !== 1 || !mayShareSeed(candidate)) return trial
  const sigma = noiseSigma(state, conditions)
  const seed = base && seedToShare(baselineTrials(state, conditions, base.tree), sigma)
  return seed === undefined ? trial : { ...trial, seed }
}

function nextTrial(
  state: State,
  candidate: string | null,
  { base, head, tree }: { base: string; head: string; tree: string },
  ahead = 0,
): Trial {
  const replicate = nextReplicate(state, tree) + ahead
  const id = trialId(tree, replicate)
  const seed = trialSeed(state.rootSeed, tree, replicate)
  const known = candidate === null ? undefined : state.candidates.get(candidate)
  const aa = known && isAa(known) && ({ aa: true } as const)
  return { id, candidate, base, head, tree, replicate, seed, protocol: JUDGE, ...aa }
}

function nextReplicate(state: State, tree: string): number {
  const archived = state.archive.replicates[tree]?.judge ?? 0
  return Math.max(archived, lastReplicates(state).get(tree) ?? 0) + 1
}

/** The number of the last run of each tree. States never change, so it stays valid as long as its state exists. */
const lastReplicates = oncePerState((state) => {
  const last = new Map<string, number>()
  for (const { trial } of state.trials.values())
    if (isJudgeTrial(trial)) last.set(trial.tree, Math.max(last.get(trial.tree) ?? 0, trial.replicate))
  return last
})

export function judgeCandidate(
  state: State,
  conditions: Conditions,
  policy: JudgePolicy,
  candidate: Candidate,
): Judgement {
  const judgement = judgeRuns(state, conditions, policy, candidate)
  if (judgement.kind !== 'replicate') return judgement
  const loss = explainLoss(state, trialId(candidate.tree, nextReplicate(state, candidate.tree)))
  if (loss === undefined) return judgement
  const evidence = evidenceFor(state, conditions, candidate)
  const runs = { candidate: evidence.candidate.length, baseline: evidence.baseline.length }
  return { kind: 'reject', reason: `run ${runs.candidate + 1} is ${loss}`, runs }
}

function judgeRuns(
  state: State,
  conditions: Conditions,
  policy: JudgePolicy,
  candidate: Candidate,
): Judgement {
  // Most of the candidates of a large fleet.
  if (trialsOfTree(state, conditions, candidate.tree).length === 0)
    return { kind: 'replicate', reason: 'not trained yet' }
  const code = {
    addedLines: candidate.addedLines,
    usualSeconds: usualSeconds(state, conditions),
    shownGains: shownGains(state),
    removesGain: candidate.origin.kind === 'leave-out',
  }
  const evidence = evidenceFor(state, conditions, candidate)
  const counts = { candidate: evidence.candidate.length, baseline: evidence.baseline.length }
  if (mayShareSeed(candidate) && hasNoEffect(state, conditions, candidate))
    return { kind: 'reject', reason: NO_EFFECT, noEffect: true, gain: 0, runs: counts }
  const guards = guardEvidence(state, conditions, policy, candidate)
  return withGuards(judge(evidence, policy, code), guards, policy)
}

/** What merges gained. A gain that nobody merged may be an attack, and says nothing. */
const shownGains = oncePerState((state) =>
  [...state.candidates.values()].flatMap(({ end, verdict }) => {
    const gain = verdict?.measured ?? verdict?.gain
    return end?.kind === 'merged' && gain !== undefined ? [gain] : []
  }),
)

const NO_EFFECT = "no effect: the run equals the baseline's run with the same seed to the last bit"

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
