// Every estimator against values that mpmath worked out from the definitions: test/fixtures/estimators/make.py.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { exactInterval } from '../../../src/core/judge/aa.ts'
import {
  DEFAULT_EFFECTS,
  gainDensities,
  judgeEffect,
  untriedImprovement,
} from '../../../src/core/statistics/effects.ts'
import { firstLevel } from '../../../src/core/statistics/level.ts'
import { estimateNoise, standardDeviation } from '../../../src/core/statistics/noise.ts'
import { CutNormal, normalProbability } from '../../../src/core/statistics/normal.ts'
import { readRuns } from '../../../src/core/statistics/readings.ts'
import {
  CODE_SPREADS,
  DEFAULT_CODE_SHARES,
  learnCodeShares,
  likelySpreads,
} from '../../../src/core/statistics/spreads.ts'

interface Reference {
  normal: { x: number; probability: number }[]
  truncated: { low: number; high: number; mean: number; sd: number; moments: [number, number, number] }[]
  posterior: Posterior[]
  untried: { threshold: number; improvement: number }[]
  upperFactor: { degrees: number; factor: number }[]
  clopperPearson: { count: number; total: number; low: number; high: number }[]
  spreadsOf: { runs: number[]; weights: number[] }[]
  learnedSpreads: { codes: number[][]; shares: number[] }[]
  student: { x: number; degrees: number; tail: number }[]
  level: { losses: number[]; sigma: number; mean: number; variance: number }[]
}

interface Posterior {
  gain: number
  variance: number
  threshold: number
  mass: number
  mean: number
  posteriorVariance: number
  risk: number
  expectedImprovement: number
}

const file = new URL('../../fixtures/estimators/reference.json', import.meta.url)
const reference = JSON.parse(readFileSync(file, 'utf8')) as Reference

describe('against mpmath', () => {
  it.each(reference.normal)('the normal distribution at $x', ({ x, probability }) => {
    expect(Math.abs(normalProbability(x) - probability)).toBeLessThan(1e-7)
  })

  it.each(reference.truncated)('moments between $low and $high', ({ low, high, mean, sd, moments }) => {
    const normal = new CutNormal(2)
    normal.cut(new Float64Array([low, high]), mean, sd)
    const sums = { mass: 0, first: 0, second: 0 }
    normal.addMoments(sums, 0, 1, 1)
    for (const [index, value] of [sums.mass, sums.first, sums.second].entries())
      expect(Math.abs(value - (moments[index] ?? 0))).toBeLessThan(1e-5)
  })

  it.each(reference.posterior)('the posterior of a gain of $gain above $threshold', (row) => {
    const found = judgeEffect(DEFAULT_EFFECTS, row, row.threshold)
    expect(found.mass).toBeCloseTo(row.mass, 6)
    expect(found.mean).toBeCloseTo(row.mean, 5)
    expect(found.variance).toBeCloseTo(row.posteriorVariance, 4)
    expect(found.risk).toBeCloseTo(row.risk, 5)
    expect(found.expectedImprovement).toBeCloseTo(row.expectedImprovement, 5)
    const [density] = gainDensities(DEFAULT_EFFECTS, new Float64Array([row.gain]), row.variance)
    expect(density).toBeCloseTo(row.mass, 6)
  })

  it.each(reference.untried)('what an untried candidate promises above $threshold', (row) => {
    expect(untriedImprovement(DEFAULT_EFFECTS, row.threshold)).toBeCloseTo(row.improvement, 10)
  })

  // The quantile of Wilson and Hilferty is an approximation, and worst with one degree of freedom.
  it.each(reference.upperFactor)(
    'how far σ is raised at $degrees degrees of freedom',
    ({ degrees, factor }) => {
      const group = Array.from({ length: degrees + 1 }, (_, index) => index % 2)
      const found = (estimateNoise([group])?.sigma ?? 0) / (standardDeviation(group) ?? 1)
      expect(Math.abs(found / factor - 1)).toBeLessThan(degrees === 1 ? 0.1 : 0.01)
    },
  )

  it.each(reference.clopperPearson)('the interval of $count of $total', ({ count, total, low, high }) => {
    const found = exactInterval(count, total)
    expect(found.low).toBeCloseTo(low, 8)
    expect(found.high).toBeCloseTo(high, 8)
  })

  it.each(reference.spreadsOf)('how much the code of $runs varies', ({ runs, weights }) => {
    const spreads = CODE_SPREADS.map((times, index) => ({ times, share: DEFAULT_CODE_SHARES[index] ?? 0 }))
    const found = readRuns(runs, 1, 1e-12, spreads)
    for (const [index, spread] of CODE_SPREADS.entries())
      expect(found.find((reading) => reading.spread === spread)?.weight ?? 0).toBeCloseTo(
        weights[index] ?? 0,
        3,
      )
  })

  it.each(reference.learnedSpreads)('how often code varies more, after $codes', ({ codes, shares }) => {
    const found = learnCodeShares(
      codes.map((runs) => ({
        squares: (standardDeviation(runs) ?? 0) ** 2 * (runs.length - 1),
        degreesOfFreedom: runs.length - 1,
      })),
    )
    for (const [index, share] of found.entries()) expect(share).toBeCloseTo(shares[index] ?? 0, 3)
  })

  // A few values stand for all that σ may be.
  it.each(reference.student)(
    'a run above $x σ where σ has $degrees degrees of freedom',
    ({ x, degrees, tail }) => {
      const spreads = likelySpreads(degrees, 1, [1, 0, 0])
      const found = spreads.reduce((sum, { times, share }) => sum + share * normalProbability(-x / times), 0)
      expect(Math.abs(found / tail - 1)).toBeLessThan(0.15)
    },
  )

  it.each(reference.level)('the level of $losses', ({ losses, sigma, mean, variance }) => {
    const found = firstLevel(losses, sigma)
    expect(Math.abs(found.mean - mean) / sigma).toBeLessThan(1e-3)
    expect(found.variance / variance).toBeCloseTo(1, 2)
  })
})
