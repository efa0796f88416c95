// The constant part of the brief: what a proposer can and cannot do, and the goal.
import type { Config } from '../../config/config.ts'
import { visibleText } from '../../text/markdown.ts'
import { formatSeconds } from '../../text/numbers.ts'

const MAX_PATHS = 30
const MAX_PATH_CHARACTERS = 120

/** @param globs of the paths that a candidate may change */
export function rules(editable: readonly string[], globs: readonly string[]): string {
  const shownGlobs = globs.slice(0, MAX_PATHS).map((glob) => `\`${visibleText(glob, MAX_PATH_CHARACTERS)}\``)
  const paths = editable.slice(0, MAX_PATHS).map((path) => `\`${visibleText(path, MAX_PATH_CHARACTERS)}\``)
  const more = editable.length > MAX_PATHS ? ` and ${editable.length - MAX_PATHS} more` : ''
  return `# Rules

Propose one change. It is trained separately, repeatedly if it looks promising, and merged only if the improvement is confirmed.

You CAN
- edit ${paths.join(', ')}${more}
- add, delete and rename files whose paths match ${shownGlobs.join(', ')}
- read every other file
- change anything in the editable files: model, optimizer, schedule, batch size, numerics, order of the training data
- remove code: of two changes with the same effect, the simpler one is better

You CANNOT
- change any other file: evaluation, data and configuration always come from the baseline
- make a file executable, or add a link or a binary file
- win through the seed: the harness sets it (\`AUTORESEARCH_SEED\`); changes to seeds or comments alone, and empty changes, are refused
- repeat a change: one nearly equal to an earlier one is refused, even with other names and comments
- train longer than the baseline: time is measured from outside, and a slower run is rejected whatever its result
- change how the metric is computed, or report it more than once
- install packages or use the network`
}

export function goal({ metric, budgetSeconds, timeoutSeconds }: Config): string {
  const better = metric.direction === 'minimize' ? 'lower is better' : 'higher is better'
  const bounds = metric.bounds ? `; only values from ${metric.bounds[0]} to ${metric.bounds[1]} count` : ''
  return `# Goal

- metric: ${metric.name}, ${metric.direction} (${better})${bounds}
- budget: ${formatSeconds(budgetSeconds)} of training; a run is killed after ${formatSeconds(timeoutSeconds)}`
}
