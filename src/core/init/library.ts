// A library that prints the metric by itself, so that the script need not.
import type { Evidence, Layout } from './layout.ts'
import type { FoundMetric } from './metric.ts'

export interface Library {
  recognised: string
  /** Lines that must all be in the script. */
  lines: readonly RegExp[]
  /** Where the library itself puts the metric, when the script prints none. */
  metric(layout: Layout, script: string): FoundMetric | undefined
  arguments: readonly string[]
  environment: string
  check: readonly string[]
  /** What to do where neither prints one. */
  withoutMetric?: string
}

/** A metric that a library prints again and again. @param heldOut whether it is measured on data that training does not see */
export function logged(name: string, pattern: string, evidence: Evidence, heldOut = true): FoundMetric {
  const direction = /acc|f1|auc|score|reward|ndcg|(?:^|_)map(?:_|$)|r2/i.test(name) ? 'maximize' : 'minimize'
  return { name, direction, pattern, repeated: true, heldOut, evidence }
}
