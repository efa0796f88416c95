// Loaded before the action (`node --import`): lets its clocks and timers run `CHAOS_SPEED` times as fast, so that the pauses that
// GitHub asks for cost little.
import { syncBuiltinESMExports } from 'node:module'
import { performance } from 'node:perf_hooks'
import timers from 'node:timers/promises'

const SPEED = Number(process.env.CHAOS_SPEED)
const EPOCH = Number(process.env.CHAOS_EPOCH)

const { setTimeout: pause } = timers
timers.setTimeout = ((milliseconds = 0, ...rest: [unknown?, object?]) =>
  pause(milliseconds / SPEED, ...rest)) as typeof pause

const { setTimeout: later, setInterval: often } = globalThis
globalThis.setTimeout = Object.assign(
  (work: () => void, milliseconds = 0, ...rest: []) => later(work, milliseconds / SPEED, ...rest),
  later,
)
globalThis.setInterval = Object.assign(
  (work: () => void, milliseconds = 0, ...rest: []) => often(work, milliseconds / SPEED, ...rest),
  often,
)

const elapsed = performance.now.bind(performance)
performance.now = () => elapsed() * SPEED

const { Date: RealDate } = globalThis
const now = () => EPOCH + (RealDate.now() - EPOCH) * SPEED

globalThis.Date = class extends RealDate {
  constructor(...given: []) {
    if (given.length === 0) super(now())
    else super(...given)
  }
  static override now = now
} as DateConstructor

syncBuiltinESMExports()
