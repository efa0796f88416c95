// How much of a time to target is excluded from it: pauses, the end of the interval of the crossing, and saving. The code that trains
// says how long each of them took, so each counts at most as long as in the runs of the first baseline, which a person wrote.
import type { ArchivedBelief } from '../record/archive.ts'
import type { Crossing, TrialResult } from '../record/trial.ts'

/** Most that may be excluded of each, in seconds. */
export type Credits = NonNullable<NonNullable<ArchivedBelief['first']>['credits']>

/** @param runs of one baseline */
export function creditsOf(runs: readonly TrialResult[]): Credits | undefined {
  const crossings = runs.flatMap(({ crossing }) => crossing ?? [])
  if (crossings.length === 0) return undefined
  const most = (key: keyof Credits) => Math.max(...crossings.map((crossing) => crossing[key]))
  return {
    pausedSeconds: most('pausedSeconds'),
    intervalSeconds: most('intervalSeconds'),
    savingSeconds: most('savingSeconds'),
  }
}

/** The same run with the time that counts. Of a run without a crossing, and without known credits, the run itself. */
export function withinCredits(result: TrialResult, credits: Credits | undefined): TrialResult {
  const { crossing, value } = result
  if (!crossing || !credits || value === undefined) return result
  return { ...result, value: countedSeconds(crossing, credits) }
}

function countedSeconds(crossing: Crossing, credits: Credits): number {
  const { seconds, pausedSeconds, afterSeconds, savingSeconds } = crossing
  const excluded =
    Math.min(pausedSeconds, credits.pausedSeconds) + Math.min(afterSeconds, credits.intervalSeconds)
  const late = Math.max(0, savingSeconds - credits.savingSeconds)
  return Math.max(0, Math.round((seconds - excluded + late) * 1000) / 1000)
}
