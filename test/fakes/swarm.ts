// A swarm in memory: candidates on a measured baseline, and rounds of its jobs.

import { judgeResults } from '../../src/commands/judge.ts'
import { propose } from '../../src/commands/propose.ts'
import type { Candidate } from '../../src/core/record/candidate.ts'
import { replay } from '../../src/core/record/state.ts'
import type { Trial, TrialResult } from '../../src/core/record/trial.ts'
import type { TrialBatch } from '../../src/core/trial/batch.ts'
import { trialResults } from '../factories.ts'
import { configHash } from './lab.ts'
import { FakeLog } from './log.ts'
import { FakeResults } from './results.ts'
import { CONFIG_PATH, SETTINGS, World } from './world.ts'

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
    [CONFIG_PATH, CONFIG_TEXT],
  ])
  const world = new World(files, { hash: () => HASH })
  const { baseline } = world
  for (const result of trialResults([2.49, 2.5, 2.51], { baseline, config: HASH, trust: 'evaluated' }))
    world.ledger.write({ kind: 'trial', result })
  const candidates = effects.map((effect, index) => {
    const name = `${'abc'[index]}.py`
    return world.propose({ [name]: `${effect}` }, { name })
  })
  return { world, candidates: candidates as [Candidate, ...Candidate[]] }
}

export const settingsOf = (id: string) => ({
  ...SETTINGS,
  candidates: 2,
  dispatch: { id, hypothesis: '', direction: '' },
})

/** The results of every trial of these batches for which one comes back. */
export async function trainAll(
  batches: readonly TrialBatch[],
  train: (trial: Trial) => Promise<TrialResult | undefined>,
): Promise<FakeResults> {
  const results: TrialResult[] = []
  for (const trial of batches.flatMap(({ trials }) => trials)) {
    const result = await train(trial)
    if (result) results.push(result)
  }
  return new FakeResults(...results)
}

/**
 * One round, with the settings of its jobs: they know no testbed.
 *
 * @param train what comes back of a trial; undefined when nothing does
 * @returns what the judge said, who may be started more than once
 */
export async function round(
  world: World,
  id: string,
  train: (trial: Trial) => Promise<TrialResult | undefined>,
  judgings = 1,
): Promise<string[]> {
  const log = new FakeLog()
  const settings = { ...settingsOf(id), testbed: undefined }
  const { batches } = await propose(world.ports(), settings)
  const ports = { ...world.ports({ log }), results: await trainAll(batches, train) }
  for (let judging = 0; judging < judgings; judging++) await judgeResults(ports, settings)
  return log.lines
}

/** A candidate as the ledger knows it now. */
export function now(world: World, { id }: Candidate): Candidate | undefined {
  return replay(world.ledger.events).candidates.get(id)
}
