// A job that trains planned trials and proposes nothing: certification and promotion.
import type { Trainer } from '../../ports/trainer.ts'
import type { Ports } from '../ports.ts'
import type { Session } from '../session.ts'
import { hasForgeWork } from './forge.ts'
import { PlannedTrials, type PlannedTrialsOptions } from './planned-trials.ts'
import { LanesSideBySide } from './side-by-side.ts'
import { trainLanes } from './train.ts'

/**
 * Trains what is planned, and does what that leads to on GitHub, until nothing is left or the deadline comes.
 *
 * @returns how the devices spent their time
 */
export async function trainOnly(
  ports: Ports & { trainer: Trainer },
  session: Session,
  options: Omit<PlannedTrialsOptions, 'mayGrow'>,
): Promise<{ busySeconds: number; devices: number }> {
  const lanes = new LanesSideBySide(session)
  const trials = new PlannedTrials(session, { ...options, mayGrow: () => hasForgeWork(session) })
  await lanes.run(
    options.deadlineSeconds,
    () => trainLanes(ports, trials, lanes.signal),
    async () => {},
  )
  return { ...trials.times, devices: ports.trainer.slots }
}
