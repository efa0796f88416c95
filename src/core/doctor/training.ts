// What real runs of the baseline show: the metric, whether seeds decide anything, the noise, and which gain can be seen.
import type { Config } from '../config/config.ts'
import type { TrialResult } from '../record/trial.ts'
import { endOfOutput, failureRemedy } from '../report/baseline-failure.ts'
import { formatNumber, formatSeconds, formatShare } from '../text/numbers.ts'
import { describeTarget } from '../trial/target.ts'
import { type Check, ok, problem, skipped } from './check.ts'

type Measured = TrialResult & { value: number }

/** Runs of the baseline: the first, one with another seed, and one with the first seed again. */
export interface DoctorRuns {
  first: TrialResult
  other?: TrialResult
  again?: TrialResult
}

/** Why runs are missing that would say more. */
const NOT_RUN = 'there was no time for a second run: raise `time-budget`'

/** @param branch where the configuration stands; absent in a clone that is used without GitHub */
export function checkRuns(runs: DoctorRuns, config: Config, configPath: string, branch?: string): Check[] {
  const { first, other, again } = runs
  const run: Check = { area: 'training', id: 'run', ...foundInRun(first, config, configPath, branch) }
  if (!isMeasured(first)) return [run]
  return [
    run,
    { area: 'training', id: 'seeds', ...foundInSeeds(first, other, config) },
    { area: 'training', id: 'repeat', ...foundInRepeat(first, again) },
    { area: 'training', id: 'noise', ...foundInNoise(first, other, config) },
  ]
}

function isMeasured(result: TrialResult | undefined): result is Measured {
  return result?.value !== undefined
}

function foundInRun(result: TrialResult, config: Config, configPath: string, branch: string | undefined) {
  const took = formatSeconds(result.wallSeconds)
  if (!isMeasured(result))
    return problem(
      `a run of the baseline ended ${result.outcome} after ${took}: ${result.reason ?? 'no reason known'}${endOfOutput(result)}`,
      failureRemedy(result, config, configPath, branch === undefined ? '' : ` on the branch ${branch}`),
    )
  const text = `${describeValue(result, config)} after ${took}`
  const { budgetSeconds } = config
  // Until a target is reached, some runs take longer than others.
  const spare = config.metric.source.kind === 'target' ? 2 : 1.1
  const fittingMinutes = Math.max(1, Math.ceil((spare * result.wallSeconds) / 60))
  const fitting = `${fittingMinutes}m`
  if (result.wallSeconds > 1.2 * budgetSeconds)
    return ok(text, `It takes longer than \`budget\` says: set \`budget: ${fitting}\`.`)
  if (result.wallSeconds < budgetSeconds / 3 && fittingMinutes * 60 < budgetSeconds)
    return ok(
      text,
      `\`budget\` is ${formatSeconds(budgetSeconds)}: set \`budget: ${fitting}\`, and a hanging run ends sooner.`,
    )
  return ok(text)
}

function describeValue({ value, crossing }: Measured, { metric }: Config): string {
  const { source } = metric
  if (source.kind !== 'target' || !crossing) return `a run printed ${metric.name} ${formatNumber(value)}`
  const paused = `${formatNumber(crossing.pausedSeconds)} s of pauses`
  return `a run reached ${source.curve} ${describeTarget(source)} in ${formatNumber(value)} s of training (${paused}) and ended`
}

function foundInSeeds(first: Measured, other: TrialResult | undefined, { metric }: Config) {
  if (!isMeasured(other)) return skipped(other ? `the run with another seed ended ${other.outcome}` : NOT_RUN)
  const values = `${formatNumber(first.value)} and ${formatNumber(other.value)}`
  const isEqual = first.value === other.value
  if (metric.deterministic && !isEqual)
    return problem(
      `\`metric.deterministic\` is set, but two seeds gave ${values}`,
      'Remove `metric.deterministic`, so that gains are compared with the noise.',
    )
  if (metric.deterministic)
    return ok(`two seeds gave the same ${metric.name}, as \`metric.deterministic\` says`)
  if (!isEqual) return ok(`two seeds gave ${values}`)
  return problem(
    `two seeds gave the same ${metric.name}, ${formatNumber(first.value)}, so every gain would wait for a person`,
    'Let training use AUTORESEARCH_SEED. If it is deterministic on purpose, set `metric.deterministic: true` and `min-gain: 0.1%`.',
  )
}

function foundInRepeat(first: Measured, again: TrialResult | undefined) {
  if (!isMeasured(again)) return skipped(again ? `the repeated run ended ${again.outcome}` : NOT_RUN)
  if (first.value === again.value) return ok('one seed gave the same number twice')
  return ok(
    `one seed gave ${formatNumber(first.value)} and ${formatNumber(again.value)}: the device adds noise of its own`,
    'Nothing has to change. With deterministic kernels, constants without effect are found without an extra run.',
  )
}

const HOUR = 3600
/** A gain of this many standard errors is rarely chance. */
const VISIBLE_ERRORS = 2

function foundInNoise(first: Measured, other: TrialResult | undefined, config: Config) {
  if (!isMeasured(other)) return skipped('the noise needs two runs with different seeds')
  const sigma = Math.abs(first.value - other.value) / Math.SQRT2
  const runsPerHour = Math.max(1, Math.floor(HOUR / Math.max(1, first.wallSeconds)))
  const error = sigma * Math.sqrt(1 / runsPerHour + 1 / config.replicates.baseline)
  const gain = VISIBLE_ERRORS * error
  const share = first.value === 0 ? '' : ` (${formatShare(gain / Math.abs(first.value))})`
  return ok(
    `σ is about ${formatNumber(sigma)}, from two runs only; one device-hour, ${runsPerHour} runs, shows a gain of ${formatNumber(gain)}${share}`,
  )
}
