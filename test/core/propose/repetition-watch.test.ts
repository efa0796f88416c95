import { describe, expect, test } from 'vitest'
import { RepetitionWatch } from '../../../src/core/propose/repetition-watch.ts'

const REPEATED = { kind: 'nothing', repeated: true } as const
const OTHER = { kind: 'nothing' } as const

describe('a proposer that repeats what is under way', () => {
  test.each([
    ['once: it is told, and asked again', [REPEATED], []],
    ['twice in a row: it waits', [REPEATED, REPEATED], [0]],
    ['twice, with another answer between', [REPEATED, OTHER, REPEATED], []],
  ])('%s', (_, outcomes, waiting) => {
    const watch = new RepetitionWatch()
    for (const outcome of outcomes) watch.recordOutcome(0, outcome, 3)
    expect(watch.waiting({ decided: 3, open: 1 })).toEqual(waiting)
  })

  test('is asked again as soon as something is decided, or nothing is open', () => {
    const watch = new RepetitionWatch()
    for (const outcome of [REPEATED, REPEATED]) watch.recordOutcome(0, outcome, 3)
    expect(watch.waiting({ decided: 4, open: 1 })).toEqual([])
    expect(watch.waiting({ decided: 3, open: 0 })).toEqual([])
  })
})
