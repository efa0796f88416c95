import { describe, expect, test } from 'vitest'
import {
  type ProposalOutcome,
  ProposerBackoff,
  ROUND_BACKOFF,
  RUN_BACKOFF,
} from '../../../src/core/propose/proposer-backoff.ts'

const NOTHING: ProposalOutcome = { kind: 'nothing' }
const UNREACHABLE: ProposalOutcome = { kind: 'nothing', unreachable: true }

/** A backoff that was told this of proposer 0, each as soon as it could be asked again. */
function having(...askings: ProposalOutcome[]): {
  backoff: ProposerBackoff
  now: number
  rests: (number | undefined)[]
} {
  const backoff = new ProposerBackoff(RUN_BACKOFF)
  let now = 0
  const rests = askings.map((asking) => {
    const seconds = backoff.recordOutcome(0, asking, now)
    now += seconds ?? 0
    return seconds
  })
  return { backoff, now, rests }
}

describe('ProposerBackoff', () => {
  test.each<[string, ProposalOutcome[], boolean]>([
    ['has never been asked', [], false],
    ['came back empty four times', Array(4).fill(NOTHING), false],
    ['came back empty five times in a row', Array(5).fill(NOTHING), true],
    [
      'had an idea in between',
      [...Array(4).fill(NOTHING), { kind: 'proposed' }, ...Array(4).fill(NOTHING)],
      false,
    ],
    ['declined requests only', Array(9).fill({ ...NOTHING, declined: true }), false],
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
    const { backoff, now } = having(...askings)
    expect(backoff.barred(now).has(0)).toBe(isBarred)
  })

  test('F2 leaves alone who cannot be reached, longer each time, and nobody else', () => {
    const { backoff, now, rests } = having(...Array(8).fill(UNREACHABLE))
    expect(rests).toEqual([60, 120, 240, 480, 900, 900, 900, undefined])
    expect(backoff.recordOutcome(1, UNREACHABLE, now)).toBe(60)
    expect([...backoff.barred(now)]).toEqual([0, 1])
    expect(backoff.restSeconds(now + 10)).toBe(50)
    expect([...backoff.barred(now + 60)]).toEqual([0])
    expect(backoff.restSeconds(now + 60)).toBeUndefined()
  })

  test('in a round asks nobody twice who brought nothing, except for one that declined a request', () => {
    const barredAfter = (asking: ProposalOutcome) => {
      const backoff = new ProposerBackoff(ROUND_BACKOFF)
      expect(backoff.recordOutcome(0, asking, 0)).toBeUndefined()
      return backoff.barred(0).has(0)
    }
    expect([NOTHING, UNREACHABLE, { ...NOTHING, declined: true } as const].map(barredAfter)).toEqual([
      true,
      true,
      false,
    ])
  })

  test('gives a new chance on a new baseline', () => {
    const { backoff } = having(...Array(5).fill(NOTHING))
    backoff.renew()
    expect(backoff.barred(0)).toEqual(new Set())
    expect(backoff.recordOutcome(0, NOTHING, 0)).toBeUndefined()
    expect(backoff.barred(0)).toEqual(new Set())
  })
})
