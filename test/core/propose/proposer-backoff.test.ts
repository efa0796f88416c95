import { describe, expect, test } from 'vitest'
import {
  type ProposalOutcome,
  ProposerBackoff,
  ROUND_BACKOFF,
  RUN_BACKOFF,
} from '../../../src/core/propose/proposer-backoff.ts'

const NOTHING: ProposalOutcome = { kind: 'nothing' }
const UNREACHABLE: ProposalOutcome = { kind: 'nothing', unreachable: true }

/** A backoff with these outcomes of proposer 0, each recorded as soon as it may be queried again. */
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
    ['has never been queried', [], false],
    ['returned nothing four times', Array(4).fill(NOTHING), false],
    ['returned nothing five times in a row', Array(5).fill(NOTHING), true],
    [
      'had an idea in between',
      [...Array(4).fill(NOTHING), { kind: 'proposed' }, ...Array(4).fill(NOTHING)],
      false,
    ],
    ['declined requests only', Array(9).fill({ ...NOTHING, declined: true }), false],
    ['is exhausted', [{ ...NOTHING, exhausted: true }], true],
    ['cannot be reached until a person fixes it', [{ ...UNREACHABLE, exhausted: true }], true],
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

  test('F2 bars only the unreachable proposer, longer each time', () => {
    const { backoff, now, rests } = having(...Array(8).fill(UNREACHABLE))
    expect(rests).toEqual([60, 120, 240, 480, 900, 900, 900, undefined])
    expect(backoff.recordOutcome(1, UNREACHABLE, now)).toBe(60)
    expect([...backoff.barred(now)]).toEqual([0, 1])
    expect(backoff.restSeconds(now + 10)).toBe(50)
    expect([...backoff.barred(now + 60)]).toEqual([0])
    expect(backoff.restSeconds(now + 60)).toBeUndefined()
  })

  test('in a round queries a proposer without a candidate only once, unless it declined a request', () => {
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

  test('queries all proposers again on a new baseline', () => {
    const { backoff } = having(...Array(5).fill(NOTHING))
    backoff.renew()
    expect(backoff.barred(0)).toEqual(new Set())
    expect(backoff.recordOutcome(0, NOTHING, 0)).toBeUndefined()
    expect(backoff.barred(0)).toEqual(new Set())
  })
})
