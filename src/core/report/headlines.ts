// The report as JSON: the action's output `summary`.
import { type Cost, tokensOf } from '../record/cost.ts'
import { busyFraction, type Report, shownRows } from './tally.ts'
import { standingWord } from './words.ts'

export type Headlines = ReturnType<typeof headlines>

export function headlines(report: Report) {
  const { metric, before, after, candidates, counts, trials, cost, limit, run, aa, ladder } = report
  const { certified, refuted, pending } = report.certification
  const shown = shownRows(report)
  // No titles: they are untrusted text.
  const climbed = ladder?.rows.map(({ title: _, pullRequest = null, ...row }) => ({ pullRequest, ...row }))
  const ending = (found: string) => ladder?.rows.filter((row) => row.ending === found).length ?? 0
  return {
    metric: metric.name,
    baseline: { before: before ?? null, after: after ?? null },
    candidates,
    counts,
    /** Merges that fresh runs confirmed, did not confirm, or have yet to check. */
    certification: { certified, refuted, pending },
    /** Merges tested at larger scales. Null where there is one scale. */
    ladder: ladder
      ? { promoted: ending('promoted'), dropped: ending('does not transfer'), rows: climbed }
      : null,
    /** No-op candidates judged, how many would have been merged, and the 95 % interval of that rate. Null before the first. */
    aa: aa ?? null,
    trials,
    seconds: run?.seconds ?? 0,
    /** Share of the job's time that the devices spent training, 0 to 1. */
    busyFraction: busyFraction(run),
    ...numbersOf(cost.total),
    /** The total cost divided by the number of merges. Null before the first merge. */
    perMerge: cost.perMerge ? numbersOf(cost.perMerge) : null,
    /** The limit that stops research, as a sentence. */
    limit: limit ?? null,
    /** Candidates without an entry in `rows`: GitHub limits the outputs of a job to 1 MB. */
    rowsLeftOut: candidates - shown.length,
    /** The newest candidates and the latest merges. No titles: they are untrusted text, and outputs end up in scripts. */
    rows: shown.map((row) => ({
      pullRequest: row.candidate.pullRequest ?? null,
      standing: row.standing,
      /** The standing in words, or how a run failed: `timed-out`, `out-of-memory`. */
      ending: standingWord(row),
      value: row.value ?? null,
      delta: row.delta ?? null,
      ...numbersOf(row.cost),
    })),
  }
}

/** Model tokens (including cached input), dollars where a price is known, and device time. */
function numbersOf({ usage, deviceSeconds }: Cost) {
  const { cachedTokens = 0, dollars } = usage
  return { tokens: tokensOf(usage), cachedTokens, dollars, deviceSeconds }
}
