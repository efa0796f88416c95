// How rules decide: the shipped judge and the rules of others on simulated worlds with known truth, and on recorded runs.
import { writeFileSync } from 'node:fs'
import type { JudgePolicy } from '../../src/core/judge/policy.ts'
import { readArguments } from '../arguments.ts'
import { Output } from '../output.ts'
import { readReplay } from '../replay.ts'
import { certified } from './certified.ts'
import { renderFrontier } from './chart.ts'
import { measure, type Row } from './measure.ts'
import { ours } from './ours.ts'
import { replayJudge } from './replays.ts'
import {
  greedy,
  noiseFloor,
  pairedFloor,
  type Rule,
  SHIPPED,
  screened,
  threeSeeds,
  threeSeedsTested,
} from './rules.ts'
import { LATE, LATE_SPARSE, type Mix, NEUTRAL, RICH, SPARSE, type Trouble } from './world.ts'

/** A world that breaks an assumption of the judge, or a configuration that sets something. */
interface Variation {
  trouble?: Trouble
  mixes?: Readonly<Record<string, Mix>>
  policy?: Partial<JudgePolicy>
}

const WORLDS: Readonly<Record<string, Variation>> = {
  'a quarter removes 6 lines': { trouble: { removedLines: 6 } },
  'a quarter removes 30 lines': { trouble: { removedLines: 30 } },
  'heavy tails, t₅': { trouble: { heavyTails: true } },
  'half the candidates have 2 σ': { trouble: { ownSd: 2 } },
  'a tenth of the candidates has 3 σ': { trouble: { ownSd: 3, ownShare: 0.1 } },
  'every other hundred runs has 2 σ': { trouble: { busySd: 2 } },
  'skewed noise': { trouble: { skewed: true } },
  '2 % of runs −5 σ': { trouble: { lucky: 0.02 } },
  'runs correlate with the next by 0.5': { trouble: { correlation: 0.5 } },
  'jumps, sd 2 σ every 100 runs': { trouble: { jumpSd: 2 } },
  'drift, 0.1 σ a run': { trouble: { driftSd: 0.1 } },
  'drift, 0.02 σ a run': { trouble: { driftSd: 0.02 } },
  'four hosts, sd 0.5 σ': { trouble: { hostSd: 0.5 } },
  '2 baseline runs': { policy: { baselineReplicates: 2 } },
  '5 % of runs +30 σ': { trouble: { outliers: 0.05 } },
  'late research': { mixes: { rich: LATE, sparse: LATE_SPARSE } },
  're-proposals, 30 %': { trouble: { repeated: 0.3 } },
  'metric in steps of 0.5 σ': { trouble: { step: 0.5 } },
  maximise: { policy: { direction: 'maximize' } },
  'all neutral': { mixes: { neutral: NEUTRAL } },
  'at least 1 σ': { policy: { minGain: { kind: 'sigmas', value: 1 } } },
  'σ known': { trouble: { toldSigma: 1 } },
  'σ taken for 25 % less': { trouble: { toldSigma: 0.75 } },
  'σ taken for 25 % more': { trouble: { toldSigma: 1.25 } },
}

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
    world: {
      kind: 'texts',
      help: 'world in which greedy and the shipped judge are compared: base, or a name from the table',
      default: ['base', ...Object.keys(WORLDS)],
    },
    rule: { kind: 'text', help: 'only this rule of the base world, beside greedy' },
    'shared-seeds': { kind: 'flag', help: 'also measure first runs that share a seed of the baseline' },
    bundles: { kind: 'flag', help: 'measure only bundles of near misses, in every world that --world names' },
    chart: { kind: 'text', help: 'write the frontier to this file, as SVG; implies --frontier' },
  },
})
const { repetitions, seed } = options
const MIXES: Readonly<Record<string, Mix>> = { rich: RICH, sparse: SPARSE }

const SHIPPED_RULE = 'ours, as shipped'
const COMPARED: Readonly<Record<string, Rule>> = {
  'greedy, one run (karpathy)': greedy(),
  'greedy + 2 σ': greedy(2),
  'two-baseline noise floor (karpathy #560)': noiseFloor,
  'mean of 3 seeds': threeSeeds,
  '3 seeds, p < 0.01 (speed runs)': threeSeedsTested,
  'Outerloop 0.6: a pair, floor 1 σ': pairedFloor(1),
  'Outerloop 0.6: a pair, floor 2 σ': pairedFloor(2),
  'Outerloop 0.6: floor 2 σ, seeds share 0.5 of the noise': pairedFloor(2, 0.5),
  'Outerloop 0.6: floor 1 σ, seeds share 0.9 of the noise': pairedFloor(1, 0.9),
  'screen 1.5 σ, up to 4 runs, z ≥ 2.5': screened(),
  [SHIPPED_RULE]: ours(),
}

/** More runs of what is merged, so that its successor as the baseline has enough to share a seed of. */
const SHARING_RUNS = 3
/** Seeds shared with the baseline, by how much the noise of equal seeds correlates. With enough runs, each baseline shares. */
const SHARED_SEEDS: Readonly<Record<string, Rule>> = {
  'own seeds': ours({}, { mergedRuns: SHARING_RUNS }),
  'shared, correlation 0': ours({}, { mergedRuns: SHARING_RUNS, sharedSeeds: 0 }),
  'shared, correlation 0.5': ours({}, { mergedRuns: SHARING_RUNS, sharedSeeds: 0.5 }),
  'shared, correlation 0.9': ours({}, { mergedRuns: SHARING_RUNS, sharedSeeds: 0.9 }),
}

/** Near misses merged into bundles; also where effects do not add up, and where merged bundles are taken apart. */
const BUNDLES: Readonly<Record<string, Rule>> = {
  'without bundles': ours({}, { bundles: false }),
  'bundles of at most 4, as shipped': ours(),
  'bundles of at most 8': ours({}, { bundles: { most: 8 } }),
  'at most 4, half of the sum holds': ours({}, { bundles: { most: 4, share: 0.5 } }),
  'at most 4, 6 lines each, taken apart': ours({}, { bundles: { most: 4, lines: 6 } }),
}

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
  'ours, without A/A candidates': ours({}, { aaEvery: 0 }),
  'ours, told where the baseline is': ours({}, { knowsLevel: true }),
  'the same, risk 30 %': ours({ mergeRisk: 0.3 }, { knowsLevel: true }),
  'ours, certified every 5': certified(ours(), 5, 4),
  'ours at risk 40 %, certified every 5': certified(ours({ mergeRisk: 0.4 }), 5, 4),
  'ours at risk 40 %, certified one by one': certified(ours({ mergeRisk: 0.4 }), 1, 4),
  'greedy, certified every 5': certified(greedy(), 5, 4),
  'greedy + 1 σ, certified every 5': certified(greedy(1), 5, 4),
  'greedy + 1 σ, certified one by one': certified(greedy(1), 1, 4),
}

const output = new Output('decide', options)
const charted: (Row & { mix: string })[] = []

/** Measures rules in each mix, against greedy in the same worlds without trouble. */
function compare(
  rules: Readonly<Record<string, Rule>>,
  repeat: number,
  world = 'base',
  { trouble = {}, mixes = MIXES }: Variation = {},
): void {
  for (const [mix, shares] of Object.entries(mixes)) {
    const settings = { repetitions: repeat, seed }
    const unit = measure('greedy', greedy(), shares, settings).row.gainPer100Runs
    const measured = Object.entries(rules).map(([label, rule]) =>
      measure(label, rule, shares, { ...settings, trouble, greedy: unit }),
    )
    const rows = measured.map(({ row }) => ({ mix, world, ...row }))
    const bins = measured.flatMap(({ calibration }) => calibration.map((bin) => ({ mix, world, ...bin })))
    output.table('rows', `${mix}, ${world}, ${repeat} repetitions`, rows)
    output.table('calibration', `${mix}, ${world}: stated and true risk of merges`, bins)
    if (world === 'base') charted.push(...rows)
  }
}

const isWanted = (label: string) => options.rule === undefined || options.rule === label
const compared = Object.fromEntries(Object.entries(COMPARED).filter(([label]) => isWanted(label)))
for (const world of options.world)
  if (world === 'base') compare(options.bundles ? BUNDLES : compared, repetitions)
  else {
    const variation = WORLDS[world]
    if (!variation) {
      console.error(
        `bench:decide: --world: expected base or one of ${Object.keys(WORLDS).join('; ')}, found ${world}`,
      )
      process.exit(2)
    }
    const rules = { greedy: greedy(), [SHIPPED_RULE]: ours(variation.policy) }
    compare(options.bundles ? BUNDLES : rules, repetitions, world, variation)
  }
if (options.frontier || options.chart) compare(FRONTIER, Math.ceil(repetitions / 3))
if (options['shared-seeds']) compare(SHARED_SEEDS, repetitions, 'shared seeds')
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
