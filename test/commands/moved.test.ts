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
