// Rules between fields. Each problem is reported at the field that a person would change.
import type { z } from 'zod'
import { editableScript } from '../scripts.ts'

/** Twice the budget, plus a minute for starting, in seconds. */
export function defaultTimeoutSeconds(budgetSeconds: number): number {
  return 2 * budgetSeconds + 60
}

export function checkTimeout(file: Record<string, unknown>, context: z.RefinementCtx): void {
  const { budget, timeout } = file
  // A field with a problem was not converted to seconds: `timeout: 300` is still the number as written.
  if (context.issues.some(({ path }) => path?.[0] === 'budget' || path?.[0] === 'timeout')) return
  if (typeof budget !== 'number' || typeof timeout !== 'number' || timeout > budget) return
  context.addIssue({
    code: 'custom',
    path: ['timeout'],
    message: `more than the budget of ${budget}s`,
    params: { hint: `remove timeout to use the default of ${defaultTimeoutSeconds(budget)}s, or raise it` },
  })
}

/** An evaluator has to print the metric: $AUTORESEARCH_OUT is read-only to it, so a metric file could only come from training. */
export function checkEvaluate(
  { evaluate, certify, metric }: Record<string, unknown>,
  context: z.RefinementCtx,
): void {
  const section = (value: unknown) => (typeof value === 'object' && value !== null ? value : {})
  const source = section(metric)
  const evaluates = evaluate !== undefined || 'evaluate' in section(certify)
  if (!evaluates || !('file' in source) || 'pattern' in source) return
  context.addIssue({
    code: 'custom',
    path: ['metric', 'file'],
    message: 'pattern, because evaluate prints the metric',
    params: { hint: 'write pattern instead of file and key, or remove evaluate' },
  })
}

/** An evaluator is trusted because candidates cannot change it. */
export function checkEvaluator(
  { editable, evaluate, certify }: Record<string, unknown>,
  context: z.RefinementCtx,
): void {
  const globs = Array.isArray(editable) ? editable.filter((glob) => typeof glob === 'string') : []
  const other =
    typeof certify === 'object' && certify !== null && 'evaluate' in certify ? certify.evaluate : null
  for (const [command, path] of [
    [evaluate, ['evaluate']],
    [other, ['certify', 'evaluate']],
  ] as const) {
    const script = typeof command === 'string' ? editableScript(command, globs) : undefined
    if (script === undefined) continue
    context.addIssue({
      code: 'custom',
      path: [...path],
      message: 'a command that no candidate can rewrite',
      params: { hint: `change editable so that it does not match ${script}` },
    })
  }
}

/** Hopeless trials are recognised by their curve, which `progress` reads. */
export function checkCut({ cut, progress }: Record<string, unknown>, context: z.RefinementCtx): void {
  if (typeof cut !== 'number' || cut === 0 || progress !== undefined) return
  context.addIssue({
    code: 'custom',
    path: ['cut'],
    message: 'progress, which cut needs to recognise hopeless trials',
    params: { hint: 'add progress with a pattern, or remove cut' },
  })
}
