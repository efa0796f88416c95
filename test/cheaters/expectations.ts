// What is asked of a cheater's fate, whichever example it attacks.
import { expect } from 'vitest'
import { type Cheater, OVER_BUDGET } from '../fixtures/cheaters/cheater.ts'
import type { Lab } from './lab.ts'

/** Cheaters for `test.each`, so that `%s` is their title. */
export function named(cheaters: readonly Cheater[]): [string, Cheater][] {
  return cheaters.map((cheater) => [cheater.title, cheater])
}

/** Takes a cheater through, and compares what became of it, reason included. */
export async function expectFate(lab: Lab, cheater: Cheater): Promise<{ logs: string[] }> {
  const { expected } = cheater
  const told = expected === OVER_BUDGET ? lab.besideAnIdleBaseline : lab.ofUsualLength
  const fate = await lab.take(cheater, { told })
  if ('refused' in expected) {
    expect(fate.kind).toBe('refused')
    expect(fate.kind === 'refused' && fate.reasons.join('\n')).toMatch(expected.refused)
    return { logs: [] }
  }
  if (fate.kind !== 'judged') throw new Error(`the gate refused it: ${fate.reasons.join('\n')}`)
  expect(fate.verdict.kind, fate.verdict.reason).not.toBe('merge')
  expect(fate.verdict.reason).toMatch(expected.reason)
  expect(fate.verdict.kind).toBe(expected.verdict)
  if (expected.log) for (const log of fate.logs) expect(log).toMatch(expected.log)
  return fate
}
