// What a general rule proposes for a repository.
import { placeOf } from './layout.ts'
import type { FoundMetric } from './metric.ts'
import type { Finding, InitPlan } from './plan.ts'

export interface DraftMetric {
  name: string
  direction: 'minimize' | 'maximize'
  source:
    | { kind: 'pattern'; pattern: string; repeated: boolean }
    | { kind: 'file'; file: string; key: string }
  /** Equal code always gives the same value. */
  deterministic?: true
}

export interface Draft {
  recognised: string
  machine: InitPlan['machine']
  /** Files that a candidate may change: at least one path or glob. */
  editable: readonly string[]
  setup?: string
  train: string
  evaluate?: string
  /** As the configuration writes it, such as `10m`. */
  budget: string
  metric?: DraftMetric
  progress?: string
  /** Further lines of the configuration, with their comments. */
  more?: readonly string[]
  findings: readonly Finding[]
  assumed: readonly string[]
  check: readonly string[]
  missing: readonly string[]
}

/** The metric of a general rule, with what has to be said about it. */
export function metricParts(
  found: FoundMetric | undefined,
): Pick<Draft, 'metric' | 'findings' | 'assumed' | 'check'> {
  if (!found) return { findings: [], assumed: [], check: [] }
  const { name, direction, pattern, repeated, heldOut, evidence } = found
  return {
    metric: { name, direction, source: { kind: 'pattern', pattern, repeated } },
    findings: [{ what: 'prints the metric', evidence }],
    assumed: [
      `\`${name}\` is the number that decides, and ${direction === 'minimize' ? 'lower' : 'higher'} is better.`,
      ...(repeated ? [`${placeOf(evidence)} prints it several times in a run; the last value counts.`] : []),
    ],
    check: heldOut
      ? []
      : [
          `\`${name}\` may be measured on training data, which rewards memorising. Better: print a number measured on data that training never sees.`,
        ],
  }
}
