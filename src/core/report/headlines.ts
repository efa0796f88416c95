// The report as JSON: the action's output `summary`.
import { type Cost, tokensOf } from '../record/cost.ts'
import { busyFraction, type Report, type Standing, shownRows } from './tally.ts'
import { standingWord } from './words.ts'

/** A cost: model tokens (including cached input), dollars where a price is known, and device time. */
interface CostNumbers {
  tokens: number
  cachedTokens: number
  dollars: number
  deviceSeconds: number
}

export interface Headlines extends CostNumbers {
  metric: string
  baseline: { before: number | null; after: number | null }
  candidates: number
  counts: Record<Standing, number>
  /** Merges that fresh runs confirmed, did not confirm, or have yet to check. */
  certification: { certified: number; refuted: number; pending: number }
  /** No-op candidates judged, how many would have been merged, and the 95 % interval of that rate. Null before the first. */
  aa: { judged: number; accepted: number; low: number; high: number } | null
  trials: number
  /** Wall time of the job. */
  seconds: number
  /** Share of the time between the job's first and last trial that the devices spent training, 0 to 1. */
  busyFraction: number
  /** The total cost divided by the number of merges. Null before the first merge. */
  perMerge: CostNumbers | null
  /** The limit that stops research, as a sentence. */
  limit: string | null
  /** Candidates without an entry in `rows`: GitHub limits the outputs of a job to 1 MB. */
  rowsLeftOut: number
  /** The newest candidates and the latest merges. No titles: they are untrusted text, and outputs end up in scripts. */
  rows: (CostNumbers & {
    pullRequest: number | null
    standing: Standing
    /** The standing in words, or how a run failed: `timed-out`, `out-of-memory`. */
    ending: string
    value: number | null
    delta: number | null
  })[]
}

export function headlines(report: Report): Headlines {
  const { metric, before, after, rows, counts, trials, cost, limit, run, certification, aa } = report
  const shown = shownRows(report)
  return {
    metric: metric.name,
    baseline: { before: before ?? null, after: after ?? null },
    candidates: rows.length,
    counts,
    certification: {
      certified: certification.certified,
      refuted: certification.refuted,
      pending: certification.pending,
    },
    aa: aa ?? null,
    trials,
    seconds: run?.seconds ?? 0,
    busyFraction: busyFraction(run),
    ...numbersOf(cost.total),
    perMerge: cost.perMerge ? numbersOf(cost.perMerge) : null,
    limit: limit ?? null,
    rowsLeftOut: rows.length - shown.length,
    rows: shown.map(({ row }) => ({
      pullRequest: row.candidate.pullRequest ?? null,
      standing: row.standing,
      ending: standingWord(row),
      value: row.value ?? null,
      delta: row.delta ?? null,
      ...numbersOf(row.cost),
    })),
  }
}

function numbersOf({ usage, deviceSeconds }: Cost): CostNumbers {
  const { cachedTokens = 0, dollars } = usage
  return { tokens: tokensOf(usage), cachedTokens, dollars, deviceSeconds }
}
