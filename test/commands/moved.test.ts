// A candidate whose baseline moved under it: what is known of its change is about the change as it was replayed.

import { expect, test } from 'vitest'
import { candidateBranch, candidateId } from '../../src/core/record/candidate.ts'
import { LEDGER_FORMAT } from '../../src/core/record/events.ts'
import { forgeLane } from '../../src/session/lanes/forge.ts'
import { openSession } from '../../src/session/opening.ts'
import { aCandidate, CONDITIONS, ROOT_SEED } from '../factories.ts'
import { BASELINE, CONFIG, MemoryWorld, STILL_CLOCK } from '../fakes/memory.ts'

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
    [CONFIG, CONFIG_TEXT],
  ])
  const world = new MemoryWorld(files, 0, () => '')
  const base = world.tip
  const changed = new Map(files).set('a.py', FEWER).set('b.py', FEWER)
  const [head, tree] = [world.put(changed, base), world.treeOf(changed)]
  const candidate = aCandidate({
    id: candidateId(base, tree),
    base,
    head,
    tree,
    addedLines: -8,
    pullRequest: 1,
  })
  const branch = candidateBranch(candidate.id)
  world.branches.set(branch, head)
  world.pulls.push({ number: 1, branch, head, state: 'open', title: candidate.title, body: '' })
  world.write(
    { kind: 'started', rootSeed: ROOT_SEED, format: LEDGER_FORMAT },
    { kind: 'baseline', commit: base, tree: world.treeOf(files), cause: 'started' },
    { kind: 'proposed', candidate },
  )
  world.branches.set(BASELINE, world.put(new Map(files).set('b.py', FEWER), base))

  const { repository, ledger, forge } = world
  const log = { info: () => {}, warn: () => {} }
  const ports = {
    repository,
    ledger,
    forge,
    clock: STILL_CLOCK,
    log,
    cancelled: new AbortController().signal,
  }
  const session = await openSession(ports, {
    configPath: CONFIG,
    rootSeed: ROOT_SEED,
    newLedger: false,
    testbed: CONDITIONS.testbed,
    candidates: undefined,
    runUrl: undefined,
  })
  await forgeLane(session)
  await session.flushed()
  expect(session.state.candidates.get(candidate.id)).toMatchObject({ rebases: 1, addedLines: -4 })
})
