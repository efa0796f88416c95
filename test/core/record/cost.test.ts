// The cost of research, in total and since a point in time.

import { describe, expect, test } from 'vitest'
import { NO_USAGE, type Usage } from '../../../src/core/record/candidate.ts'
import { costSince, spendingOf, summariseCost } from '../../../src/core/record/cost.ts'
import { LEDGER_FORMAT, type LedgerEvent } from '../../../src/core/record/events.ts'
import { replay } from '../../../src/core/record/state.ts'
import { aBaseline, aCandidate, aTrialResult, ROOT_SEED, revertOrigin, sha } from '../../factories.ts'

const usage = (inputTokens: number, dollars = 0, cachedTokens?: number): Usage => ({
  inputTokens,
  ...(cachedTokens !== undefined && { cachedTokens }),
  outputTokens: 0,
  dollars,
})

const good = aCandidate({ name: 'good', usage: usage(1000, 0.5, 400) })
const bad = aCandidate({ name: 'bad', usage: usage(3000) })
const EVENTS: LedgerEvent[] = [
  { kind: 'started', rootSeed: ROOT_SEED, format: LEDGER_FORMAT },
  { kind: 'baseline', ...aBaseline(), cause: 'started' },
  { kind: 'trial', result: aTrialResult({ deviceSeconds: 100 }) },
  { kind: 'proposed', candidate: good },
  { kind: 'no-proposal', id: 'n1', proposer: 'openai gpt-x', reason: 'empty answer', usage: usage(500, 0.1) },
  { kind: 'trial', result: aTrialResult({ candidate: good, deviceSeconds: 30 }) },
  { kind: 'trial', result: aTrialResult({ candidate: good, replicate: 2, deviceSeconds: 20 }) },
  { kind: 'proposed', candidate: bad },
  { kind: 'trial', result: aTrialResult({ candidate: bad, outcome: 'crashed', deviceSeconds: 10 }) },
]
const MERGED: LedgerEvent = {
  kind: 'ended',
  candidate: good.id,
  end: { kind: 'merged', commit: sha('m'), asTrained: true },
}

describe('the cost', () => {
  test('of a candidate is that of inventing it and of its own runs, whatever they ended in', () => {
    const { byCandidate } = summariseCost(replay(EVENTS))
    expect(byCandidate.get(good.id)).toEqual({ usage: good.usage, deviceSeconds: 50 })
    expect(byCandidate.get(bad.id)).toEqual({ usage: bad.usage, deviceSeconds: 10 })
  })

  test('in total includes failed proposal attempts and runs of the baseline', () => {
    const { total, perMerge } = summariseCost(replay(EVENTS))
    expect(total).toEqual({ usage: { ...usage(4500, 0.6), cachedTokens: 400 }, deviceSeconds: 160 })
    expect(perMerge).toBeUndefined()
  })

  test('of a merge is the total by their number', () => {
    const { perMerge } = summariseCost(replay([...EVENTS, MERGED]))
    expect(perMerge).toMatchObject({ usage: { inputTokens: 4500, cachedTokens: 400 }, deviceSeconds: 160 })
  })

  test('of a merge leaves out merges that were undone', () => {
    const revert = aCandidate({ name: 'undoing', origin: revertOrigin(sha('m')) })
    const undone: LedgerEvent[] = [
      MERGED,
      { kind: 'proposed', candidate: revert },
      {
        kind: 'ended',
        candidate: revert.id,
        end: { kind: 'merged', commit: sha('undone'), asTrained: true },
      },
    ]
    expect(summariseCost(replay([...EVENTS, ...undone])).perMerge).toBeUndefined()
  })

  test('in total includes the cost of insights', () => {
    const decidedAtLastInsights = {
      kind: 'insights',
      decided: 20,
      proposer: 'openai gpt-x',
      usage: usage(50),
    } as const
    expect(summariseCost(replay([...EVENTS, decidedAtLastInsights])).total.usage.inputTokens).toBe(4550)
    const at = new Date(1000)
    expect(costSince([spendingOf(decidedAtLastInsights, 900)], new Date(0), at).usage).toEqual(usage(50))
  })

  test('of a repeated line counts once', () => {
    expect(summariseCost(replay([...EVENTS, ...EVENTS])).total.deviceSeconds).toBe(160)
  })
})

describe('F44 the cost since a moment, on clocks that differ', () => {
  const NOW = new Date('2026-11-20T00:00:00Z')
  const SINCE = new Date('2026-11-13T00:00:00Z')
  const cost = (at: string, seconds: number, n: number) => ({
    event: { kind: 'trial', result: aTrialResult({ replicate: n, deviceSeconds: seconds }) } as LedgerEvent,
    time: Date.parse(at),
  })

  /** Seconds that count; each line is worth another power of two. */
  function counted(...times: string[]): number {
    const lines = times.map((at, index) => cost(at, 2 ** index, index + 1))
    const spending = lines.map(({ event, time }) => spendingOf(event, time))
    return costSince(spending, SINCE, NOW).deviceSeconds
  }

  test.each<[string, string[], number]>([
    ['nothing', [], 0],
    ['all before', ['2026-11-01', '2026-11-12'], 0],
    ['what came after', ['2026-11-01', '2026-11-14', '2026-11-15'], 0b110],
    ['a clock that is behind hides nothing', ['2026-11-14', '1970-01-01', '2026-11-15'], 0b111],
    ['a clock that is ahead counts for itself', ['2026-11-01', '2031-01-01', '2026-11-02'], 0b010],
    ['a clock that is ahead counts, and does not keep others', ['2031-01-01', '2026-11-01'], 0b01],
    ['an unreadable time is as old as the line before', ['2026-11-14', 'yesterday'], 0b11],
    ['an unreadable time alone is old', ['yesterday', '2026-11-14'], 0b10],
  ])('%s', (_, times, seconds) => expect(counted(...times)).toBe(seconds))

  test('holds what proposing took', () => {
    const spending = EVENTS.map((event) => spendingOf(event, NOW.getTime()))
    const { usage } = costSince(spending, SINCE, NOW)
    expect(usage).toEqual({ ...NO_USAGE, inputTokens: 4500, cachedTokens: 400, dollars: 0.6 })
  })
})
