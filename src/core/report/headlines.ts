// The report's numbers for machines: the action's output `summary`.
import { type Cost, tokensOf } from '../record/cost.ts'
import { busyFraction, type Report, type Standing, shownRows } from './tally.ts'
import { standingWord } from './words.ts'

/** What something cost: tokens of models, cached input among them, dollars where a price is known, time of the device. */
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
  /** Merges by what fresh runs said about them. */
  certification: { certified: number; refuted: number; pending: number }
  /** Candidates that changed nothing, those among them that would have been merged, and the 95 % interval of the rate. */
  aa: { judged: number; accepted: number; low: number; high: number } | null
  trials: number
  /** Wall time of the run. */
  seconds: number
  /** Part of the time between its first trial and its last during which the device was training. */
  busyFraction: number
  /** The same, by the number of merges; null before the first. */
  perMerge: CostNumbers | null
  /** Which limit stops research, as a sentence. */
  limit: string | null
  /** Candidates without an entry in `rows`: outputs of a job hold 1 MB. */
  rowsLeftOut: number
  /** One entry for each of the newest candidates and of the latest merges. Numbers only: titles are a candidate's words, and outputs end up in scripts. */
  rows: (CostNumbers & {
    pullRequest: number | null
    standing: Standing
    /** The same as a word that also says how a run failed: `timed-out`, `cut`. */
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
