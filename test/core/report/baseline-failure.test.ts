import { describe, expect, test } from 'vitest'
import type { TrialResult } from '../../../src/core/record/trial.ts'
import { baselineAdvice, endOfOutput } from '../../../src/core/report/baseline-failure.ts'
import { aConfig } from '../../factories.ts'

const CONFIG_PATH = '.github/autoresearch.yml'

function advice(fields: Pick<TrialResult, 'outcome'> & Partial<TrialResult>, evaluate?: string): string {
  return baselineAdvice(
    fields,
    aConfig({ train: 'python fit.py', ...(evaluate && { evaluate }) }),
    CONFIG_PATH,
  )
}

describe('baselineAdvice', () => {
  test.each<[TrialResult['outcome'], string, string]>([
    [
      'no-metric',
      'nothing matches',
      'Fix `metric` in .github/autoresearch.yml, or the output of `python fit.py`',
    ],
    [
      'invalid-metric',
      'two values',
      'Fix `metric` in .github/autoresearch.yml, or the output of `python fit.py`',
    ],
    ['no-metric', 'in the evaluation: nothing matches', 'or the output of `python eval.py`'],
    ['crashed', 'KeyError: lr', 'Run `python fit.py` by hand on this machine'],
    ['crashed', 'in the evaluation: KeyError', 'Run `python eval.py` by hand on this machine'],
    ['timed-out', 'killed at the timeout', 'Raise `budget` or `timeout` (11m)'],
    ['out-of-memory', 'exit code 137', 'raise `sandbox.memory`'],
  ])('for %s (%s) names the fix and the branch', (outcome, reason, expected) => {
    const text = advice({ outcome, reason }, 'python eval.py')
    expect(text).toContain(expected)
    expect(text).toContain('on the branch autoresearch/baseline')
  })

  test('explains what the sandbox hides, if there is one', () => {
    const failed = { outcome: 'crashed' } as const
    expect(advice(failed)).toContain('no network, no home')
    const sandbox = { ...aConfig().sandbox, kind: 'none' } as const
    expect(baselineAdvice(failed, aConfig({ sandbox }), CONFIG_PATH)).not.toContain('no network')
  })
})

describe('endOfOutput', () => {
  test('shows the last lines with their indentation and without invisible characters', () => {
    const tail = `${'old\n'.repeat(20)}Traceback:\n\n    \u001b[31mfit()\u001b[0m\u202e\nKeyError: lr\n`
    const shown = endOfOutput({ outcome: 'crashed', tail })
    expect(shown).toMatch(
      /^\nEnd of its output:\n( {2}old\n){9} {2}Traceback:\n {6}fit\(\)\n {2}KeyError: lr$/,
    )
  })

  test('is empty when no output was kept', () => {
    expect(endOfOutput({ outcome: 'crashed' })).toBe('')
    expect(endOfOutput({ outcome: 'crashed', tail: ' \n' })).toBe('')
  })
})
