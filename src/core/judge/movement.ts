// Whether a gain may be the machine's: its numbers may have moved between the runs of the baseline and those of the candidate.
import { type Belief, judgeReadings } from '../statistics/belief.ts'
import { jumpProbability, levelsIfMoving } from '../statistics/level.ts'
import type { Reading } from '../statistics/readings.ts'
import { formatShare } from '../text/numbers.ts'

/** Where the numbers of a machine jump with more than this probability, every gain has to survive a later run of the baseline. */
const JUMPS = 0.3
/** Otherwise those do that a movement of at least this probability would leave with more than this part of the allowed risk. */
const PLAUSIBLE = 0.1
const PART_OF_RISK = 0.5

/**
 * Whether a proven gain needs a later run of the baseline first.
 *
 * @param words what proves it
 * @param needed required gain in σ
 * @param allowed maximum risk of a merge
 * @returns undefined when it does not
 */
export function compareFirst(
  words: string,
  { level, effects }: Belief,
  readings: readonly Reading[],
  sigma: number,
  needed: number,
  allowed: number,
): { kind: 'replicate'; of: 'baseline'; reason: string } | undefined {
  if (!level) return undefined
  const runBaseline = { kind: 'replicate', of: 'baseline' } as const
  if (jumpProbability(level) > JUMPS)
    return {
      ...runBaseline,
      reason: `${words}, but the numbers of this machine jump: the baseline is run again first`,
    }
  const risks = levelsIfMoving(level, PLAUSIBLE).map(
    (moved) => judgeReadings({ level: moved, effects }, readings, sigma, needed).risk,
  )
  const risk = Math.max(0, ...risks)
  if (risk <= PART_OF_RISK * allowed) return undefined
  return {
    ...runBaseline,
    reason: `${words}, but the risk is ${formatShare(risk)} if the numbers of this machine move: the baseline is run again first`,
  }
}
