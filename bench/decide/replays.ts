// The production judge on recorded runs of others: the same configuration split in two is a candidate that changes
// nothing, another configuration is one that changes something, and how much the median of its runs tells.

import { judge } from '../../src/core/judge/judge.ts'
import type { JudgePolicy } from '../../src/core/judge/policy.ts'
import { believe, NOTHING_CARRIED, type Observed } from '../../src/core/statistics/belief.ts'
import { estimateNoise } from '../../src/core/statistics/noise.ts'
import { ONE_SPREAD } from '../../src/core/statistics/spreads.ts'
import { aRandom } from '../../test/factories.ts'
import { median } from '../numbers.ts'
import { groupRuns, type ReplayRun } from '../replay.ts'
import { asRuns } from './ours.ts'

/** Added to the seed, so that replays do not draw what the simulated worlds draw. */
const SEED_OFFSET = 20_260_125
/** Candidates that are held against one draw of the baseline's runs. */
const CANDIDATES = 20
/** A true gain that no rule should miss. */
const WINNER_SIGMAS = 2

export type ReplayRow = {
  candidates: 'same configuration' | 'better by 2 σ and more' | 'worse'
  tried: number
  mergedPercent: number
  runsPerCandidate: number
}

/** Baselines are the configurations with enough runs for a baseline and a candidate beside it. */
export function replayJudge(
  runs: readonly ReplayRun[],
  policy: JudgePolicy,
  { repetitions, seed }: { repetitions: number; seed: number },
): ReplayRow[] {
  const random = aRandom(seed + SEED_OFFSET)
  const configs = groupRuns(runs).map((group) => group.map(({ final }) => final))
  const sigma = estimateNoise(configs)?.sigma ?? Number.NaN
  const long = configs.filter((losses) => losses.length >= policy.baselineReplicates + 2)
  const totals = new Map<ReplayRow['candidates'], { tried: number; merged: number; runs: number }>()
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const own = long[Math.floor(random() * long.length)] ?? []
    const shuffled = shuffle(own, random)
    const measured = shuffled.slice(0, policy.baselineReplicates)
    const tried: number[][] = []
    for (let index = 0; index < CANDIDATES; index++) {
      const neutral = random() < 0.5
      const other = neutral
        ? shuffled.slice(policy.baselineReplicates)
        : (configs[Math.floor(random() * configs.length)] ?? [])
      if (other === own) continue
      const gain = neutral ? 0 : ((median(own) ?? 0) - (median(other) ?? 0)) / sigma
      const kind = neutral ? 'same configuration' : gain >= WINNER_SIGMAS ? 'better by 2 σ and more' : 'worse'
      if (kind === 'worse' && gain > 0) continue
      const { merged, values } = decideOn(shuffle(other, random), measured, tried, policy)
      if (!merged) tried.push(values)
      const total = totals.get(kind) ?? { tried: 0, merged: 0, runs: 0 }
      totals.set(kind, {
        tried: total.tried + 1,
        merged: total.merged + Number(merged),
        runs: total.runs + values.length,
      })
    }
  }
  return [...totals].map(([candidates, { tried, merged, runs: count }]) => ({
    candidates,
    tried,
    mergedPercent: Number(((100 * merged) / tried).toFixed(2)),
    runsPerCandidate: Number((count / tried).toFixed(2)),
  }))
}

/** Takes one candidate to its end, or until its recorded runs are used up. */
function decideOn(
  losses: readonly number[],
  measured: readonly number[],
  tried: readonly (readonly number[])[],
  policy: JudgePolicy,
): { merged: boolean; values: number[] } {
  const noise = estimateNoise([...tried.map((runs) => runs.slice(1)), measured])
  const { sigma, outliers, spreads } = noise ?? { sigma: Number.NaN, outliers: 0.01, spreads: ONE_SPREAD }
  const observed: Observed[] = [
    ...measured.map((loss) => ({ kind: 'baseline', losses: [loss] }) as const),
    ...tried.map((losses) => ({ kind: 'tried', losses }) as const),
  ]
  const { level, effects } = believe(NOTHING_CARRIED, { observed }, { sigma, outliers })
  const values: number[] = []
  for (const loss of losses) {
    values.push(loss)
    const evidence = {
      level,
      effects,
      sigma,
      spreads,
      baseline: asRuns([0, 1], policy),
      candidate: asRuns(values, policy),
    }
    const { kind } = judge(evidence, policy)
    if (kind !== 'replicate') return { merged: kind === 'merge', values }
  }
  return { merged: false, values }
}

function shuffle<Value>(values: readonly Value[], random: () => number): Value[] {
  const rest = [...values]
  return values.flatMap(() => rest.splice(Math.floor(random() * rest.length), 1))
}
