// What cutting trials early saves and loses, on recorded runs: every pair of configurations is a baseline and a candidate,
// and runs of the same one are neutral candidates.
import { fileURLToPath } from 'node:url'
import { DEFAULT_CUT } from '../src/core/config/config.ts'
import {
  type CutPolicy,
  type FinishedRun,
  type Reference,
  referenceOf,
  withForecast,
} from '../src/core/judge/cutting.ts'
import { estimateNoise, mean, standardDeviation } from '../src/core/statistics/noise.ts'
import { type Checkpoint, type CutPlan, CutWatch } from '../src/core/trial/curve.ts'
import { aRandom } from '../test/factories.ts'
import { readArguments } from './arguments.ts'
import { percent, ratio, round } from './numbers.ts'
import { Output } from './output.ts'
import { groupRuns, type ReplayRun, readReplay, valueAt } from './replay.ts'
import { smallEffects } from './small-effects.ts'

const options = readArguments({
  name: 'cuts',
  measures: 'What cutting trials early saves and loses, on recorded runs.',
  repetitions: 20,
  repetitionIs: 'passes over all pairs of configurations; small effects are drawn 100 times as often',
  seed: 20_261_125,
  seedDecides: 'which recorded runs are drawn',
  options: {
    configurations: { kind: 'count', help: 'use only the first N recorded configurations', default: 26 },
  },
})
const BASELINE_RUNS = 6
/** A true gain or loss of this many σ makes a winner, or a hopeless candidate. */
const TRUE_SIGMAS = 2
/** Steps and seconds of every replayed run. */
const LENGTH = 1000

const configs = groupRuns(readReplay(fileURLToPath(new URL('replay/track3.csv', import.meta.url)))).slice(
  0,
  options.configurations,
)
const sigma = sigmaAt(1)

function sigmaAt(fraction: number): number {
  const values = configs.map((runs) => runs.map((run) => valueAt(run, fraction) ?? Number.NaN))
  return estimateNoise(values)?.sigma ?? Number.NaN
}

/** What a rule has to decide on. */
interface Case {
  baseline: readonly FinishedRun[]
  earlier: readonly { run: FinishedRun; reference: Reference }[]
}

interface Rule {
  name: string
  /** Candidates seen before. */
  experience: number
  /** Baselines they were run on; the last one is the present one. */
  baselines: number
  plan(given: Case): CutPlan | undefined
}

/** Behind by so many σ at a fraction of the run. */
function sigmas(name: string, limits: Readonly<Record<number, number>>, own = false): Rule {
  const plan = ({ baseline }: Case): CutPlan => {
    const checkpoints = Object.entries(limits).map(([key, limit]): Checkpoint => {
      const fraction = Number(key)
      const step = fraction * LENGTH
      const levels = baseline.map(
        ({ curve }) => curve.find((point) => point.step >= step)?.value ?? Number.NaN,
      )
      const noise = own ? (standardDeviation(levels) ?? Number.NaN) : sigmaAt(fraction)
      return { fraction, step, seconds: step, level: mean(levels), gross: limit * noise }
    })
    return { testbed: 'replay', sign: 1, windowSteps: 1, checkpoints }
  }
  return { name, experience: 0, baselines: 1, plan }
}

function forecast(chance: number, experience: number, baselines = 1): Rule {
  const policy: CutPolicy = { direction: 'minimize', chance }
  const plan = ({ baseline, earlier }: Case): CutPlan | undefined => {
    const reference = referenceOf(baseline)
    return reference && withForecast(reference, earlier, sigma, policy)
  }
  const seen = baselines === 1 ? `${experience} before` : `${experience} before, on ${baselines} baselines`
  return { name: `forecast ${Number((100 * chance).toFixed(2))} %, ${seen}`, experience, baselines, plan }
}

const SHIPPED = forecast(DEFAULT_CUT, 24)
const RULES: readonly Rule[] = [
  sigmas('30/30/12 σ at 25/50/75 %', { 0.25: 30, 0.5: 30, 0.75: 12 }),
  sigmas('the same, σ of its own six runs', { 0.25: 30, 0.5: 30, 0.75: 12 }, true),
  sigmas('30/30/30 σ', { 0.25: 30, 0.5: 30, 0.75: 30 }),
  sigmas('50/50/50 σ', { 0.25: 50, 0.5: 50, 0.75: 50 }),
  sigmas('15/15/8 σ', { 0.25: 15, 0.5: 15, 0.75: 8 }),
  sigmas('6/6/4 σ', { 0.25: 6, 0.5: 6, 0.75: 4 }),
  { ...forecast(0.01, 0), name: 'half the time only (no experience yet)' },
  forecast(0.02, 24),
  forecast(0.02, 12),
  forecast(0.02, 60, 6),
  forecast(0.001, 24),
  SHIPPED,
  forecast(0.05, 12),
  forecast(0.05, 60, 6),
]

const random = aRandom(options.seed)
const below = (limit: number): number => Math.floor(random() * limit)

function drawSome<Value>(values: readonly Value[], count: number): Value[] {
  const rest = [...values]
  return Array.from({ length: Math.min(count, rest.length) }, () => rest.splice(below(rest.length), 1)).flat()
}

function finished({ points, final }: ReplayRun): FinishedRun {
  const curve = points.map(({ fraction, value }) => ({ step: fraction * LENGTH, value }))
  return {
    testbed: 'replay',
    curve,
    value: final,
    wallSeconds: LENGTH,
    firstPointSeconds: curve[0]?.step ?? 0,
  }
}

/** First runs of other configurations than the one on trial, on one or more baselines. */
function drawEarlier(
  rule: Rule,
  baseline: readonly ReplayRun[],
  onTrial: readonly ReplayRun[],
): Case['earlier'] {
  const others = configs.filter((runs) => runs !== baseline && runs !== onTrial)
  const bases = [baseline, ...drawSome(others, rule.baselines - 1)]
  return bases.flatMap((base) => {
    const reference = referenceOf(drawSome(base, BASELINE_RUNS).map(finished))
    const drawn = drawSome(
      others.filter((runs) => runs !== base),
      Math.round(rule.experience / bases.length),
    )
    return drawn.flatMap((runs) => {
      const [run] = drawSome(runs, 1)
      return run && reference ? [{ run: finished(run), reference }] : []
    })
  })
}

/** @returns the fraction at which a run is cut; 1 when it is not */
function cutAt(plan: CutPlan | undefined, { curve }: FinishedRun): number {
  const watch = plan && new CutWatch(plan)
  for (const [index, { step }] of curve.entries())
    if (watch?.look(curve.slice(0, index + 1), step) !== undefined) return step / LENGTH
  return 1
}

/** `stuck`: it learns at a quarter of the speed. */
interface Trial {
  kind: 'winner' | 'hopeless' | 'between' | 'neutral' | 'stuck'
  /** Where it was cut. */
  fraction: number
}

/** A run as it would be if it learned at a quarter of the speed; there are no gross failures among the recorded ones. */
function slowed(run: ReplayRun): ReplayRun {
  const [first] = run.points
  const points = run.points.map(({ fraction }) => ({
    fraction,
    value: valueAt(run, Math.max(first?.fraction ?? 1, fraction / 4)) ?? Number.NaN,
  }))
  return { ...run, points, final: points.at(-1)?.value ?? Number.NaN }
}

const meanOf = (runs: readonly ReplayRun[]): number => mean(runs.map(({ final }) => final))

function tryOut(rule: Rule, baseline: readonly ReplayRun[], candidate: readonly ReplayRun[]): Trial[] {
  const [run] = drawSome(candidate, 1)
  if (!run) throw new Error('a configuration has no runs')
  const measured = drawSome(
    baseline.filter((other) => other !== run),
    BASELINE_RUNS,
  )
  const given = { baseline: measured.map(finished), earlier: drawEarlier(rule, baseline, candidate) }
  const plan = rule.plan(given)
  const fraction = cutAt(plan, finished(run))
  if (baseline === candidate)
    return [
      { kind: 'neutral', fraction },
      { kind: 'stuck', fraction: cutAt(plan, finished(slowed(run))) },
    ]
  const gain = (meanOf(baseline) - meanOf(candidate)) / sigma
  const kind = gain >= TRUE_SIGMAS ? 'winner' : gain <= -TRUE_SIGMAS ? 'hopeless' : 'between'
  return [{ kind, fraction }]
}

function tryAll(rule: Rule): Trial[] {
  const pairs = configs.flatMap((baseline) => configs.map((candidate) => [baseline, candidate] as const))
  const repeated = Array.from({ length: options.repetitions }, () => pairs).flat()
  return repeated.flatMap(([baseline, candidate]) => tryOut(rule, baseline, candidate))
}

/** null when nothing was tried. */
const shareOf = (part: readonly Trial[], all: readonly Trial[]): number | null =>
  round(percent(part.length, all.length), 2)
const cutShare = (trials: readonly Trial[]): number | null =>
  shareOf(
    trials.filter(({ fraction }) => fraction < 1),
    trials,
  )
const saved = (trials: readonly Trial[]): number | null =>
  round(
    ratio(
      trials.reduce((sum, { fraction }) => sum + 1 - fraction, 0),
      trials.length,
    ),
    4,
  )

function rowOf(name: string, trials: readonly Trial[]) {
  const of = (kind: Trial['kind']): Trial[] => trials.filter((trial) => trial.kind === kind)
  return {
    rule: name,
    winnersLostPercent: cutShare(of('winner')),
    hopelessCutPercent: cutShare(of('hopeless')),
    neutralCutPercent: cutShare(of('neutral')),
    stuckCutPercent: cutShare(of('stuck')),
    runsSavedPerCandidate: saved(trials.filter(({ kind }) => kind !== 'neutral' && kind !== 'stuck')),
    runsSavedPerHopeless: saved(of('hopeless')),
    runsSavedPerStuck: saved(of('stuck')),
  }
}

/** Where the shipped rule cuts. */
function rowsByFraction(trials: readonly Trial[]) {
  const fractions = [...new Set(trials.map(({ fraction }) => fraction))].filter((fraction) => fraction < 1)
  return fractions.toSorted().map((fraction) => {
    const here = (kind: Trial['kind']): number | null => {
      const all = trials.filter((trial) => trial.kind === kind)
      return shareOf(
        all.filter((trial) => trial.fraction === fraction),
        all,
      )
    }
    return { fraction, winnersLostPercent: here('winner'), hopelessCutPercent: here('hopeless') }
  })
}

const smallRows = [0.05, 0.02, 0.01, 0.001].flatMap((chance) =>
  smallEffects(
    { configs, sigma, random, drawSome, repetitions: 50 * options.repetitions },
    { direction: 'minimize', chance },
  ),
)
const tried = new Map(RULES.map((rule) => [rule, tryAll(rule)]))
const rows = [...tried].map(([{ name }, trials]) => rowOf(name, trials))
const byFraction = rowsByFraction(tried.get(SHIPPED) ?? [])
const output = new Output('cuts', options)
output.fact('sigma', sigma)
output.fact('shipped', SHIPPED.name)
output.table('rows', 'What each rule cuts', rows)
output.table('byFraction', 'Where the shipped rule cuts', byFraction)
output.table(
  'smallRows',
  'Small effects; lost: cut, though the run would have ended less than 2 σ behind',
  smallRows,
)
output.end()
