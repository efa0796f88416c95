// Near misses that git merges and that are judged together, and what takes a merged bundle apart.
import { expect, test } from 'vitest'
import { run } from '../../src/commands/run.ts'
import { measurementHash } from '../../src/core/config/measurement.ts'
import type { Candidate } from '../../src/core/record/candidate.ts'
import type { State } from '../../src/core/record/state.ts'
import { aTrialResult, aVerdict, configOf } from '../factories.ts'
import { FakeProposer, noIdea } from '../fakes/proposer.ts'
import { CONFIG_PATH, SETTINGS, World } from '../fakes/world.ts'

const SIGMA = 0.01
const LONG = 'x = 1\n'.repeat(9)

function configText(more: string): string {
  return `editable: ['*.py']
train: python train.py
budget: 5m
metric: { name: val_bpb, direction: minimize, pattern: '^val_bpb: (\\S+)' }
replicates: { baseline: 6, candidate: 6 }
aa-every: never
review-above: 1000%
${more}`
}

/** Six values around the mean, often enough that runs have become cheap. */
const VALUES = Array.from({ length: 120 }, (_, index) => [-1.2, -0.7, -0.2, 0.2, 0.7, 1.2][index % 6] ?? 0)

/** A measured baseline with one file per idea. A file is worth the number that it begins with, in σ. */
function aWorld(more = ''): World {
  const text = configText(more)
  const files = ['a', 'b', 'c'].map((name) => [`${name}.py`, '0\n'] as const)
  const hash = measurementHash(configOf(text))
  const worth = (content: string) => SIGMA * (Number.parseFloat(content) || 0)
  const world = new World(new Map([...files, [CONFIG_PATH, text]]), { sigma: SIGMA, worth, hash: () => hash })
  world.measure(
    hash,
    VALUES.map((value) => 2.5 + value * SIGMA),
  )
  return world
}

/** Writes a candidate that was rejected after one run although it is expected to gain 0.7 σ. */
function nearMiss(world: World, name: string, text: string): Candidate {
  const addedLines = text.split('\n').length - 2
  const candidate = world.propose({ [`${name}.py`]: text }, { name, title: `Change ${name}`, addedLines })
  const gain = 0.7 * SIGMA
  const verdict = aVerdict({ kind: 'reject', gain, sigma: SIGMA, runs: { candidate: 1, baseline: 6 } })
  const { id, head } = candidate
  const config = measurementHash(configOf(world.files.get(CONFIG_PATH) ?? ''))
  world.ledger.write(
    { kind: 'opened', candidate: id, pullRequest: 100 + world.ledger.events.length },
    { kind: 'trial', result: { ...aTrialResult({ candidate, value: 2.5 - 2 * SIGMA }), config } },
    { kind: 'judged', candidate: id, head, verdict },
    { kind: 'ended', candidate: id, end: { kind: 'closed' } },
  )
  return candidate
}

async function night(world: World) {
  const proposer = new FakeProposer([noIdea()])
  const { session } = await run(world.ports({ proposers: [proposer] }), SETTINGS)
  return session
}

function bundles({ candidates }: State): Candidate[] {
  return [...candidates.values()].filter(({ origin }) => origin.kind === 'bundle')
}

test('near misses are merged by git into one candidate, which is run and merged like any other', async () => {
  const world = aWorld()
  const members = [nearMiss(world, 'a', '-2\n'), nearMiss(world, 'b', '-2\n'), nearMiss(world, 'c', '-2\n')]
  const { state } = await night(world)
  const [bundle, ...others] = bundles(state)
  expect(others).toEqual([])
  expect(bundle).toMatchObject({
    origin: { members: members.map(({ id }) => id) },
    proposer: 'bundle',
    base: members[0]?.base,
    end: { kind: 'merged', asTrained: true },
  })
  expect([...world.files].slice(0, 3).map(([, text]) => text)).toEqual(['-2\n', '-2\n', '-2\n'])
  const { body } = world.forge.pulls.find(({ branch }) => branch.endsWith(bundle?.id ?? '?')) ?? {}
  expect(body).toMatch(/### Members[\s\S]*\| #\d+ Change a \| knobs \| 1 \|/)
  expect(
    [...state.trials.values()].filter(({ trial }) => trial.candidate === bundle?.id).length,
  ).toBeGreaterThan(1)
})

test('a bundle that does not hold is closed, and its members are not bundled again', async () => {
  const world = aWorld()
  nearMiss(world, 'a', '1\n')
  nearMiss(world, 'b', '1\n')
  const { state } = await night(world)
  expect(bundles(state)).toMatchObject([{ end: { kind: 'closed' } }])
  expect(bundles((await night(world)).state)).toHaveLength(1)
})

test('what conflicts with the members before it is passed over, and nothing is bundled when too little is left', async () => {
  const world = aWorld()
  nearMiss(world, 'a', '-2\n')
  nearMiss(world, 'a', '-3\n')
  expect(bundles((await night(world)).state)).toEqual([])
  const last = nearMiss(world, 'b', '-2\n')
  const [bundle] = bundles((await night(world)).state)
  expect(bundle?.origin).toMatchObject({ members: [expect.any(String), last.id] })
})

test.each([
  ['never', 'search: { bundle: never }', 0],
  ['at most two at once', 'search: { bundle: 2 }', 1],
])('%s', async (_, more, count) => {
  const world = aWorld(more)
  for (const name of ['a', 'b', 'c']) nearMiss(world, name, '-2\n')
  const found = bundles((await night(world)).state)
  expect(found).toHaveLength(count)
  for (const { origin } of found) expect(origin).toMatchObject({ members: { length: 2 } })
})

test('of a merged bundle a member that brings nothing and adds lines is removed again, one that helps stays', async () => {
  const world = aWorld('simplicity: { removed-lines: 5, margin: 4 sigma }')
  nearMiss(world, 'a', '-6\n')
  const idle = nearMiss(world, 'b', `0\n${LONG}`)
  const helps = nearMiss(world, 'c', `-5\n${LONG}`)
  const { state } = await night(world)
  const without = [...state.candidates.values()].flatMap(({ origin, end }) =>
    origin.kind === 'leave-out' ? [[origin.member, end?.kind]] : [],
  )
  expect(without).toEqual([
    [idle.id, 'merged'],
    [helps.id, 'closed'],
  ])
  expect(Object.fromEntries([...world.files].slice(0, 3))).toEqual({
    'a.py': '-6\n',
    'b.py': '0\n',
    'c.py': `-5\n${LONG}`,
  })
})
