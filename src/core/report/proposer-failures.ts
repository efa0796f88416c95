// What the report says about proposers of which no attempt in the job produced a candidate: a warning and a table of reasons.
import { hasOnlyFailed, nobodyProposed, type ProposerTally, topReasons } from '../propose/proposer-tally.ts'

export interface ProposerFailures {
  /** The first words of the report. */
  warning: string
  rows: { proposer: string; attempts: number; reason: string; times: number }[]
}

export const FAILURE_COLUMNS = ['proposer', 'attempts', 'why there was no candidate', 'times']

/** Undefined when every proposer that was asked proposed something, or has no further idea. */
export function proposerFailures(tallies: readonly ProposerTally[]): ProposerFailures | undefined {
  const failed = tallies.filter(hasOnlyFailed)
  if (failed.length === 0) return undefined
  const names = failed.map(({ name }) => name).join(', ')
  const warning = nobodyProposed(tallies)
    ? `Nothing was proposed: no attempt of ${names} produced a usable candidate.`
    : `No attempt of ${names} produced a usable candidate.`
  const rows = failed.flatMap((tally) =>
    topReasons(tally).map(([reason, times]) => ({
      proposer: tally.name,
      attempts: tally.attempts,
      reason,
      times,
    })),
  )
  return { warning, rows }
}
