import { describe, expect, test } from 'vitest'
import { type Asking, Patience } from '../../../src/core/propose/patience.ts'

const NOTHING: Asking = { kind: 'nothing' }
const UNREACHABLE: Asking = { kind: 'nothing', unreachable: true }

/** Patience that has heard this of proposer 0, each as soon as it could be asked again. */
function having(...askings: Asking[]): { patience: Patience; now: number; rests: (number | undefined)[] } {
  const patience = new Patience()
  let now = 0
  const rests = askings.map((asking) => {
    const seconds = patience.hear(0, asking, now)
    now += seconds ?? 0
    return seconds
  })
  return { patience, now, rests }
}

describe('Patience', () => {
  test.each<[string, Asking[], boolean]>([
    ['has never been asked', [], false],
    ['came back empty four times', Array(4).fill(NOTHING), false],
    ['came back empty five times in a row', Array(5).fill(NOTHING), true],
    [
      'had an idea in between',
      [...Array(4).fill(NOTHING), { kind: 'proposed' }, ...Array(4).fill(NOTHING)],
      false,
    ],
    ['declined wishes only', Array(9).fill({ ...NOTHING, declined: true }), false],
    ['has nothing more', [{ ...NOTHING, exhausted: true }], true],
    ['cannot be reached until a person mends it', [{ ...UNREACHABLE, exhausted: true }], true],
    ['could not be reached for half an hour', Array(5).fill(UNREACHABLE), false],
    ['could not be reached for an hour', Array(8).fill(UNREACHABLE), true],
    [
      'was reached in between',
      [...Array(7).fill(UNREACHABLE), NOTHING, ...Array(7).fill(UNREACHABLE)],
      false,
    ],
  ])('of a proposer that %s', (_, askings, isBarred) => {
    const { patience, now } = having(...askings)
    expect(patience.barred(now).has(0)).toBe(isBarred)
  })

  test('F2 leaves alone who cannot be reached, longer each time, and nobody else', () => {
    const { patience, now, rests } = having(...Array(8).fill(UNREACHABLE))
    expect(rests).toEqual([60, 120, 240, 480, 900, 900, 900, undefined])
    expect(patience.hear(1, UNREACHABLE, now)).toBe(60)
    expect([...patience.barred(now)]).toEqual([0, 1])
    expect(patience.restSeconds(now + 10)).toBe(50)
    expect([...patience.barred(now + 60)]).toEqual([0])
    expect(patience.restSeconds(now + 60)).toBeUndefined()
  })

  test('gives a new chance on a new baseline', () => {
    const { patience } = having(...Array(5).fill(NOTHING))
    patience.renew()
    expect(patience.barred(0)).toEqual(new Set())
    expect(patience.hear(0, NOTHING, 0)).toBeUndefined()
    expect(patience.barred(0)).toEqual(new Set())
  })
})
