// The clock of this machine.
import { performance } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'
import type { Clock } from '../ports/job.ts'

export const systemClock: Clock = {
  now: () => new Date(),
  monotonicSeconds: () => performance.now() / 1000,
  pause: (seconds, signal) => setTimeout(1000 * seconds, undefined, { signal }).catch(() => undefined),
}
