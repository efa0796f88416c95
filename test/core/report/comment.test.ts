import { describe, expect, test } from 'vitest'
import { summariseCost } from '../../../src/core/record/cost.ts'
import type { CurvePoint } from '../../../src/core/record/trial.ts'
import { candidateMarker, renderComment } from '../../../src/core/report/comment.ts'
import { renderCurveChart } from '../../../src/core/report/curve-chart.ts'
import { aCandidate, aConfig, aState, aTrialResult, aVerdict, trialResults } from '../../factories.ts'
import { HOSTILE } from './hostile.ts'
import { rendered } from './rendered.ts'

const candidate = aCandidate()
const config = aConfig()

/** Falls from `start` to `end` in a straight line over 11 points. */
function line(start: number, end: number, steps = 100): CurvePoint[] {
  return Array.from({ length: 11 }, (_, n) => ({
    step: (n * steps) / 10,
    value: start + ((end - start) * n) / 10,
  }))
}

const evidence = {
  baseline: trialResults([2.37, 2.38, 2.365], { curve: line(4, 2) }),
  candidate: trialResults([2.34, 2.3424], { candidate, curve: line(3, 1, 500) }),
  sigma: 0.0056,
}

const spender = { ...candidate, usage: { inputTokens: 30_000, outputTokens: 1000, dollars: 0.21 } }
const cost = summariseCost(
  aState({
    candidates: [spender],
    trials: [...evidence.baseline, ...evidence.candidate],
    usage: { inputTokens: 90_000, cachedTokens: 50_000, outputTokens: 3000, dollars: 0.6 },
  }),
)

test('a typical comment', () => {
  expect(renderComment({ candidate, config, cost, evidence, verdict: aVerdict() })).toMatchInlineSnapshot(`
    "<!-- autoresearch metrics f9850c0d -->

    **Merge**: gain 0.0312 ± 0.0091 over 2 runs, z = 3.4, false-merge risk 0.8 % ≤ 12 %

    |  | val_bpb | Δ |
    | --- | --- | --- |
    | baseline, 3 runs | 2.3717 ± 0.00764 |  |
    | run 1 | 2.34 | −0.0317 (−1.3 %) |
    | run 2 | 2.3424 | −0.0293 (−1.2 %) |
    | **candidate**, 2 runs | **2.3412 ± 0.0017** | **−0.0305 (−1.3 %)** |

    One run varies by σ = 0.0112, pooled over repeated runs of equal code.

    Cost: 31k tokens, $0.21, 10m device time. Research so far: 93k tokens, 50k of them cached, $0.60, 25m device time.

    \`\`\`mermaid
    %%{init: {"themeVariables": {"xyChart": {"plotColorPalette": "#8c959f, #2da44e"}}}}%%
    xychart-beta
      x-axis "share of the run (%)" 10 --> 100
      y-axis "value" 0.860 --> 3.940
      line [3.800, 3.700, 3.600, 3.500, 3.400, 3.300, 3.200, 3.100, 3.000, 2.900, 2.800, 2.700, 2.600, 2.500, 2.400, 2.300, 2.200, 2.100, 2.000]
      line [2.800, 2.700, 2.600, 2.500, 2.400, 2.300, 2.200, 2.100, 2.000, 1.900, 1.800, 1.700, 1.600, 1.500, 1.400, 1.300, 1.200, 1.100, 1.000]
    \`\`\`

    Mean training curves. Grey: baseline. Green: this candidate."
  `)
})

test('without curves there is no chart', () => {
  const bare = { ...evidence, candidate: trialResults([2.34], { candidate }) }
  expect(renderComment({ candidate, config, cost, evidence: bare, verdict: aVerdict() })).not.toContain(
    'mermaid',
  )
})

test.each(HOSTILE)('F64 a reason with %s is literal text', (_, text) => {
  const crashed = {
    ...evidence,
    candidate: [aTrialResult({ candidate, outcome: 'crashed', reason: text, tail: text })],
  }
  const render = (reason: string) =>
    renderComment({
      candidate,
      config,
      cost,
      evidence: crashed,
      verdict: aVerdict({ kind: 'reject', reason }),
    })
  expect(rendered(render(text)).active).toEqual(rendered(render('x')).active)
  expect(rendered(render(text)).triggers).toEqual([])
  expect(render(text).startsWith(candidateMarker(candidate.id))).toBe(true)
  expect(render(text).split('<!--')).toHaveLength(2)
  expect(render(text).length).toBeLessThanOrEqual(65_536)
})

describe('the curve chart', () => {
  const chartOf = (curve: CurvePoint[]) => renderCurveChart([], trialResults([1], { candidate, curve }))
  const numbers = (chart = '') =>
    [...chart.matchAll(/line \[(.*)\]/g)].map(([, list = '']) => list.split(', ').map(Number))

  test('has at most 20 points per line, within its range', () => {
    const chart = renderCurveChart(evidence.baseline, evidence.candidate)
    const [low = 0, high = 0] = (/"value" (\S+) --> (\S+)/.exec(chart ?? '') ?? []).slice(1).map(Number)
    expect(numbers(chart).map((values) => values.length)).toEqual([19, 19])
    expect(Math.min(...numbers(chart).flat())).toBeGreaterThan(low)
    expect(Math.max(...numbers(chart).flat())).toBeLessThan(high)
  })

  test('starts after a tenth and ends at the last value', () => {
    const values = numbers(chartOf(line(3, 1)))[0] ?? []
    expect(values[0]).toBeCloseTo(2.8)
    expect(values.at(-1)).toBe(1)
  })

  test.each([
    ['no points', []],
    ['one point', [{ step: 1, value: 1 }]],
    ['values nobody can read', line(1e300, 1)],
  ])('is left out for %s', (_, curve) => {
    expect(chartOf(curve)).toBeUndefined()
  })

  test.each([
    ['a flat curve', line(2, 2)],
    ['zeros', line(0, 0)],
    ['tiny negative values', line(-1e-9, -2e-9)],
    ['large values', line(9e8, 1e8)],
    ['one step repeated', [1, 2, 3].map((value) => ({ step: 5, value }))],
  ])('writes %s as plain decimals', (_, curve) => {
    expect(chartOf(curve)).not.toMatch(/\d\.?e[-+]?\d|NaN|Infinity|undefined/)
    expect(chartOf(curve)?.split('\n')).toHaveLength(7)
  })

  test('ignores runs that failed', () => {
    const failed = [aTrialResult({ candidate, outcome: 'crashed', curve: line(3, 1) })]
    expect(renderCurveChart(evidence.baseline, failed)).toBeUndefined()
  })
})
