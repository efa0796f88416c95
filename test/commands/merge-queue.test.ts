// Winners that are found side by side: who is merged first, what the device trains meanwhile, and what of it holds.
import { describe, expect, test } from 'vitest'
import { run } from '../../src/commands/run.ts'
import { measurementHash } from '../../src/core/config/measurement.ts'
import type { Candidate } from '../../src/core/record/candidate.ts'
import type { State } from '../../src/core/record/state.ts'
import type { Trial } from '../../src/core/record/trial.ts'
import { configOf } from '../factories.ts'
import { anIdea, FakeProposer, noIdea } from '../fakes/proposer.ts'
import { CONFIG_PATH, SETTINGS, World } from '../fakes/world.ts'

const CONFIG_TEXT = `editable: ['*.py']
train: python train.py
budget: 5m
metric: { name: val_bpb, direction: minimize, pattern: '^val_bpb: (\\S+)' }
replicates: { baseline: 3, candidate: 4 }
limits: { candidates: 9 }
search: { structural-share: 0 }
aa-every: never
review-above: 1000%
`
const HASH = measurementHash(configOf(CONFIG_TEXT))
const FILES = ['a', 'b', 'c', 'd']

/** One idea a file, so that none conflicts. */
const idea = (file: string, worth: number) =>
  anIdea(String(worth), { path: `${file}.py`, title: `Change ${file}` })

function aWorld(): World {
  const files = FILES.map((file) => [`${file}.py`, '0'] as const)
  return new World(new Map([...files, [CONFIG_PATH, CONFIG_TEXT]]), { hash: () => HASH })
}

/** Many turns of the event loop: more than whatever else runs needs to come to rest. */
async function rest(isOver: () => boolean): Promise<void> {
  for (let turn = 0; turn < 3000 && !isOver(); turn++) await new Promise((done) => setImmediate(done))
}

/** Merges take until something was trained on the code of the winner, or until nothing else happens. */
function slowMerges(world: World) {
  const seen: Trial[] = []
  const merge = world.forge.merge.bind(world.forge)
  world.forge.merge = async (request) => {
    const onWinner = () => world.trainer.trained.filter(({ base }) => base === request.head)
    await rest(() => onWinner().length > 0)
    seen.push(...onWinner())
    return merge(request)
  }
  return seen
}

function byTitle({ candidates }: State, title: string): Candidate | undefined {
  return [...candidates.values()].find((candidate) => candidate.title === title)
}

/** The trees of all merges, and those among them with fewer than two runs. */
function untrainedMerges({ candidates, trials }: State): string[] {
  const runs = Map.groupBy([...trials.values()], ({ trial }) => trial.tree)
  return [...candidates.values()]
    .filter(({ end, tree }) => end?.kind === 'merged' && (runs.get(tree)?.length ?? 0) < 2)
    .map(({ title }) => title)
}

describe('while a winner is being merged', () => {
  test('F18 F43 the device trains the next candidate on its code, and that run counts afterwards', async () => {
    const world = aWorld()
    const seen = slowMerges(world)
    const ideas = [idea('a', -1), idea('b', -0.8), idea('c', 0.5), idea('d', -0.6), noIdea()]
    const { session } = await run(world.ports({ proposers: [new FakeProposer(ideas)] }), SETTINGS)
    const { state } = session
    expect(seen.length).toBeGreaterThan(0)
    const replayed = world.ledger.events.flatMap((event) => (event.kind === 'rebased' ? [event.tree] : []))
    expect(seen.filter(({ tree }) => !replayed.includes(tree))).toEqual([])
    const ids = world.trainer.trained.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    const merged = ['Change a', 'Change b', 'Change d'].map((title) => byTitle(state, title)?.end)
    expect(merged).toMatchObject([{ asTrained: true }, { asTrained: true }, { asTrained: true }])
    expect(byTitle(state, 'Change c')?.end).toEqual({ kind: 'closed' })
    expect(untrainedMerges(state)).toEqual([])
    expect(session.running.size).toBe(0)
  })

  test('that GitHub refuses to merge, the others go on without it, and it is tried again on top', async () => {
    const world = aWorld()
    const merge = world.forge.merge.bind(world.forge)
    let isFirst = true
    world.forge.merge = async (request) => {
      const merged = isFirst ? undefined : await merge(request)
      if (merged) return merged
      isFirst = false
      await rest(() => world.trainer.trained.some(({ base }) => base === request.head))
      return { kind: 'refused', explanation: 'a rule forbids it' }
    }
    const ideas = [idea('a', -1), idea('b', -0.8), noIdea()]
    const { session } = await run(world.ports({ proposers: [new FakeProposer(ideas)] }), SETTINGS)
    const { state } = session
    expect(byTitle(state, 'Change b')).toMatchObject({ rebases: 0, end: { kind: 'merged', asTrained: true } })
    expect(byTitle(state, 'Change a')).toMatchObject({ rebases: 1, end: { kind: 'merged', asTrained: true } })
    expect(untrainedMerges(state)).toEqual([])
  })

  test('that a person overtakes with a push, nothing untrained is merged', async () => {
    const world = aWorld()
    const merge = world.forge.merge.bind(world.forge)
    let isFirst = true
    world.forge.merge = async (request) => {
      await rest(() => world.trainer.trained.some(({ base }) => base === request.head))
      if (isFirst) world.push({ 'c.py': '0.1' })
      isFirst = false
      return merge(request)
    }
    const ideas = [idea('a', -1), idea('b', -0.8), noIdea()]
    const { session } = await run(world.ports({ proposers: [new FakeProposer(ideas)] }), SETTINGS)
    const { state } = session
    // GitHub's merge request cannot name the commit that it expects: what came of it is measured as a baseline of its own.
    expect(byTitle(state, 'Change a')?.end).toMatchObject({ kind: 'merged', asTrained: false })
    const { tree } = session.baseline
    expect([...state.trials.values()].some(({ trial }) => trial.tree === tree)).toBe(true)
    expect(byTitle(state, 'Change b')?.end).toMatchObject({ kind: 'merged', asTrained: true })
  })
})

test('F43 of two winners that conflict the better is merged, and a proposer is asked once to combine them', async () => {
  const world = aWorld()
  world.propose({ 'a.py': '-0.7' }, { name: 'small', title: 'Small' })
  world.propose({ 'a.py': '-1' }, { name: 'large', title: 'Large' })
  // Other ideas meanwhile, each in lines of its own.
  const proposer = new FakeProposer([
    (request) => idea(request.direction.mode === 'combine' ? 'b' : 'd', 0.3 + proposer.requests.length),
  ])
  const trainer = { testbed: world.trainer.testbed, slots: 2, run: world.trainer.run.bind(world.trainer) }
  const { session } = await run(
    { ...world.ports({ proposers: [proposer] }), trainer },
    { ...SETTINGS, candidates: 6 },
  )
  const { state } = session
  const [small, large] = ['Small', 'Large'].map((title) => byTitle(state, title))
  expect(large?.end).toMatchObject({ kind: 'merged', asTrained: true })
  expect(small).toMatchObject({
    end: { kind: 'closed' },
    verdict: { kind: 'park', conflict: state.baseline?.commit },
  })
  const combined = proposer.requests.filter(({ direction }) => direction.mode === 'combine')
  expect(combined.map(({ direction }) => direction.sources)).toEqual([[small?.id, large?.id]])
})
