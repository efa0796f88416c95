// Whether a shared seed makes changes that do nothing look better, by simulation. All numbers are in σ.
import { describe, expect, it } from 'vitest'
import { judge } from '../../../src/core/judge/judge.ts'
import { judgePolicy } from '../../../src/core/plan/rules.ts'
import { believe, NOTHING_CARRIED } from '../../../src/core/statistics/belief.ts'
import { mean } from '../../../src/core/statistics/noise.ts'
import { seedToShare } from '../../../src/core/trial/shared-seed.ts'
import { aRandom, aTrialResult, DEFAULTS, gaussian } from '../../factories.ts'

const POLICY = judgePolicy(DEFAULTS)
const TEMPLATE = aTrialResult({ wallSeconds: 300 })
const BASELINES = 250
const CANDIDATES = 12

interface Tally {
  candidates: number
  /** Of candidates that do nothing. */
  merges: number
  /** Gain that their first runs show, averaged over the candidates of one baseline. */
  shown: number[]
}

/**
 * @param correlation of the noise of two runs with the same seed; undefined where first runs have seeds of their own
 * @param choose the noise of the run whose seed is shared
 */
function simulate(correlation: number | undefined, choose = nearestToMean): Tally {
  const random = aRandom(20261127)
  const tally: Tally = { candidates: 0, merges: 0, shown: [] }
  for (let baseline = 0; baseline < BASELINES; baseline++) {
    const measured = Array.from({ length: POLICY.baselineReplicates }, () => gaussian(random))
    const belief = believe(
      NOTHING_CARRIED,
      { observed: measured.map((loss) => ({ kind: 'baseline', losses: [loss] })) },
      { sigma: 1, outliers: 1 / 80 },
    )
    const firsts: number[] = []
    for (let one = 0; one < CANDIDATES; one++) {
      const own = gaussian(random)
      const first =
        correlation === undefined
          ? own
          : correlation * choose(measured) + Math.sqrt(1 - correlation ** 2) * own
      firsts.push(first)
      tally.candidates += 1
      tally.merges += Number(isMerged(belief, measured, [first], random))
    }
    tally.shown.push(mean(measured) - mean(firsts))
  }
  return tally
}

function isMerged(
  belief: ReturnType<typeof believe>,
  measured: readonly number[],
  losses: number[],
  random: () => number,
): boolean {
  const baseline = measured.map((value) => ({ ...TEMPLATE, value }))
  for (;;) {
    const candidate = losses.map((value) => ({ ...TEMPLATE, value }))
    const { kind } = judge({ ...belief, baseline, candidate, sigma: 1 }, POLICY)
    if (kind !== 'replicate') return kind === 'merge'
    losses.push(gaussian(random))
  }
}

function nearestToMean(measured: readonly number[]): number {
  const runs = measured.map((value, seed) => ({ value, trial: { seed } }))
  return measured[seedToShare(runs, 1) ?? -1] ?? Number.NaN
}

const own = simulate(undefined)

describe('F83 a first run that shares a seed of its baseline', () => {
  it.each([0, 0.5, 0.9])('is merged no more often by mistake where noise correlates %f', (correlation) => {
    const shared = simulate(correlation)
    // Two counts of rare events: their difference has the sum as its variance.
    const noise = 2 * Math.sqrt(shared.merges + own.merges)
    expect(own.merges).toBeGreaterThan(0)
    expect(shared.merges - own.merges).toBeLessThanOrEqual(noise)
  })

  it.each([0.5, 0.9])('shows no gain that is not there where noise correlates %f', (correlation) => {
    expect(Math.abs(mean(simulate(correlation).shown))).toBeLessThan(0.15)
  })

  it('would show one if it shared the seed of the best run', () => {
    expect(mean(simulate(0.9, (measured) => Math.min(...measured)).shown)).toBeGreaterThan(0.5)
  })
})
