// The brief's section on training curves: how the loss of the baseline and of the latest candidates fell.
import { baselineTrials, trialsOfTree } from '../../judge/evidence.ts'
import { pastIdeas } from '../../record/ideas.ts'
import type { TrialResult } from '../../record/trial.ts'
import { table, visibleText } from '../../text/markdown.ts'
import { formatNumber } from '../../text/numbers.ts'
import { meanCurve } from '../../trial/mean-curve.ts'
import type { BriefInput } from './input.ts'

const MAX_CANDIDATES = 4
/** Points of a row, from a tenth of the run to its end. */
const POINTS = 7

/** Of the sources first, then of the latest candidates whose curves are at hand. Empty without a curve of the baseline. */
export function curves({
  state,
  conditions,
  direction,
}: Pick<BriefInput, 'state' | 'conditions' | 'direction'>): string {
  const base = state.baseline && rowOf('the baseline', baselineTrials(state, conditions, state.baseline.tree))
  if (!base) return ''
  const latest = pastIdeas(state).toReversed()
  const isSource = ({ id }: { id: string }) => direction.sources.includes(id)
  const candidates = [...latest.filter(isSource), ...latest.filter((one) => !isSource(one))]
  const rows = candidates.flatMap(({ title, tree }) => {
    const row = rowOf(visibleText(title, 100), trialsOfTree(state, conditions, tree))
    return row ? [row] : []
  })
  const shares = Array.from({ length: POINTS }, (_, index) => `${10 + (90 / (POINTS - 1)) * index} %`)
  return `# Training curves

What training printed on the way, by share of the run: the mean over the runs that ended. It decides nothing.

${table(['code', ...shares], [base, ...rows.slice(0, MAX_CANDIDATES)])}`
}

function rowOf(name: string, trials: readonly TrialResult[]): string[] | undefined {
  const curve = meanCurve(trials, POINTS)
  return curve && [name, ...curve.map(formatNumber)]
}
