// A/A candidates through the jobs of a swarm, on a repository, a GitHub and a device in memory.

import { expect, test } from 'vitest'
import { judgeResults } from '../../src/commands/judge.ts'
import { propose } from '../../src/commands/propose.ts'
import { AA_PATH, aaContent, tallyAa } from '../../src/core/judge/aa.ts'
import { type Candidate, isAa, NO_USAGE } from '../../src/core/record/candidate.ts'
import { LEDGER_FORMAT } from '../../src/core/record/events.ts'
import { pastIdeas } from '../../src/core/record/ideas.ts'
import { replay } from '../../src/core/record/state.ts'
import type { TrialBatch } from '../../src/core/trial/batch.ts'
import { aaOrigin, ROOT_SEED, sha } from '../factories.ts'
import { configHash } from '../fakes/lab.ts'
import { FakeProposer } from '../fakes/proposer.ts'
import type { FakeResults } from '../fakes/results.ts'
import { trainAll } from '../fakes/swarm.ts'
import { CONFIG_PATH, SETTINGS, World } from '../fakes/world.ts'

const CONFIG_TEXT = `editable: [train.py]
train: python train.py
evaluate: python evaluate.py
budget: 5m
metric: { name: val_bpb, direction: minimize, pattern: '^val_bpb: (\\S+)' }
replicates: { baseline: 3, candidate: 2 }
aa-every: 1
`
const HASH = configHash(CONFIG_TEXT)

/** A repository in which one idea was tried and closed, so that an A/A candidate is due. */
function aWorld() {
  const files = new Map([
    ['train.py', '0'],
    [CONFIG_PATH, CONFIG_TEXT],
  ])
  const world = new World(files, { hash: () => HASH })
  world.propose({ 'train.py': '1' }, { name: 'dropout', end: { kind: 'closed' } })
  return world
}

const TWO = { ...SETTINGS, candidates: 2 }

/** Trains every batch; A/A candidates are as lucky as said. */
function train(world: World, batches: readonly TrialBatch[], luck = 0): Promise<FakeResults> {
  return trainAll(batches, async (trial) => {
    const result = await world.trainer.run(trial)
    return { ...result, value: (result.value ?? 0) - (trial.aa ? luck : 0) }
  })
}

/** Rounds of training and judging until there is nothing to train. */
async function settle(world: World, first: readonly TrialBatch[], luck = 0) {
  const refused: string[] = []
  for (let batches = first; batches.length > 0; ) {
    const ports = { ...world.ports(), results: await train(world, batches, luck) }
    const judged = await judgeResults(ports, TWO)
    refused.push(...judged.refused)
    if (judged.refused.length > 0) return refused
    batches = judged.batches
  }
  return refused
}

function aaOf(world: World): Candidate {
  const found = [...replay(world.ledger.events).candidates.values()].find(isAa)
  if (!found) throw new Error('there is no A/A candidate')
  return found
}

test('one that is due comes before any proposer is asked, marked in title, text and check', async () => {
  const world = aWorld()
  world.measure(HASH)
  const proposer = new FakeProposer()
  await propose(world.ports({ proposers: [proposer] }), TWO)
  const candidate = aaOf(world)
  expect(candidate).toMatchObject({ origin: aaOrigin(1), proposer: 'aa', usage: NO_USAGE })
  expect(world.repository.filesOf(candidate.head).get(AA_PATH)).toBe(aaContent(1))
  expect(world.pullOf(candidate)).toMatchObject({
    title: '[A/A] Change nothing, 1',
    body: expect.stringContaining('closes this pull request whatever the verdict'),
  })
  expect(proposer.requests).toHaveLength(1)
  expect(proposer.requests[0]?.history.map(({ title }) => title)).toEqual(['Try dropout'])
  expect(proposer.requests[0]?.brief).not.toContain('A/A')
})

test('is trained as the code of the baseline under seeds of its own', async () => {
  const world = aWorld()
  world.measure(HASH)
  const { batches } = await propose(world.ports(), TWO)
  const trials = batches.flatMap((batch) => batch.trials)
  const ours = trials.filter(({ aa }) => aa)
  expect(ours).toHaveLength(1)
  expect(trials.filter(({ seed }) => seed === ours[0]?.seed)).toEqual(ours)
  expect(ours[0]?.tree).not.toBe(replay(world.ledger.events).baseline?.tree)
})

test('with a lucky pair of runs it would have been merged, and is closed', async () => {
  const world = aWorld()
  const before = world.tip
  const { batches } = await propose(world.ports(), TWO)
  expect(await settle(world, batches, 0.2)).toEqual([])
  const candidate = aaOf(world)
  expect(candidate).toMatchObject({ verdict: { kind: 'merge' }, end: { kind: 'closed' } })
  expect(world.tip).toBe(before)
  expect(world.pullOf(candidate)?.state).toBe('closed')
  expect(world.forge.checks.get(`${candidate.head} autoresearch / val_bpb`)).toMatchObject({
    conclusion: 'neutral',
    title: expect.stringMatching(/^A\/A, /),
    summary: expect.stringContaining('It would have been merged'),
  })
  expect(tallyAa(replay(world.ledger.events).candidates.values())).toMatchObject({ judged: 1, accepted: 1 })
})

test('with ordinary runs it is rejected and counted', async () => {
  const world = aWorld()
  const { batches } = await propose(world.ports(), TWO)
  await settle(world, batches)
  expect(aaOf(world)).toMatchObject({ verdict: { kind: 'reject' }, end: { kind: 'closed' } })
  expect(tallyAa(replay(world.ledger.events).candidates.values())).toMatchObject({ judged: 1, accepted: 0 })
  expect(pastIdeas(replay(world.ledger.events))).toHaveLength(1)
})

test.each([
  ['more than its own file', { [AA_PATH]: aaContent(1), 'train.py': '-0.1' }],
  ['another text', { [AA_PATH]: 'print("hello")\n' }],
  ['the text of another one', { [AA_PATH]: aaContent(2) }],
])('F57 a commit with %s is not believed', async (_, entries) => {
  const world = aWorld()
  const { batches } = await propose(world.ports(), TWO)
  const { head, base } = aaOf(world)
  const files = new Map([...world.repository.filesOf(base), ...Object.entries(entries)])
  world.repository.putAs({ commit: head, tree: aaOf(world).tree }, files, base)
  const refused = await settle(world, batches)
  expect(refused).toEqual([expect.stringContaining('An A/A candidate may only write its own text')])
  expect(aaOf(world).verdict).toBeUndefined()
})

test('F57 what only the ledger calls A/A is exempt from the gate', async () => {
  const world = aWorld()
  world.measure(HASH)
  const { batches } = await propose(world.ports(), TWO)
  const candidate = aaOf(world)
  const ordinary: Candidate = { ...candidate, origin: { kind: 'idea' } }
  world.ledger.text = ''
  world.ledger.write(
    { kind: 'started', rootSeed: ROOT_SEED, format: LEDGER_FORMAT },
    { kind: 'baseline', commit: candidate.base, tree: sha('unused'), cause: 'started' },
    { kind: 'proposed', candidate: ordinary },
  )
  const { files } = await train(
    world,
    batches.filter(({ head }) => head === candidate.head),
  )
  const { aa: __, ...trial } = files[0]?.kind === 'result' ? files[0].result.trial : expect.fail()
  const unmarked = files.map((file) =>
    file.kind === 'result' ? { ...file, result: { ...file.result, trial } } : file,
  )
  for (const [given, reason] of [
    [files, 'it is not the trial that was assigned'],
    [unmarked, 'belongs to git or GitHub and must not change'],
  ] as const) {
    const ports = { ...world.ports(), results: { read: async () => given } }
    expect((await judgeResults(ports, TWO)).refused).toEqual([expect.stringContaining(reason)])
  }
})
