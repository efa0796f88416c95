// Which planned trial may start beside those that are running.
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Trial } from '../../src/core/record/trial.ts'
import { PlannedTrials } from '../../src/session/lanes/planned-trials.ts'
import { openSession } from '../../src/session/opening.ts'
import { aTrial } from '../factories.ts'
import { aLab } from '../fakes/lab.ts'
import { SETTINGS } from '../fakes/world.ts'

const small = aTrial({ replicate: 2 })
const large: Trial = {
  ...aTrial(),
  id: 'large',
  protocol: { purpose: 'promote', scale: 'd24', promotion: 1 },
}

test.each<[string, Trial, Trial]>([
  ['nothing starts beside a run at a larger scale', large, small],
  ['a run at a larger scale waits until the others have ended', small, large],
])('%s', async (_, running, planned) => {
  const session = await openSession(aLab().ports, SETTINGS)
  session.running.set(running.id, running)
  const trials = new PlannedTrials(session, {
    command: 'run',
    deadlineSeconds: 1e9,
    plan: () => [planned],
    mayGrow: () => false,
  })
  const started: (Trial | undefined)[] = []
  const next = trials.next(new AbortController().signal).then((trial) => started.push(trial))
  for (let turn = 0; turn < 50; turn += 1) await setImmediate()
  expect(started).toEqual([])
  session.running.delete(running.id)
  session.wake()
  await next
  expect(started).toEqual([planned])
  await session.flushed()
})
