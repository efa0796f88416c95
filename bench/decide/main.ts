// How rules decide: `npm run bench:decide`. Options: --repetitions N, --replay FILE (again and again), --frontier, --troubles,
// --chart FILE.svg, --json.
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { readReplay } from '../replay.ts'
import { certified } from './certified.ts'
import { renderFrontier } from './chart.ts'
import { FIRST_SEED, measure, type Row } from './measure.ts'
import { type ReplayRow, replayJudge } from './replays.ts'
import { greedy, noiseFloor, ours, pairedFloor, type Rule, SHIPPED, screened, threeSeeds, threeSeedsTested } from './rules.ts'
import { type Mix, RICH, SPARSE, type Trouble } from './world.ts'

const { values: options } = parseArgs({
  options: {
    repetitions: { type: 'string', default: '300' },
    replay: {
      type: 'string',
      multiple: true,
      default: ['bench/replay/track3.csv', 'bench/replay/softcap.csv'],
    },
    frontier: { type: 'boolean', default: false },
    troubles: { type: 'boolean', default: false },
    chart: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})
const repetitions = Number(options.repetitions)
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

const TROUBLES: Readonly<Record<string, Trouble>> = {
  'four hosts, sd 0.5 σ': { hostSd: 0.5 },
  'drift, 0.02 σ a run': { driftSd: 0.02 },
  'σ known': { toldSigma: 1 },
  'σ taken for 25 % less': { toldSigma: 0.75 },
  'σ taken for 25 % more': { toldSigma: 1.25 },
  'noise of t₅': { heavyTails: true },
}

const rows: (Row & { mix: string; trouble?: string })[] = []
const replays: (ReplayRow & { file: string })[] = []
const say = (...words: unknown[]) => options.json || console.log(...words)
const table = (shown: readonly object[]) => options.json || console.table(shown)

/** Measures rules in both mixes, each against greedy in the same worlds. */
function compare(
  rules: Readonly<Record<string, Rule>>,
  repeat: number,
  trouble: Trouble = {},
  name?: string,
): void {
  for (const [mix, shares] of Object.entries(MIXES)) {
    const reference = measure('greedy', greedy(), shares, { repetitions: repeat, trouble }).gainPer100Runs
    const made = Object.entries(rules).map(([label, rule]) => ({
      mix,
      ...(name === undefined ? {} : { trouble: name }),
      ...measure(label, rule, shares, { repetitions: repeat, trouble, greedy: reference }),
    }))
    say(`${mix}${name === undefined ? '' : `, ${name}`}: ${repeat} repetitions, seeds from ${FIRST_SEED}`)
    table(made.map(({ mix: _, trouble: __, ...row }) => row))
    rows.push(...made)
  }
}

compare(COMPARED, repetitions)
if (options.frontier || options.chart) compare(FRONTIER, Math.ceil(repetitions / 3))
if (options.troubles)
  for (const [name, trouble] of Object.entries(TROUBLES))
    compare(
      { greedy: greedy(), 'screen 1.5 σ, z ≥ 2.5': screened(), ours: ours() },
      Math.ceil(repetitions / 3),
      trouble,
      name,
    )
for (const file of options.replay) {
  const made = replayJudge(readReplay(file), SHIPPED, repetitions)
  say(`The shipped judge on ${file}, ${repetitions} baselines:`)
  table(made)
  replays.push(...made.map((row) => ({ file, ...row })))
}
if (options.chart)
  writeFileSync(
    options.chart,
    renderFrontier(
      rows.filter(({ trouble }) => trouble === undefined),
      new Set(Object.keys(COMPARED)),
    ),
  )
if (options.json) console.log(JSON.stringify({ firstSeed: FIRST_SEED, repetitions, rows, replays }))
