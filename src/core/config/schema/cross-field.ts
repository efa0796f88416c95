// Rules between fields. Each problem is reported at the field that a person would change.
import type { z } from 'zod'
import { asMapping, refuse } from '../fields.ts'
import { editableScript } from '../scripts.ts'
import { checkScales } from './scales.ts'

type File = Record<string, unknown>

/** Twice the budget, plus a minute for starting, in seconds. */
export function defaultTimeoutSeconds(budgetSeconds: number): number {
  return 2 * budgetSeconds + 60
}

export function checkBetweenFields(file: File, context: z.RefinementCtx): void {
  checkTimeout(file, context)
  checkEvaluate(file, context)
  checkServe(file, context)
  checkEvaluators(file, context)
  checkEditable(file, context)
  checkCut(file, context)
  checkScales(file, context)
}

function checkTimeout({ budget, timeout }: File, context: z.RefinementCtx): void {
  // A field with a problem was not converted to seconds: `timeout: 300` is still the number as written.
  if (context.issues.some(({ path }) => path?.[0] === 'budget' || path?.[0] === 'timeout')) return
  if (typeof budget !== 'number' || typeof timeout !== 'number' || timeout > budget) return
  const hint = `remove timeout to use the default of ${defaultTimeoutSeconds(budget)}s, or raise it`
  refuse(context, ['timeout'], `more than the budget of ${budget}s`, hint)
}

/** An evaluator has to print the metric: $AUTORESEARCH_OUT is read-only to it, so a metric file could only come from training. */
function checkEvaluate({ evaluate, certify, metric, guards, scales }: File, context: z.RefinementCtx): void {
  const check = (number: unknown, path: (string | number)[], what: string) => {
    const source = asMapping(number)
    if (!('file' in source) || 'pattern' in source) return
    const hint = 'write pattern instead of file and key, or remove evaluate'
    refuse(context, [...path, 'file'], `pattern, because evaluate prints ${what}`, hint)
  }
  if (evaluate !== undefined || 'evaluate' in asMapping(certify)) check(metric, ['metric'], 'the metric')
  if (evaluate === undefined) return
  const checkAll = (list: unknown, path: (string | number)[]) => {
    for (const [index, guard] of (Array.isArray(list) ? list : []).entries())
      check(guard, [...path, index], 'the guard')
  }
  checkAll(guards, ['guards'])
  for (const [index, scale] of (Array.isArray(scales) ? scales : []).entries())
    checkAll(asMapping(scale).guards, ['scales', index, 'guards'])
}

function checkServe({ serve, evaluate }: File, context: z.RefinementCtx): void {
  if (serve === undefined || evaluate !== undefined) return
  refuse(context, ['serve'], 'evaluate, which asks the model', 'add evaluate, or remove serve')
}

/** An evaluator is trusted because candidates cannot change it. */
function checkEvaluators({ editable, evaluate, certify }: File, context: z.RefinementCtx): void {
  const globs = Array.isArray(editable) ? editable.filter((glob) => typeof glob === 'string') : []
  for (const [command, path] of [
    [evaluate, ['evaluate']],
    [asMapping(certify).evaluate, ['certify', 'evaluate']],
  ] as const) {
    const script = typeof command === 'string' ? editableScript(command, globs) : undefined
    if (script === undefined) continue
    const hint = `add '!${script}' to editable, and the files that it imports`
    refuse(context, [...path], 'a command that no candidate can rewrite', hint)
  }
}

function checkEditable({ editable }: File, context: z.RefinementCtx): void {
  if (context.issues.some(({ path }) => path?.[0] === 'editable')) return
  const isExclusion = (glob: unknown) => typeof glob === 'string' && glob.startsWith('!')
  if (!Array.isArray(editable) || editable.length === 0 || !editable.every(isExclusion)) return
  refuse(context, ['editable'], 'at least one glob without !', 'add a glob of the files that may change')
}

/** Hopeless trials are recognised by their curve, which `progress` reads. */
function checkCut({ cut, progress, metric }: File, context: z.RefinementCtx): void {
  if (typeof cut !== 'number' || cut === 0 || progress !== undefined || 'curve' in asMapping(metric)) return
  const hint = 'add progress with a pattern, or remove cut'
  refuse(context, ['cut'], 'progress, which cut needs to recognise hopeless trials', hint)
}
