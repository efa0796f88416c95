// Writes a ledger as a long run leaves it to a real bare repository: most ideas fall short, some crash, a few are merged,
// every run has a curve. Usage: `node bench/ledger/write.ts REMOTE CLONE EXPERIMENTS SEED`.
import { createLedgerBranch } from '../../src/adapters/git/ledger-branch.ts'
import { sketchOf } from '../../src/core/gate/sketch.ts'
import { dueCheckpoint } from '../../src/core/judge/checkpoint.ts'
import { CATEGORIES, type Candidate } from '../../src/core/record/candidate.ts'
import { LEDGER_FORMAT, type LedgerEvent } from '../../src/core/record/events.ts'
import type { BaselineCommit } from '../../src/core/record/state.ts'
import type { TrialResult } from '../../src/core/record/trial.ts'
import type { Verdict } from '../../src/core/record/verdict.ts'
import { Journal } from '../../src/session/journal.ts'
import {
  aBaseline,
  aCandidate,
  aRandom,
  aTrialResult,
  gaussian,
  ROOT_SEED,
  sha,
} from '../../test/factories.ts'

const SIGMA = 0.0011
const CURVE_POINTS = 100
/** Experiments per push. */
const BATCH = 1000
const AT = new Date('2026-01-01T00:00:00Z')

const [remoteUrl = '', directory = '', experiments = '0', seed = '1'] = process.argv.slice(2)
const random = aRandom(Number(seed))
let baseline: BaselineCommit = aBaseline()
let level = 2.5

function aRun(fields: Parameters<typeof aTrialResult>[0], value: number): LedgerEvent {
  const curve = Array.from({ length: CURVE_POINTS }, (_, index) => ({
    step: 20 * (index + 1),
    value: Number((value + 3 / (index + 1) + 0.01 * gaussian(random)).toFixed(5)),
  }))
  const result: TrialResult = { ...aTrialResult({ ...fields, value }), curve }
  return { kind: 'trial', result }
}

function anExperiment(index: number): LedgerEvent[] {
  const category = CATEGORIES[Math.floor(random() * CATEGORIES.length)] ?? 'optimizer'
  const title = `Try ${category} idea number ${100_000 + index} with a title of the usual length`
  const line = `h = layer_${index}(x, mode_${index % 97}, scale_${index % 89})\n`
  const sketch = sketchOf([{ path: 'train.py', mode: '100644', before: 'a = 1\n', after: `a = 1\n${line}` }])
  const candidate: Candidate = {
    ...aCandidate({ name: `${index}`, category, title, sketch, base: baseline.commit, proposer: 'agent' }),
    changeKey: sha(`key ${index}`).slice(0, 16),
  }
  const draw = random()
  const gain = draw < 0.03 ? 3 * SIGMA : SIGMA * (gaussian(random) - 1.5)
  const runs = draw < 0.03 ? 3 : draw < 0.4 ? 2 : 1
  const { id, head } = candidate
  const verdict: Verdict = {
    kind: draw < 0.03 ? 'merge' : 'reject',
    reason: `gain ${gain.toFixed(5)} ± 0.00119 over ${runs} runs, z = ${(gain / SIGMA).toFixed(1)}: no improvement`,
    ...{ gain, measured: gain, sigma: SIGMA, z: gain / SIGMA, risk: 0.4 },
    runs: { candidate: runs, baseline: 3 },
  }
  const events: LedgerEvent[] = [
    { kind: 'proposed', candidate },
    { kind: 'opened', candidate: id, pullRequest: index + 1 },
    ...Array.from({ length: runs }, (_, run) =>
      aRun({ candidate, replicate: run + 1 }, level - gain + SIGMA * gaussian(random)),
    ),
    { kind: 'judged', candidate: id, head, verdict },
  ]
  if (verdict.kind === 'reject') return [...events, { kind: 'ended', candidate: id, end: { kind: 'closed' } }]
  baseline = { commit: sha(`merge ${index}`), tree: candidate.tree }
  level -= gain
  const end = { kind: 'merged', commit: baseline.commit, asTrained: true } as const
  return [
    ...events,
    { kind: 'ended', candidate: id, end },
    { kind: 'baseline', ...baseline, cause: 'merged' },
  ]
}

const clock = { now: () => AT, monotonicSeconds: () => 0, pause: async () => {} }
const journal = await Journal.open(createLedgerBranch({ directory, remoteUrl }), clock)
journal.writeCheckpointsWhen((state) => dueCheckpoint(state, 'minimize'))
let events: LedgerEvent[] = [
  { kind: 'started', rootSeed: ROOT_SEED, format: LEDGER_FORMAT },
  { kind: 'baseline', ...baseline, cause: 'started' },
  ...[1, 2, 3].map((replicate) => aRun({ replicate }, level + SIGMA * gaussian(random))),
]
for (let index = 0; index < Number(experiments); index += 1) {
  events.push(...anExperiment(index))
  if ((index + 1) % BATCH > 0 && index < Number(experiments) - 1) continue
  journal.record(events)
  await journal.flushed()
  events = []
}
