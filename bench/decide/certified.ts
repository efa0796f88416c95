// Any rule followed by certification: every few merges together against the last certified baseline, with fresh runs of
// both; a batch that does not hold is halved until the merges that do not are found and undone (core/certify).
import { HOLD_Z } from '../../src/core/certify/opinion.ts'
import { mean } from '../../src/core/statistics/noise.ts'
import type { Merge, Rule } from './rules.ts'
import type { World } from './world.ts'

export function certified(entry: Rule, every: number, runs: number): Rule {
  return (night) => {
    const undone = new Set<Merge>()
    let pending: Merge[] = []
    const onMerge = (merge: Merge): void => {
      pending.push(merge)
      if (pending.length < every) return
      for (const refuted of refute(night.world, pending, runs)) undone.add(refuted)
      pending = []
    }
    const played = entry({ ...night, onMerge })
    return { ...played, merges: played.merges.filter((merge) => !undone.has(merge)) }
  }
}

/** The merges of a range that do not hold, undone in the world. */
function refute(world: World, range: readonly Merge[], runs: number): Merge[] {
  const alone = range.length === 1
  const first = gainsOf(world, range, runs)
  if (holds(first)) return []
  if (alone) {
    const [merge] = range
    const again = [...first, ...gainsOf(world, range, runs)]
    if (!merge || holds(again)) return []
    world.level += merge.change.gain
    return [merge]
  }
  const half = Math.ceil(range.length / 2)
  return [...refute(world, range.slice(0, half), runs), ...refute(world, range.slice(half), runs)]
}

/** Differences of fresh runs with and without the range. */
function gainsOf(world: World, range: readonly Merge[], runs: number): number[] {
  const gain = range.reduce((sum, merge) => sum + merge.change.gain, 0)
  return Array.from({ length: runs }, () => world.run({ gain: -gain, sd: 1, addedLines: 0 }) - world.run())
}

/** Each difference has twice the variance of a run, which is 1. */
function holds(gains: readonly number[]): boolean {
  return mean(gains) >= HOLD_Z * Math.sqrt(2 / gains.length)
}
