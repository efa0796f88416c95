// What the rules for compiled languages have in common: a program that prints a metric, and a benchmark.
import { type Draft, metricParts } from './draft.ts'
import { type Evidence, findLine, type Layout } from './layout.ts'
import { findMetric, findProgress } from './metric.ts'

export const ASSUMED_BUDGET =
  'One run takes less than 10 minutes. `doctor` measures it and says which `budget` fits.'

/** What to check where no source reads the seed. */
export function seedCheck(layout: Layout, sources: readonly string[]): string[] {
  if (sources.some((path) => findLine(layout, path, /AUTORESEARCH_SEED/))) return []
  return [
    'No source reads `AUTORESEARCH_SEED`. If every run is identical, set `metric.deterministic: true` and `min-gain`.',
  ]
}

/** @returns undefined when none of the sources prints a metric */
export function programDraft(
  layout: Layout,
  sources: readonly string[],
  start: Evidence,
  command: Pick<Draft, 'recognised' | 'editable' | 'setup' | 'train'>,
): Draft | undefined {
  const parts = metricParts(findMetric(layout, sources))
  if (!parts.metric) return undefined
  const progress = findProgress(layout, sources)
  return {
    ...command,
    machine: 'gpu',
    budget: '10m',
    metric: parts.metric,
    ...(progress ? { progress: progress.pattern } : {}),
    findings: [
      { what: 'starts', evidence: start },
      ...parts.findings,
      ...(progress ? [{ what: 'shows the loss during training', evidence: progress.evidence }] : []),
    ],
    assumed: [...parts.assumed, ASSUMED_BUDGET],
    check: [...parts.check, ...seedCheck(layout, sources)],
    missing: [],
  }
}

/** @param hasTests whether there are tests that no proposal may change */
export function benchmarkChecks(hasTests: boolean): string[] {
  return [
    hasTests
      ? 'The tests are all that keeps a proposal from removing features: they must fail when one is missing.'
      : 'There is no test that a proposal may not change, so nothing keeps it from removing features. Add tests outside of `editable` first.',
    'Numbers in the code seldom decide the speed: add a proposer of kind `openai` or `command`.',
    'The time of a run depends on what else the machine does: give the runner a machine of its own.',
  ]
}
