// The recorded runs that rules are tried on.
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { groupRuns, parseReplay, readReplay, valueAt } from '../../bench/replay.ts'

const HEADER = 'config,run,fraction,value\n'
const recorded = (name: string) =>
  readReplay(fileURLToPath(new URL(`../../bench/replay/${name}.csv`, import.meta.url)))

describe('a file', () => {
  it('is read into runs, in its own order', () => {
    expect(parseReplay(`${HEADER}a,1,0.5,3\na,1,1,2.5\r\na,2,1,2.6\n\nb,1,1,2\n`, 'f')).toEqual([
      {
        config: 'a',
        run: '1',
        final: 2.5,
        points: [
          { fraction: 0.5, value: 3 },
          { fraction: 1, value: 2.5 },
        ],
      },
      { config: 'a', run: '2', final: 2.6, points: [{ fraction: 1, value: 2.6 }] },
      { config: 'b', run: '1', final: 2, points: [{ fraction: 1, value: 2 }] },
    ])
  })

  it.each([
    ['another header', 'config,value\n', 'f:1: expected config,run,fraction,value, found "config,value"'],
    ['a short line', `${HEADER}a,1,1,2\na,1\n`, 'f:3: expected 4 fields, found 2'],
    ['no run', `${HEADER}a,,1,2\n`, 'f:2: expected a config and a run'],
    ['a word for a value', `${HEADER}a,1,1,nan\n`, 'f:2: expected a number, found "nan"'],
    ['an empty value', `${HEADER}a,1,1,\n`, 'f:2: expected a number, found ""'],
    ['a fraction above 1', `${HEADER}a,1,1.5,2\n`, 'f:2: expected a fraction of at most 1, found 1.5'],
    ['a fraction of 0', `${HEADER}a,1,0,2\n`, 'f:2: expected a fraction above 0, found 0'],
    [
      'fractions that go back',
      `${HEADER}a,1,1,2\na,1,0.5,2\n`,
      'f:3: expected a fraction above 1, found 0.5',
    ],
    ['a run without an end', `${HEADER}a,1,0.5,2\n`, 'f:2: run 1 of a has no value at fraction 1'],
  ])('with %s is refused with its line', (_what, text, message) => {
    expect(() => parseReplay(text, 'f')).toThrow(message)
  })
})

describe('a value', () => {
  const [run] = parseReplay(`${HEADER}a,1,0.5,4\na,1,1,2\n`, 'f')
  it.each([
    [0.5, 4],
    [0.75, 3],
    [1, 2],
    [0.4, undefined],
  ])('at %d', (fraction, value) => expect(run && valueAt(run, fraction)).toBe(value))
})

describe('the runs of others', () => {
  it('are 26 configurations with at least four runs each, to within 0.01 of each other’s median', () => {
    const groups = groupRuns(recorded('track3'))
    expect([groups.length, groups.flat().length]).toEqual([26, 283])
    for (const runs of groups) {
      expect(runs.length).toBeGreaterThanOrEqual(4)
      const finals = runs.map(({ final }) => final)
      expect(Math.max(...finals) - Math.min(...finals)).toBeLessThan(0.02)
    }
  })

  it('are 80 repeats of one configuration', () => expect(recorded('softcap')).toHaveLength(80))
})
