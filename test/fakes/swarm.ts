// A swarm in memory: candidates on a measured baseline, and rounds of its jobs.

import { judgeResults } from '../../src/commands/judge.ts'
import { propose } from '../../src/commands/propose.ts'
import { type Candidate, candidateBranch, candidateId, NO_USAGE } from '../../src/core/record/candidate.ts'
import { LEDGER_FORMAT } from '../../src/core/record/events.ts'
import { replay } from '../../src/core/record/state.ts'
import type { Trial, TrialResult } from '../../src/core/record/trial.ts'
import type { ResultFile } from '../../src/ports.ts'
import { aCandidate, CONDITIONS, ROOT_SEED, trialResults } from '../factories.ts'
import { configHash } from './lab.ts'
import { CONFIG, MemoryWorld, STILL_CLOCK } from './memory.ts'
import { proposingPorts } from './proposing-ports.ts'

const CONFIG_TEXT = `editable: ['*.py']
train: python train.py
evaluate: python lab/evaluate.py
budget: 5m
metric: { name: val_bpb, direction: minimize, pattern: '^val_bpb: (\\S+)' }
replicates: { baseline: 3, candidate: 2 }
`
const HASH = configHash(CONFIG_TEXT)

/** A measured baseline, and candidates that each put a number into a file of their own. */
export function aWorld(...effects: number[]) {
  const files = new Map([
    ['train.py', '0'],
    [CONFIG, CONFIG_TEXT],
  ])
  const world = new MemoryWorld(files, 0.01, () => HASH)
  const baseline = { commit: world.tip, tree: world.treeOf(files) }
  world.write(
    { kind: 'started', rootSeed: ROOT_SEED, format: LEDGER_FORMAT },
    { kind: 'baseline', ...baseline, cause: 'started' },
  )
  for (const result of trialResults([2.49, 2.5, 2.51], { baseline, config: HASH, trust: 'evaluated' }))
    world.write({ kind: 'trial', result })
  const candidates = effects.map((effect, index) => propound(world, `${'abc'[index]}.py`, effect))
  return { world, candidates: candidates as [Candidate, ...Candidate[]] }
}

function propound(world: MemoryWorld, path: string, effect: number): Candidate {
  const base = world.tip
  const changed = new Map(world.filesOf(base)).set(path, `${effect}`)
  const [head, tree] = [world.put(changed, base), world.treeOf(changed)]
  const candidate = aCandidate({ name: path, id: candidateId(base, tree), base, head, tree })
  world.branches.set(candidateBranch(candidate.id), head)
  world.write({ kind: 'proposed', candidate })
  return candidate
}

export function portsOf(world: MemoryWorld, lines: string[] = []) {
  const { repository, ledger, forge } = world
  const say = (line: string) => void lines.push(line)
  return {
    repository,
    ledger,
    forge,
    clock: STILL_CLOCK,
    log: { info: say, warn: say },
    cancelled: new AbortController().signal,
    ...proposingPorts({
      name: 'silent',
      propose: async () => ({ kind: 'nothing', reason: 'no idea', usage: NO_USAGE, exhausted: true }),
    }),
  }
}

export const settingsOf = (id: string) => ({
  timeBudgetSeconds: 3600,
  configPath: CONFIG,
  rootSeed: ROOT_SEED,
  newLedger: false,
  testbed: CONDITIONS.testbed,
  candidates: 2,
  runUrl: undefined,
  dispatch: { id, hypothesis: '', direction: '' },
})

/**
 * One round, with the settings of its jobs: they know no testbed.
 *
 * @param train what comes back of a trial; undefined when nothing does
 * @returns what the judge said, who may be started more than once
 */
export async function round(
  world: MemoryWorld,
  id: string,
  train: (trial: Trial) => Promise<TrialResult | undefined>,
  judgings = 1,
): Promise<string[]> {
  const lines: string[] = []
  const settings = { ...settingsOf(id), testbed: undefined }
  const { batches } = await propose(portsOf(world), settings)
  const files: ResultFile[] = []
  for (const trial of batches.flatMap(({ trials }) => trials)) {
    const result = await train(trial)
    if (result) files.push({ name: trial.id, kind: 'result', result })
  }
  const ports = { ...portsOf(world, lines), results: { read: async () => files } }
  for (let judging = 0; judging < judgings; judging++) await judgeResults(ports, settings)
  return lines
}

/** A candidate as the ledger knows it now. */
export function now(world: MemoryWorld, { id }: Candidate): Candidate | undefined {
  return replay(world.events).candidates.get(id)
}
