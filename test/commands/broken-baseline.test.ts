// A person merges code that does not train: no candidate can be compared until it is undone, and the error says what to undo.
import { describe, expect, test } from 'vitest'
import { run } from '../../src/commands/run.ts'
import { measurementHash } from '../../src/core/config/measurement.ts'
import { type CandidateEnd, candidateBranch } from '../../src/core/record/candidate.ts'
import { BaselineError } from '../../src/errors.ts'
import type { Trainer } from '../../src/ports/trainer.ts'
import { configOf } from '../factories.ts'
import { anIdea, FakeProposer } from '../fakes/proposer.ts'
import { CONFIG_PATH, SETTINGS, World } from '../fakes/world.ts'

const CONFIG_TEXT = `editable: [train.py]
train: python train.py
budget: 5m
metric: { name: val_bpb, direction: minimize, pattern: '^val_bpb: (\\S+)' }
replicates: { baseline: 3, candidate: 2 }
search: { structural-share: 0 }
`
const HASH = measurementHash(configOf(CONFIG_TEXT))
const CRASHING = '9'

function aWorld(): World {
  const files = new Map([
    ['train.py', '0'],
    [CONFIG_PATH, CONFIG_TEXT],
  ])
  const world = new World(files, { hash: () => HASH })
  world.measure(HASH)
  return world
}

/** Octocat merges the pull request of a candidate that was not decided yet. @param end how the candidate had ended before */
function mergeCrash(world: World, end?: CandidateEnd): void {
  const { forge, ledger, repository, tip } = world
  const { id: candidate, head } = world.propose({ 'train.py': CRASHING }, { title: 'Exit at once' })
  const { number } = forge.add({ branch: candidateBranch(candidate), head })
  ledger.write({ kind: 'opened', candidate, pullRequest: number })
  if (end) ledger.write({ kind: 'ended', candidate, end })
  const mergeCommit = repository.put(repository.filesOf(head), tip)
  repository.branches.set('autoresearch/baseline', mergeCommit)
  Object.assign(forge.pulls[0] ?? {}, { state: 'merged', mergeCommit, mergedBy: 'octocat' })
}

async function night(world: World) {
  const ports = world.ports({ proposers: [new FakeProposer([anIdea('-1')])] })
  const { testbed, slots } = world.trainer
  const train: Trainer['run'] = async (trial) => {
    const { value, ...result } = await world.trainer.run(trial)
    const crashes = world.repository.filesOf(trial.head).get('train.py') === CRASHING
    if (!crashes && value !== undefined) return { ...result, value }
    return { ...result, outcome: 'crashed', reason: 'exit code 3' }
  }
  await run({ ...ports, trainer: { testbed, slots, run: train } }, { ...SETTINGS, candidates: 1 })
}

describe('F50 a person who merges code that does not train', () => {
  test.each<[string, CandidateEnd | undefined]>([
    ['that was undecided', undefined],
    ['that they had pushed to', { kind: 'withdrawn', reason: 'a person moved or deleted the branch' }],
    ['that waited for them', { kind: 'handed-over', reason: 'gain 2: self-reported' }],
  ])('in a pull request %s, is told the commit, the number and the login', async (_, end) => {
    const world = aWorld()
    const before = world.tip.slice(0, 7)
    mergeCrash(world, end)
    const after = world.tip.slice(0, 7)
    const error = await night(world).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(BaselineError)
    expect(error).toMatchObject({
      message: `3 runs of the baseline ended crashed: exit code 3. The baseline trained at ${before}; since then came ${after} (#1 Exit at once, merged by octocat)`,
      hint: expect.stringContaining('Revert on autoresearch/baseline what broke it'),
    })
  })

  test('finds research going on once it is undone', async () => {
    const world = aWorld()
    mergeCrash(world)
    await expect(night(world)).rejects.toThrow(BaselineError)
    world.push({ 'train.py': '0' })
    await night(world)
    expect(world.forge.comments.map(({ pullRequest }) => pullRequest)).toContain(2)
  })
})
