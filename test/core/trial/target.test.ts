import { describe, expect, test } from 'vitest'
import type { TargetSource } from '../../../src/core/trial/metric.ts'
import { confirmTarget, measureTarget, TargetWatch } from '../../../src/core/trial/target.ts'

const SOURCE: TargetSource = {
  kind: 'target',
  curve: 'val',
  pattern: '^val (\\S+)',
  target: 2,
  reached: 'below',
}
const ENDED = { code: 0, signal: null, timedOut: false }

type Line = readonly [line: string, seconds: number]

function watched(lines: readonly Line[], source: TargetSource = SOURCE): TargetWatch {
  const watch = new TargetWatch(source)
  for (const [line, seconds] of lines) watch.read(line, seconds)
  return watch
}

function measured(
  lines: readonly Line[],
  source = SOURCE,
  ended: Partial<Parameters<typeof measureTarget>[0]> = {},
) {
  const watch = watched(lines, source)
  return measureTarget({ exit: ENDED, watch, log: '', diverged: false, ...ended }, source)
}

describe('a crossing', () => {
  test.each<[string, readonly Line[], number]>([
    [
      'lies on the line between the two points around the target',
      [
        ['val 3', 10],
        ['val 1', 20],
      ],
      15,
    ],
    [
      'weighs the points by their distance',
      [
        ['val 2.5', 10],
        ['val 1', 40],
      ],
      20,
    ],
    [
      'is at a point that is exactly at the target',
      [
        ['val 3', 10],
        ['val 2', 20],
      ],
      20,
    ],
    ['is at the first point when that is beyond the target', [['val 1', 7]], 7],
    [
      'is the first one',
      [
        ['val 3', 10],
        ['val 1', 20],
        ['val 3', 30],
        ['val 1', 40],
      ],
      15,
    ],
    [
      'looks at the last point before it, not at the worst',
      [
        ['val 9', 0],
        ['val 3', 10],
        ['val 1', 20],
      ],
      15,
    ],
    [
      'skips values that are no numbers',
      [
        ['val 3', 10],
        ['val nan', 15],
        ['val 1', 20],
      ],
      15,
    ],
    [
      'skips other lines',
      [
        ['val 3', 10],
        ['lr 1', 15],
        ['val 1', 20],
      ],
      15,
    ],
    [
      'may lie within one piece of output',
      [
        ['val 3', 10],
        ['val 1', 10],
      ],
      10,
    ],
  ])('%s', (_, lines, seconds) => {
    expect(measured(lines)).toMatchObject({ outcome: 'measured', value: seconds })
  })

  test('of a curve that rises is where it comes from below', () => {
    const rising: TargetSource = { ...SOURCE, reached: 'above' }
    expect(
      measured(
        [
          ['val 1', 10],
          ['val 3', 20],
        ],
        rising,
      ),
    ).toMatchObject({ value: 15 })
    expect(
      measured(
        [
          ['val 1', 10],
          ['val 1.5', 20],
        ],
        rising,
      ).outcome,
    ).toBe('not-reached')
  })

  test('keeps apart what the script says of it', () => {
    const lines: Line[] = [
      ['val 3', 10],
      ['AUTORESEARCH_PAUSE', 20],
      ['AUTORESEARCH_RESUME', 24],
      ['val 1', 34],
    ]
    expect(measured(lines, SOURCE, { trainedSeconds: 36.5 }).crossing).toEqual({
      seconds: 34,
      pausedSeconds: 4,
      intervalSeconds: 20,
      afterSeconds: 10,
      savingSeconds: 2.5,
    })
  })
})

describe('pauses', () => {
  const PAUSE = 'AUTORESEARCH_PAUSE'
  const RESUME = 'AUTORESEARCH_RESUME'

  test.each<[string, readonly Line[], number]>([
    [
      'are left out',
      [
        [PAUSE, 5],
        [RESUME, 9],
        ['val 1', 20],
      ],
      16,
    ],
    [
      'add up',
      [
        [PAUSE, 5],
        [RESUME, 9],
        [PAUSE, 10],
        [RESUME, 11],
        ['val 1', 20],
      ],
      15,
    ],
    [
      'count until the point that is printed in them',
      [
        ['val 3', 10],
        [PAUSE, 20],
        ['val 1', 26],
      ],
      15,
    ],
    [
      'count once when begun twice',
      [
        [PAUSE, 5],
        [PAUSE, 7],
        [RESUME, 9],
        ['val 1', 20],
      ],
      16,
    ],
    [
      'need a beginning',
      [
        [RESUME, 9],
        ['val 1', 20],
      ],
      20,
    ],
    [
      'behind the crossing change nothing',
      [
        ['val 1', 20],
        [PAUSE, 21],
        [RESUME, 30],
      ],
      20,
    ],
    [
      'that cover all time leave none',
      [
        [PAUSE, 0],
        ['val 1', 20],
      ],
      0,
    ],
    [
      'may be indented',
      [
        [`  ${PAUSE} `, 5],
        [RESUME, 9],
        ['val 1', 20],
      ],
      16,
    ],
    [
      'are lines of their own',
      [
        [`now ${PAUSE}`, 5],
        [`${RESUME}!`, 9],
        ['val 1', 20],
      ],
      20,
    ],
  ])('%s', (_, lines, seconds) => {
    expect(measured(lines)).toMatchObject({ outcome: 'measured', value: seconds })
  })
})

describe('without a crossing', () => {
  const never: Line[] = [
    ['val 3', 10],
    ['val 2.25', 20],
  ]

  test('the run did not reach the target, and the reason names the nearest value', () => {
    expect(measured(never)).toEqual({
      outcome: 'not-reached',
      reason: 'val did not reach 2 or less before training ended; the nearest value was 2.25',
    })
  })

  test.each([
    [
      'a run that was killed at its timeout',
      never,
      { exit: { ...ENDED, code: null, timedOut: true } },
      'not-reached',
    ],
    ['a silent run that was killed', [], { exit: { ...ENDED, code: null, timedOut: true } }, 'timed-out'],
    ['a run without a point', [], {}, 'no-metric'],
    ['a crash', never, { exit: { ...ENDED, code: 1 } }, 'crashed'],
    [
      'a run that used too much memory',
      never,
      { exit: { ...ENDED, exceeded: 'memory' as const } },
      'out-of-memory',
    ],
  ])('%s is told apart', (_, lines, ended, outcome) => {
    expect(measured(lines as Line[], SOURCE, ended).outcome).toBe(outcome)
  })
})

describe('an evaluator', () => {
  const reported = measured([['val 1', 20]])

  test('confirms the time', () => {
    expect(confirmTarget(reported, { outcome: 'measured', value: 1.9 }, SOURCE)).toBe(reported)
  })

  test('refuses a target that the checkpoint does not reach', () => {
    const refused = confirmTarget(reported, { outcome: 'measured', value: 2.1 }, SOURCE)
    expect(refused.outcome).toBe('not-reached')
    expect(refused.reason).toContain('the evaluator measured 2.1')
  })

  test('that fails leaves no time', () => {
    const failed = { outcome: 'crashed', reason: 'in the evaluation: …' } as const
    expect(confirmTarget(reported, failed, SOURCE)).toBe(failed)
  })
})
