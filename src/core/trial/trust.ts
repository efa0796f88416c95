// Checks a trial's result before it is recorded, because it comes from a machine that ran candidate code.

import { isAa } from '../record/candidate.ts'
import { promotionKey } from '../record/promotion.ts'
import type { State } from '../record/state.ts'
import { isLessTrusted, isSandboxed, type Trial, type TrialResult, type Trust } from '../record/trial.ts'
import { beyondLimits } from './guards.ts'
import type { GuardMetric } from './metric.ts'
import { isJudgeTrial, trialId, trialSeed } from './protocol.ts'
import { isSharedSeed } from './shared-seed.ts'
import { claimedSeconds } from './target.ts'

/** What the baseline's current configuration demands of every result. */
export interface Demands {
  /** Hash of the configuration, see `measurementHash`. */
  hash: string
  /** Bounds of the metric. */
  bounds?: readonly [number, number]
  /** What every judging run measures besides. Default: none. */
  guards?: readonly GuardMetric[]
  /** True when the metric is a time to target. Default false. */
  isTimed?: boolean
  /** Who measures the metric; what deserves less trust does not count. */
  trust: Trust
  sandboxKind: 'bubblewrap' | 'none'
}

/** Who measured a value, as a person reads it. */
export const TRUST_WORDS: Readonly<Record<Trust, string>> = {
  separated: 'measured by an evaluator that is separated from the model',
  evaluated: 'measured by an evaluator that runs the model itself',
  'self-reported': 'reported by the training script itself',
}

/** A result, and where it was found: `<artifact>/<trial>/trial.json`. */
export interface FoundResult {
  name: string
  result: TrialResult
}

/**
 * Why files are refused whatever they say: a train job answers for its own trials only, on one machine, and a trial has one
 * result.
 *
 * @param jobs what the job of a commit is called, where it has several: see `sharedJobs`
 * @returns reasons by the name of the file
 */
export function refuseForeign(
  found: readonly FoundResult[],
  jobs: ReadonlyMap<string, string> = new Map(),
): Map<string, string> {
  const jobOf = (head: string) => jobs.get(head) ?? head
  const ofJob = ({ result }: FoundResult) => jobOf(result.trial.head)
  const refused = new Map<string, string>()
  const refuse = (files: readonly FoundResult[], reason: string) => {
    for (const { name } of files) refused.set(name, reason)
  }
  for (const [artifact, files] of Map.groupBy(found, artifactOf)) {
    if (artifact === undefined) continue
    const [, head] = NAMED_AFTER.exec(artifact) ?? []
    if (head !== undefined)
      refuse(
        files.filter((file) => ofJob(file) !== jobOf(head)),
        `it answers for another job: its artifact is that of ${head.slice(0, 7)}`,
      )
    else if (new Set(files.map(ofJob)).size > 1)
      refuse(files, 'its artifact answers for the trials of several jobs')
    if (new Set(files.map(({ result }) => result.testbed)).size > 1)
      refuse(files, 'its artifact names several machines, and one job has one')
  }
  for (const files of Map.groupBy(found, ({ result }) => result.trial.id).values()) {
    const [first, ...others] = files.filter(({ name }) => !refused.has(name))
    if (first && others.some(({ result }) => JSON.stringify(result) !== JSON.stringify(first.result)))
      refuse(files, 'two different results answer for this trial')
  }
  return refused
}

/**
 * For each commit that shares a train job of a workflow run with others, the first commit of that job.
 *
 * @param planned trials that are still needed, by id
 */
export function sharedJobs(
  { assigned, trials }: State,
  run: string | undefined,
  planned: ReadonlyMap<string, Trial>,
): Map<string, string> {
  const { shared = [] } = assigned.get(run ?? '') ?? {}
  return new Map(
    shared.flatMap((ids) => {
      const heads = ids.flatMap((id) => planned.get(id)?.head ?? trials.get(id)?.trial.head ?? [])
      return heads.map((head) => [head, heads[0] ?? head] as const)
    }),
  )
}

/** The first commit of a job, and the scale of its trials. */
const NAMED_AFTER = /([0-9a-f]{40}(?:[0-9a-f]{24})?)(?:-[\w.-]{1,40})?$/

function artifactOf({ name }: FoundResult): string | undefined {
  const parts = name.split(/[/\\]/)
  return parts.length >= 3 ? parts[0] : undefined
}

/** More than a month is no run, and no job has more devices. */
const MAX_SECONDS = 31 * 24 * 3600
const MAX_DEVICES = 1024

function hasImpossibleTimes({
  wallSeconds,
  deviceSeconds,
  trainingSeconds = 0,
  firstPointSeconds = 0,
}: TrialResult) {
  const tooLong = [wallSeconds, trainingSeconds, firstPointSeconds].some((seconds) => seconds > MAX_SECONDS)
  return tooLong || trainingSeconds > wallSeconds || deviceSeconds > MAX_DEVICES * wallSeconds
}

/** Control, formatting and half characters. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}]/u

/** Accepts every number. */
const UNBOUNDED = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const

/**
 * Checks that a result belongs to an assigned trial and to the current configuration. The value, the wall time and the
 * testbed cannot be verified: they are accepted as reported.
 *
 * @returns why the result is refused; undefined when it may be recorded
 */
export function checkResult(
  state: State,
  result: TrialResult,
  { hash, bounds = UNBOUNDED, guards = [], isTimed = false, trust, sandboxKind }: Demands,
): string | undefined {
  const { trial } = result
  if ((result.outcome === 'measured') !== (result.value !== undefined))
    return 'its outcome and its value contradict each other'
  if (result.value !== undefined && (result.value < bounds[0] || result.value > bounds[1]))
    return 'its value is outside the bounds of the metric'
  if (result.value !== undefined && !hasGuards(result, guards))
    return 'its guards are not those of the configuration, or beyond their limits'
  if (hasImpossibleTimes(result)) return 'its times are impossible'
  if (result.value !== undefined && !hasCrossing(result, isTimed))
    return 'its value does not follow from the time at which the target was reached'
  if (UNPRINTABLE.test(result.testbed + result.sandbox)) return 'the names of its machine cannot be printed'
  if (result.config !== hash) return 'it was measured under another configuration'
  if (isLessTrusted(result.trust, trust))
    return `its value is ${TRUST_WORDS[result.trust]}, but the configuration promises one ${TRUST_WORDS[trust]}`
  if (sandboxKind === 'bubblewrap' && !isSandboxed(result))
    return 'it was measured without the sandbox that the configuration requires'
  const { tree, protocol, replicate } = trial
  if (trial.id !== trialId(tree, replicate, protocol)) return 'its id does not match its code'
  if (trial.seed !== trialSeed(state.rootSeed, tree, replicate, protocol) && !isSharedSeed(state, trial))
    return 'its seed is not the one assigned'
  return assigned(state, result) ? undefined : 'no such trial was assigned'
}

/** How much of a crossing's time may lie beyond that of the run, in seconds: both are rounded. */
const ROUNDING_SECONDS = 0.01

function hasCrossing({ value, crossing, wallSeconds }: TrialResult, isTimed: boolean): boolean {
  if (!crossing) return !isTimed
  const { seconds, pausedSeconds, intervalSeconds, afterSeconds, savingSeconds } = crossing
  const isPossible =
    afterSeconds <= intervalSeconds &&
    pausedSeconds + intervalSeconds <= seconds + ROUNDING_SECONDS &&
    seconds + savingSeconds <= wallSeconds + ROUNDING_SECONDS
  return isTimed && isPossible && value === claimedSeconds(crossing)
}

/** Certifying runs have none: another command may evaluate them. */
function hasGuards({ trial, guards: found = [] }: TrialResult, guards: readonly GuardMetric[]): boolean {
  const wanted = isJudgeTrial(trial) ? guards : []
  return (
    found.length === wanted.length &&
    wanted.every((guard, index) => {
      const one = found[index]
      return one?.name === guard.name && beyondLimits(guard, one.value) === undefined
    })
  )
}

function assigned(state: State, { trial }: TrialResult): boolean {
  if (trial.protocol.purpose === 'promote') {
    const { scale, promotion: number } = trial.protocol
    const { stacks = [] } = state.promotions.get(promotionKey({ scale, number })) ?? {}
    const isStack = stacks.some(({ commit, tree }) => trial.head === commit && trial.tree === tree)
    return isStack && trial.base === trial.head && trial.candidate === null
  }
  if (trial.candidate === null)
    return state.baselines.some(
      ({ commit, tree }) => trial.head === commit && trial.base === commit && trial.tree === tree,
    )
  const candidate = state.candidates.get(trial.candidate)
  return (
    candidate !== undefined &&
    candidate.head === trial.head &&
    candidate.base === trial.base &&
    candidate.tree === trial.tree &&
    isAa(candidate) === (trial.aa === true)
  )
}
