// The error shown when the baseline cannot be measured: how the run ended, what it printed, and how to fix it.
import { stripVTControlCharacters } from 'node:util'
import type { Config } from '../config/config.ts'
import type { BaselineCommit, State } from '../record/state.ts'
import type { TrialResult } from '../record/trial.ts'
import { visibleText } from '../text/markdown.ts'
import { formatSeconds } from '../text/numbers.ts'
import { isFromEvaluation, isFromModel } from '../trial/evaluation.ts'
import { isFromGuard } from '../trial/guards.ts'
import { adviseOnMetric } from './metric-advice.ts'
import { explainMistake } from './training-mistakes.ts'

const MAX_LINES = 12
const MAX_LINE_CHARACTERS = 200

type Failed = Pick<TrialResult, 'outcome' | 'reason' | 'tail'>

/** The last lines of output, to append to a sentence. Empty when no output was kept. */
export function endOfOutput({ tail = '' }: Failed): string {
  const lines = stripVTControlCharacters(tail)
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-MAX_LINES)
    .map((line) => `  ${/^ {0,40}/.exec(line)?.[0]}${visibleText(line, MAX_LINE_CHARACTERS)}`)
  return lines.length === 0 ? '' : `\nEnd of its output:\n${lines.join('\n')}`
}

const MAX_COMMITS = 3

/**
 * The commits since the last baseline that trained, and who brought them, to append to a sentence. Empty when no earlier
 * baseline trained.
 */
export function commitsSinceTrained(state: State): string {
  const { baselines, trials } = state
  const trained = new Set(
    [...trials.values()].flatMap(({ outcome, trial }) => (outcome === 'measured' ? [trial.tree] : [])),
  )
  const last = baselines.findLastIndex(({ tree }) => trained.has(tree))
  const since = baselines.slice(last + 1).reverse()
  const before = baselines[last]
  if (!before || since.length === 0) return ''
  const shown = since.slice(0, MAX_COMMITS).map((commit) => describeCommit(state, commit))
  const left = since.length - shown.length
  return `. The baseline trained at ${short(before.commit)}; since then came ${shown.join(', ')}${left > 0 ? ` and ${left} earlier` : ''}`
}

function describeCommit({ candidates }: State, { commit, merge }: BaselineCommit): string {
  const merged = [...candidates.values()].find(({ end, pullRequest }) =>
    merge ? pullRequest === merge.pullRequest : end?.kind === 'merged' && end.commit === commit,
  )
  if (merged === undefined) return `${short(commit)} (pushed)`
  const otherwise = merged.verdict?.kind === 'merge' ? 'this action' : 'a person'
  const by = visibleText(merge?.by ?? otherwise, 40)
  return `${short(commit)} (#${merged.pullRequest} ${visibleText(merged.title, 80)}, merged by ${by})`
}

function short(commit: string): string {
  return commit.slice(0, 7)
}

/**
 * What to do next.
 *
 * @param configPath path of the configuration in the repository
 * @param isFinal true when later jobs do not measure this baseline again
 * @param hasTrained true when an earlier baseline trained
 */
export function baselineAdvice(
  failed: Failed,
  config: Config,
  configPath: string,
  { isFinal = true, hasTrained = false } = {},
): string {
  const undo = hasTrained ? `Revert on ${config.baseline} what broke it, or fix it there. ` : ''
  const retry = isFinal
    ? `If the machine was at fault, push any commit to ${config.baseline} to measure it again.`
    : 'The next job measures the baseline again. No pull request was opened.'
  return `${undo}${failureRemedy(failed, config, configPath)} ${retry}`
}

/**
 * What to change so that the next run does not end in this way.
 *
 * @param place where to change it, as the end of a sentence; empty where that is clear
 */
export function failureRemedy(
  failed: Failed,
  config: Config,
  configPath: string,
  place = `, on the branch ${config.baseline}, which also holds the configuration in use`,
): string {
  const { outcome, reason = '', tail = '' } = failed
  const command = failedCommand(reason, config)
  if (isFromGuard(reason))
    return `Fix \`guards\` in ${configPath}, or what the output of \`${command}\` says of them${place}.`
  switch (outcome) {
    case 'no-metric':
    case 'invalid-metric':
      return `Fix \`metric\` in ${configPath}, or the output of \`${command}\`${place}. ${adviseOnMetric({ outcome, reason }, tail, config.metric)}`
    case 'timed-out':
      return `Raise \`budget\` or \`timeout\` (${formatSeconds(config.timeoutSeconds)}) in ${configPath}, or train for less time (the budget is in $AUTORESEARCH_BUDGET_SECONDS)${place}.`
    case 'not-reached':
      return `Raise \`budget\`, or choose a \`metric.target\` in ${configPath} that every run reaches${place}. ${reason.includes('the evaluator') ? 'Save the checkpoint before the point of the curve is printed, or on SIGTERM, and measure the curve on data like that of the evaluator.' : ''}`.trim()
    case 'out-of-memory':
      return `Make \`${command}\` use less memory, or raise \`sandbox.memory\` in ${configPath}${place}.`
    default: {
      const mistake = explainMistake(stripVTControlCharacters(`${tail}\n${reason}`))
      if (mistake !== undefined)
        return `${visibleText(mistake, 500)} Change the configuration or the code${place}.`
      const quiet = isFromEvaluation(reason) ? ' What an evaluation prints is not kept.' : ''
      return `Run \`${command}\` by hand on this machine and fix it${place}.${quiet}${sandboxHint(config)}`
    }
  }
}

function failedCommand(reason: string, { train, serve, evaluate }: Config): string {
  if (!isFromEvaluation(reason)) return train
  return (isFromModel(reason) ? serve : evaluate) ?? train
}

/** A command that fails only in the sandbox usually needs a file from the home directory, or the network. */
function sandboxHint({ sandbox }: Config): string {
  if (sandbox.kind === 'none') return ''
  return ' If it works by hand: the sandbox has no network, a home directory of its own and none of your environment variables. Fetch data in `setup`, and list other folders it reads in `sandbox.read`.'
}
