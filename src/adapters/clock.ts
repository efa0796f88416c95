// The time of this machine.
import { performance } from 'node:perf_hooks'
import type { Clock } from '../ports.ts'

export const systemClock: Clock = {
  now: () => new Date(),
  monotonicSeconds: () => performance.now() / 1000,
}
