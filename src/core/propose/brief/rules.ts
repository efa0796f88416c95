// The brief's sections that rarely change: what a proposer can and cannot do, the goal, and the editable source.
import type { Config, Guard } from '../../config/config.ts'
import { describeGlobs } from '../../gate/gate.ts'
import { formatGain } from '../../judge/policy.ts'
import { fence, visibleText } from '../../text/markdown.ts'
import { formatSeconds } from '../../text/numbers.ts'
import type { TargetSource } from '../../trial/metric.ts'
import { describeTarget } from '../../trial/target.ts'
import type { BriefInput } from './input.ts'

const MAX_PATHS = 30
const MAX_PATH_CHARACTERS = 120

/** @param globs of the paths that a candidate may change */
export function rules(editable: readonly string[], globs: readonly string[]): string {
  const show = (path: string) => `\`${visibleText(path, MAX_PATH_CHARACTERS)}\``
  const paths = editable.slice(0, MAX_PATHS).map(show)
  const more = editable.length > MAX_PATHS ? ` and ${editable.length - MAX_PATHS} more` : ''
  return `# Rules

Propose one change. It is trained separately, repeatedly if it looks promising, and merged only if the improvement is confirmed.

You CAN
- edit ${paths.join(', ')}${more}
- add, delete and rename files whose paths match ${describeGlobs(globs.slice(0, MAX_PATHS), show)}
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

export function goal({ metric, guards, budgetSeconds, timeoutSeconds }: Config): string {
  const better = metric.direction === 'minimize' ? 'lower is better' : 'higher is better'
  const bounds = metric.bounds ? `; only values from ${metric.bounds[0]} to ${metric.bounds[1]} count` : ''
  return `# Goal

- metric: ${metric.name}, ${metric.direction} (${better})${bounds}
${metric.source.kind === 'target' ? targetLines(metric.source) : ''}${guards.map(guardLine).join('')}- budget: ${formatSeconds(budgetSeconds)} of training; a run is killed after ${formatSeconds(timeoutSeconds)}`
}

function targetLines(source: TargetSource): string {
  const { curve, pattern } = source
  return `- it is the time in seconds from the start of training until ${curve} is ${describeTarget(source)}, measured from outside at the line that \`${pattern}\` matches
- a run that does not reach the target is rejected; pauses between AUTORESEARCH_PAUSE and AUTORESEARCH_RESUME count as training beyond what the baseline takes
`
}

function guardLine({ name, direction, margin, min, max }: Guard): string {
  const worse = direction === 'minimize' ? 'higher' : 'lower'
  const limits = [
    ...(margin ? [`at most ${formatGain(margin)} ${worse} than the baseline`] : []),
    ...(min === undefined ? [] : [`at least ${min}`]),
    ...(max === undefined ? [] : [`at most ${max}`]),
  ]
  return `- guard: ${name} must stay ${limits.join(', and ')}\n`
}

/** A whole training script: the one of karpathy/autoresearch has 26 KB, and 100 KB are not rare. */
const MAX_FILE_CHARACTERS = 110_000
/** No further file is begun after this many characters. */
const MAX_SOURCE_CHARACTERS = 30_000
const MIN_SHOWN_CHARACTERS = 500

export function source({ files, editable }: Pick<BriefInput, 'files' | 'editable'>): string {
  let room = MAX_SOURCE_CHARACTERS
  const parts: string[] = []
  for (const path of editable) {
    if (room < MIN_SHOWN_CHARACTERS) {
      parts.push(`[… cut: ${editable.length - parts.length} more editable files; read the ones you need …]`)
      break
    }
    const shown = firstLines(files.get(path) ?? '', MAX_FILE_CHARACTERS)
    const part = `## ${visibleText(path, MAX_PATH_CHARACTERS)}\n\n${fence(shown, '', Number.POSITIVE_INFINITY)}`
    parts.push(part)
    room -= part.length
  }
  return `# Source you may edit\n\n${parts.join('\n\n')}`
}

/** The first whole lines of a text, with a note on where to continue reading. */
function firstLines(text: string, maxCharacters: number): string {
  if (text.length <= maxCharacters) return text
  const kept = text.slice(0, text.lastIndexOf('\n', maxCharacters - 100) + 1)
  const next = kept.split('\n').length
  return `${kept}[… cut: read the rest of the file from line ${next} of ${text.split('\n').length} …]`
}
