// The brief's summary of the ledger: the value to beat and its noise, the best merges, the candidates per category, and the
// cost of a run.
import { wallAllowanceSeconds } from '../../judge/counted-runs.ts'
import { baselineTrials, noiseSigma } from '../../judge/evidence.ts'
import { CATEGORIES, type Candidate, type Category } from '../../record/candidate.ts'
import { pastIdeas } from '../../record/ideas.ts'
import type { State } from '../../record/state.ts'
import { measuredValues, type TrialResult } from '../../record/trial.ts'
import { mean, standardDeviation } from '../../statistics/noise.ts'
import { table, visibleText } from '../../text/markdown.ts'
import { formatBytes, formatNumber } from '../../text/numbers.ts'
import { best } from '../bandit.ts'
import type { BriefInput } from './input.ts'
import { CATEGORY_WORDS, failedToRun, gainOf, gainText } from './words.ts'

type Measured = Pick<BriefInput, 'config' | 'state' | 'conditions'>

const MAX_MERGES = 6
/** Differences between single runs below this are treated as noise. */
const NOISE_SIGMAS = 1.5

export function baseline({ config, state, conditions }: Measured): string {
  const title = '# Value to beat'
  const trials = trialsOfBaseline({ config, state, conditions })
  const values = measuredValues(trials)
  if (values.length === 0) return `${title}\n\nThe baseline has not been measured yet.`
  const spread = standardDeviation(values)
  const count = values.length === 1 ? 'one run' : `mean of ${values.length} runs`
  const sd = spread === undefined ? '' : `, sd ${formatNumber(spread)}`
  const testbed = visibleText(trials[0]?.testbed ?? '', 300)
  return `${title}

${config.metric.name} = ${formatNumber(mean(values))} (${count}${sd}). ${noise(state, conditions)}
Testbed: ${testbed}`
}

function trialsOfBaseline({ state, conditions }: Measured): TrialResult[] {
  return state.baseline ? baselineTrials(state, conditions, state.baseline.tree) : []
}

function noise(state: State, conditions: BriefInput['conditions']): string {
  const sigma = noiseSigma(state, conditions)
  if (sigma === undefined) return 'The noise of one run is not known yet.'
  if (sigma === 0) return 'Repeated runs of equal code are identical here, so every difference counts.'
  const threshold = formatNumber(NOISE_SIGMAS * sigma)
  return `The noise of one run is σ = ${formatNumber(sigma)}: differences below ${threshold} (${NOISE_SIGMAS} σ) mean nothing.`
}

export function merges(state: State): string {
  const merged = pastIdeas(state).filter(isMerged)
  if (merged.length === 0) return ''
  const lines = merged
    .toSorted((a, b) => gainOf(b) - gainOf(a))
    .slice(0, MAX_MERGES)
    .map((candidate) => `- ${gainText(candidate)} ${visibleText(candidate.title, 100)}`)
  const left = merged.length - lines.length
  const more = left > 0 ? `\n\n${left} smaller merges are not shown.` : ''
  return `# Best merges

These changes are part of the baseline, shown with their gain when judged. A positive gain is an improvement.

${lines.join('\n')}${more}`
}

function isMerged({ end }: Candidate): boolean {
  return end?.kind === 'merged'
}

/** One row per category, including untried ones, which suggest what to try. */
export function categories(state: State): string {
  const groups = Map.groupBy(pastIdeas(state), ({ category }) => category)
  const rows = CATEGORIES.map((category) => categoryRow(category, groups.get(category) ?? []))
  return `# Tried by category

${table(['category', 'meaning', 'tried', 'merged', 'failed to run', 'best gain'], rows)}`
}

function categoryRow(category: Category, tried: readonly Candidate[]): string[] {
  const top = best(tried, gainOf)
  const counts = [tried, tried.filter(isMerged), tried.filter(failedToRun)].map(({ length }) => `${length}`)
  return [category, CATEGORY_WORDS[category], ...counts, top ? gainText(top) : '–']
}

/** What a run of the baseline costs, and the limit for candidates. */
export function runs(input: Measured): string {
  const trials = trialsOfBaseline(input)
  if (trials.length === 0) return ''
  const seconds = mean(trials.map(({ wallSeconds }) => wallSeconds))
  const deviceSeconds = mean(trials.map((trial) => trial.deviceSeconds))
  const steps = trials.flatMap(({ curve }) => curve.at(-1)?.step ?? [])
  const reached = steps.length > 0 ? ` It reaches step ${formatNumber(Math.round(mean(steps)))}.` : ''
  return `# Cost of a run

A baseline run takes ${seconds.toFixed(0)} s of wall time including evaluation, and ${deviceSeconds.toFixed(0)} s of device time.${reached}${peakMemory(trials)}
A candidate whose runs take more than ${wallAllowanceSeconds(seconds, input.config.allowance).toFixed(0)} s is rejected.`
}

function peakMemory(trials: readonly TrialResult[]): string {
  const peaks = trials.flatMap(({ peakMemoryBytes }) => peakMemoryBytes ?? [])
  if (peaks.length === 0) return ''
  return `\nTraining uses at most ${formatBytes(Math.max(...peaks))} of main memory (GPU memory is not measured).`
}
