// What a person is told when the baseline itself cannot be measured: how it ended, what it printed, and what to mend where.
import { stripVTControlCharacters } from 'node:util'
import type { Config } from '../config/config.ts'
import type { TrialResult } from '../record/trial.ts'
import { visibleText } from '../text/markdown.ts'
import { formatSeconds } from '../text/numbers.ts'
import { isFromEvaluation } from '../trial/metric.ts'

const MAX_LINES = 12
const MAX_LINE_CHARACTERS = 200

type Failed = Pick<TrialResult, 'outcome' | 'reason' | 'tail'>

/** The end of its output, as an appendix to a sentence; empty when nothing of it was kept. */
export function endOfOutput({ tail = '' }: Failed): string {
  const lines = stripVTControlCharacters(tail)
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-MAX_LINES)
    .map((line) => `  ${/^ {0,40}/.exec(line)?.[0]}${visibleText(line, MAX_LINE_CHARACTERS)}`)
  return lines.length === 0 ? '' : `\nThe end of its output:\n${lines.join('\n')}`
}

/** @param configPath in the repository */
export function baselineAdvice(failed: Failed, config: Config, configPath: string): string {
  const onward = `If the machine was at fault, push any change to ${config.baseline}: it is measured anew.`
  return `${remedy(failed, config, configPath)} ${onward}`
}

function remedy({ outcome, reason = '' }: Failed, config: Config, configPath: string): string {
  const place = `on the branch ${config.baseline}, where the configuration is read from as well`
  const evaluate = isFromEvaluation(reason) ? config.evaluate : undefined
  const command = evaluate ?? config.train
  switch (outcome) {
    case 'no-metric':
    case 'invalid-metric':
      return `Mend \`metric\` in ${configPath}, or what \`${command}\` reports, ${place}.`
    case 'timed-out':
      return `Raise \`budget\` or \`timeout\` (${formatSeconds(config.timeoutSeconds)}) in ${configPath}, or train for less: the budget is in $AUTORESEARCH_BUDGET_SECONDS. Do it ${place}.`
    case 'out-of-memory':
      return `Make \`${command}\` need less memory, or raise \`sandbox.memory\` in ${configPath}, ${place}.`
    default:
      return `Run \`${command}\` by hand on this machine and mend it ${place}.${unlessByHand(config)}`
  }
}

/** What works by hand and not in the sandbox, most often lies in a home or comes from the network. */
function unlessByHand({ sandbox }: Config): string {
  if (sandbox.kind === 'none') return ''
  return ' If it works by hand: the sandbox has no network, no home and no variables of yours; data comes from `setup`, and further folders are named in `sandbox.read`.'
}
