// How rules decide: the shipped judge and the rules of others on simulated worlds with known truth, and on recorded runs.
import { writeFileSync } from 'node:fs'
import { readArguments } from '../arguments.ts'
import { Output } from '../output.ts'
import { readReplay } from '../replay.ts'
import { certified } from './certified.ts'
import { renderFrontier } from './chart.ts'
import { measure, type Row } from './measure.ts'
import { replayJudge } from './replays.ts'
import {
  greedy,
  noiseFloor,
  ours,
  pairedFloor,
  type Rule,
  SHIPPED,
  screened,
  threeSeeds,
  threeSeedsTested,
} from './rules.ts'
import { type Mix, RICH, SPARSE, type Trouble } from './world.ts'

const options = readArguments({
  name: 'decide',
  measures: 'How rules decide, on simulated worlds with known truth and on recorded runs.',
  repetitions: 300,
  repetitionIs: 'worlds that each rule meets, and baselines that are drawn from recorded runs',
  seed: 1000,
  seedDecides:
    'the first world and what is drawn from recorded runs; repetition i has seed N + i for every rule',
  options: {
    replay: {
      kind: 'texts',
      help: 'file with recorded runs',
      default: ['bench/replay/track3.csv', 'bench/replay/softcap.csv'],
    },
    frontier: { kind: 'flag', help: 'also measure variants of the rules, with a third of the repetitions' },
    'shared-seeds': { kind: 'flag', help: 'also measure first runs that share a seed of the baseline' },
    troubles: { kind: 'flag', help: 'also measure rules in worlds that break their assumptions' },
    chart: { kind: 'text', help: 'write the frontier to this file, as SVG; implies --frontier' },
  },
})
const { repetitions, seed } = options
const MIXES: Readonly<Record<string, Mix>> = { rich: RICH, sparse: SPARSE }

const COMPARED: Readonly<Record<string, Rule>> = {
  'greedy, one run (karpathy)': greedy(),
  'greedy + 2 σ': greedy(2),
  'two-baseline noise floor (karpathy #560)': noiseFloor,
  'mean of 3 seeds': threeSeeds,
  '3 seeds, p < 0.01 (speed runs)': threeSeedsTested,
  'paired seeds, 0.5 % floor (Outerloop)': pairedFloor,
  'screen 1.5 σ, up to 4 runs, z ≥ 2.5': screened(),
  'ours, as shipped': ours(),
}

/** More runs of what is merged, so that its successor as the baseline has enough to share a seed of. */
const SHARING_RUNS = 3

/** Everything that was tried, also what failed. */
const FRONTIER: Readonly<Record<string, Rule>> = {
  'greedy + 0.5 σ': greedy(0.5),
  'greedy + 1 σ': greedy(1),
  'screen 1 σ, z ≥ 2': screened({ screenSigmas: 1, mergeZ: 2 }),
  'screen 1 σ, z ≥ 2.5': screened({ screenSigmas: 1, mergeZ: 2.5 }),
  'screen 1.5 σ, z ≥ 2': screened({ mergeZ: 2 }),
  'screen 1.5 σ, z ≥ 3': screened({ mergeZ: 3 }),
  'screen 1.5 σ, three runs of a baseline': screened({ baselineRuns: 3 }),
  'ours, risk 5 %': ours({ mergeRisk: 0.05 }),
  'ours, risk 10 %': ours({ mergeRisk: 0.1 }),
  'ours, risk 30 %': ours({ mergeRisk: 0.3 }),
  'ours, risk 40 %': ours({ mergeRisk: 0.4 }),
  'ours, at most 4 runs': ours({ candidateReplicates: 4 }),
  'ours, at most 10 runs': ours({ candidateReplicates: 10 }),
  'ours, one run more of what is merged': ours({}, { mergedRuns: 1 }),
  'ours, 10 runs of the first baseline': ours({ baselineReplicates: 10 }),
  'ours, blind to rejected candidates': ours({}, { blind: true }),
  'ours, baseline from confirmation runs only': ours({}, { confirmedOnly: true }),
  'ours, told where the baseline is': ours({}, { knowsLevel: true }),
  'the same, risk 30 %': ours({ mergeRisk: 0.3 }, { knowsLevel: true }),
  'ours, certified every 5': certified(ours(), 5, 4),
  'ours at risk 40 %, certified every 5': certified(ours({ mergeRisk: 0.4 }), 5, 4),
  'ours at risk 40 %, certified one by one': certified(ours({ mergeRisk: 0.4 }), 1, 4),
  'greedy, certified every 5': certified(greedy(), 5, 4),
  'greedy + 1 σ, certified every 5': certified(greedy(1), 5, 4),
  'greedy + 1 σ, certified one by one': certified(greedy(1), 1, 4),
}

/** Seeds shared with the baseline, by how much the noise of equal seeds correlates. With enough runs, each baseline shares. */
const SHARED_SEEDS: Readonly<Record<string, Rule>> = {
  'own seeds': ours({}, { mergedRuns: SHARING_RUNS }),
  'shared, correlation 0': ours({}, { mergedRuns: SHARING_RUNS, sharedSeeds: 0 }),
  'shared, correlation 0.5': ours({}, { mergedRuns: SHARING_RUNS, sharedSeeds: 0.5 }),
  'shared, correlation 0.9': ours({}, { mergedRuns: SHARING_RUNS, sharedSeeds: 0.9 }),
}

const TROUBLES: Readonly<Record<string, Trouble>> = {
  'four hosts, sd 0.5 σ': { hostSd: 0.5 },
  'drift, 0.02 σ a run': { driftSd: 0.02 },
  'σ known': { toldSigma: 1 },
  'σ taken for 25 % less': { toldSigma: 0.75 },
  'σ taken for 25 % more': { toldSigma: 1.25 },
  'noise of t₅': { heavyTails: true },
}

const output = new Output('decide', options)
const charted: (Row & { mix: string })[] = []

/** Measures rules in both mixes, each against greedy in the same worlds. */
function compare(
  rules: Readonly<Record<string, Rule>>,
  repeat: number,
  trouble: Trouble = {},
  name?: string,
): void {
  const suffix = name === undefined ? '' : `, ${name}`
  for (const [mix, shares] of Object.entries(MIXES)) {
    const settings = { repetitions: repeat, seed, trouble }
    const greedyGain = measure('greedy', greedy(), shares, settings).gainPer100Runs
    const rows = Object.entries(rules).map(([label, rule]) => ({
      mix,
      ...(name === undefined ? {} : { trouble: name }),
      ...measure(label, rule, shares, { ...settings, greedy: greedyGain }),
    }))
    output.table('rows', `${mix}${suffix}, ${repeat} repetitions`, rows)
    if (name === undefined) charted.push(...rows)
  }
}

compare(COMPARED, repetitions)
if (options.frontier || options.chart) compare(FRONTIER, Math.ceil(repetitions / 3))
if (options['shared-seeds']) compare(SHARED_SEEDS, repetitions, {}, 'shared seeds')
if (options.troubles)
  for (const [name, trouble] of Object.entries(TROUBLES))
    compare(
      { greedy: greedy(), 'screen 1.5 σ, z ≥ 2.5': screened(), ours: ours() },
      Math.ceil(repetitions / 3),
      trouble,
      name,
    )
for (const file of options.replay) {
  const rows = replayJudge(readReplay(file), SHIPPED, { repetitions, seed })
  output.table(
    'replays',
    `The shipped judge on ${file}, ${repetitions} baselines`,
    rows.map((row) => ({ file, ...row })),
  )
}
if (options.chart) writeFileSync(options.chart, renderFrontier(charted, new Set(Object.keys(COMPARED))))
output.end()
