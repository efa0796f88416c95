// A candidate whose baseline moved under it: what is known of its change is about the change as it was replayed.

import { expect, test } from 'vitest'
import { candidateBranch } from '../../src/core/record/candidate.ts'
import { forgeLane } from '../../src/session/lanes/forge.ts'
import { openSession } from '../../src/session/opening.ts'
import { CONFIG_PATH, SETTINGS, World } from '../fakes/world.ts'

const CONFIG_TEXT = `editable: ['*.py']
train: python train.py
budget: 5m
metric: { name: val_bpb, direction: minimize, pattern: '^val_bpb: (\\S+)' }
`
const LINES = Array.from({ length: 9 }, (_, index) => `x${index} = f(${index})\n`)
const ALL = LINES.join('')
const FEWER = LINES.slice(4).join('')

test('lines that the new baseline has lost already are not counted for it again', async () => {
  const files = new Map([
    ['a.py', ALL],
    ['b.py', ALL],
    [CONFIG_PATH, CONFIG_TEXT],
  ])
  const world = new World(files)
  const candidate = world.propose({ 'a.py': FEWER, 'b.py': FEWER }, { addedLines: -8, pullRequest: 1 })
  world.forge.add({ branch: candidateBranch(candidate.id), head: candidate.head })
  world.push({ 'b.py': FEWER })
  const session = await openSession(world.ports(), SETTINGS)
  await forgeLane(session)
  await session.flushed()
  expect(session.state.candidates.get(candidate.id)).toMatchObject({ rebases: 1, addedLines: -4 })
})

const WORLD = new Map([
  ['a.py', ALL],
  ['data.txt', 'one\n'],
  ['program.md', 'Improve it.\n'],
  [CONFIG_PATH, `${CONFIG_TEXT}program: program.md\n`],
])

test.each<[string, Record<string, string>, boolean]>([
  ['the README', { 'README.md': 'more\n' }, false],
  ['`search` in the configuration', { [CONFIG_PATH]: `${CONFIG_TEXT}search: { novelty: 0.9 }\n` }, false],
  ['a workflow', { '.github/workflows/ci.yml': 'on: push\n' }, false],
  ['the instructions for proposers', { 'program.md': 'Other.\n' }, false],
  ['a file that training may read', { 'data.txt': 'two\n' }, true],
  ['an editable file', { 'a.py': FEWER }, true],
])('F80 a commit that changes %s', async (_, edits, isOther) => {
  const world = new World(WORLD)
  const first = await openSession(world.ports(), SETTINGS)
  const { tree } = first.baseline
  world.push(edits)
  const session = await openSession(world.ports(), SETTINGS)
  await session.flushed()
  expect(session.baseline.commit).toBe(world.tip)
  expect(session.baseline.tree !== tree).toBe(isOther)
})

test('F80 a README that `ignore` does not name is a file like any other', async () => {
  const world = new World(new Map([...WORLD, [CONFIG_PATH, `${CONFIG_TEXT}ignore: []\n`]]))
  const first = await openSession(world.ports(), SETTINGS)
  world.push({ 'README.md': 'more\n' })
  const session = await openSession(world.ports(), SETTINGS)
  expect(session.baseline.tree).not.toBe(first.baseline.tree)
})
