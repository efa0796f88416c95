// How many candidates wait for their first run, so that the devices wait neither for proposers nor for GitHub.
import type { State } from '../record/state.ts'
import { waitingCandidates } from './schedule.ts'

/** Candidates that may wait for each device: enough to keep it busy, and few, because a merge makes all of them stale. */
const CANDIDATES_PER_DEVICE = 2
/** Steps that may be due on GitHub, which allows one write per second: short trials can produce candidates faster. */
const MAX_STEPS_DUE = 4

/** @param devices trials side by side */
export function queueDepth(devices: number): number {
  return CANDIDATES_PER_DEVICE * devices
}

/** One proposer that is being asked for a candidate. */
export interface AskingForPlace {
  /** Trials that had ended when the asking began. */
  trials: number
  /** Its last asking took longer than a trial. */
  isSlow: boolean
}

/**
 * How many askings hold a place in the queue. One that outlasts a trial holds none: the device would wait for it. So each slow
 * proposer can make the queue one candidate longer.
 */
export function placesOf(askings: readonly AskingForPlace[], trials: number): number {
  return askings.filter((asking) => !asking.isSlow && asking.trials === trials).length
}

/** Trials that have ended since the ledger began. */
export function countTrials({ archive, trials }: State): number {
  return archive.trials + trials.size
}

/**
 * Whether one more candidate may be asked for.
 *
 * @param depth candidates that may wait for their first run
 * @param places of those who are being asked, see `placesOf`
 * @param stepsDue on GitHub; 0 where nothing is done there meanwhile
 */
export function hasRoom(state: State, depth: number, places: number, stepsDue: number): boolean {
  return stepsDue < MAX_STEPS_DUE && waitingCandidates(state).length + places < depth
}
