import { describe, expect, test } from 'vitest'
import type { TrialResult } from '../../../src/core/record/trial.ts'
import {
  baselineAdvice,
  commitsSinceTrained,
  endOfOutput,
} from '../../../src/core/report/baseline-failure.ts'
import type { Metric } from '../../../src/core/trial/metric.ts'
import { aBaseline, aCandidate, aConfig, aState, aTrialResult } from '../../factories.ts'

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
    ['not-reached', 'val did not reach 2 or less', 'choose a `metric.target`'],
    [
      'not-reached',
      'the evaluator measured 9',
      'Save the checkpoint before the point of the curve is printed',
    ],
  ])('for %s (%s) names the fix and the branch', (outcome, reason, expected) => {
    const text = advice({ outcome, reason }, 'python eval.py')
    expect(text).toContain(expected)
    expect(text).toContain('on the branch autoresearch/baseline')
  })

  test('explains what the sandbox hides, if there is one', () => {
    const failed = { outcome: 'crashed' } as const
    expect(advice(failed)).toContain('no network, a home')
    const sandbox = { ...aConfig().sandbox, kind: 'none' } as const
    expect(baselineAdvice(failed, aConfig({ sandbox }), CONFIG_PATH)).not.toContain('no network')
  })
})

describe('F75 advice about the metric quotes the user', () => {
  const metric = {
    name: 'val_bpb',
    direction: 'minimize',
    source: { kind: 'pattern', pattern: '^val_bpb:\\s+(\\S+)' },
  } as const
  const about = (failed: Parameters<typeof baselineAdvice>[0], fields: Partial<Metric> = {}) =>
    baselineAdvice(failed, aConfig({ metric: { ...metric, ...fields } }), CONFIG_PATH)

  test.each([
    ['val_loss: 2.31', "pattern: '^val_loss:\\s+(\\S+)'"],
    ['step 250: train loss 1.9, val loss 2.0', "pattern: 'val\\s+loss\\s+(\\S+)'"],
    ['Final evaluation | val loss: 3.123 | val ppl: 22.7', "pattern: 'val\\s+ppl:\\s+(\\S+)'"],
    ['  eval/bpb (val) = 1.5e-3', "pattern: 'eval\\/bpb\\s+\\(val\\)\\s+=\\s+(\\S+)'"],
    [
      "{'eval_val_loss': 3.5, 'epoch': 1}",
      "pattern: 'eval_val_loss''\\s+:\\s+(\\S+)'".replace("''\\s+:", "'':"),
    ],
  ])('%s', (line, expected) => {
    const tail = `epoch 3\nval: none\n${line}\nwandb: synced 4 files\n`
    const text = about({ outcome: 'no-metric', reason: 'no line matches', tail })
    expect(text).toContain(`most like it is "${line.trim()}"`)
    expect(text).toContain(expected)
    expect(text).toContain('`metric.pattern` (^val_bpb:\\s+(\\S+))')
    const [, pattern = ''] = /`pattern: '(.*?)'` would/.exec(text) ?? []
    expect(
      Number.parseFloat(new RegExp(pattern.replaceAll("''", "'")).exec(line)?.[1] ?? ''),
    ).toBeGreaterThan(0)
  })

  test('says so when no line has a number', () => {
    expect(about({ outcome: 'no-metric', reason: 'none', tail: 'done\n' })).toContain(
      'or print a line that it matches',
    )
  })

  test.each([
    [
      'invalid-metric',
      'val_bpb was printed 3 times (1, 2, 3…), and `metric.take` does not say',
      'Add `take: last` under `metric`',
    ],
    ['invalid-metric', 'val_bpb is "950ms", which is not a decimal number', 'captures only the number'],
    ['invalid-metric', 'val_bpb is 99, outside its bounds 0 to 20', 'Widen `metric.bounds`'],
  ] as const)('%s: %s', (outcome, reason, expected) => {
    expect(about({ outcome, reason })).toContain(expected)
  })

  test('names the file and the key', () => {
    const source = { kind: 'file', file: 'all_results.json', key: 'eval_loss' } as const
    const text = about({ outcome: 'no-metric', reason: 'the script did not write it' }, { source })
    expect(text).toContain('`metric.file` (all_results.json) and `metric.key` (eval_loss)')
  })
})

describe('advice about a mistake in the set-up', () => {
  test.each([
    ["ModuleNotFoundError: No module named 'torch'", 'Python found no module torch. Install it in `setup`'],
    ["Error: Cannot find module '/source/train.mjs'", 'Node found no /source/train.mjs'],
    [
      "python3: can't open file '/source/trian.py': [Errno 2] No such file or directory",
      'There is no file /source/trian.py. Correct the path in `train`',
    ],
    ['/bin/sh: 1: uv: not found', 'The program uv is not on the PATH'],
    ['bash: line 1: torchrun: command not found', 'The program torchrun is not on the PATH'],
    ['/bin/sh: 1: ./train.sh: Permission denied', './train.sh may not be executed'],
    [
      "requests.exceptions.ConnectionError: HTTPSConnectionPool(host='huggingface.co')",
      'Training has no network',
    ],
    [
      "FileNotFoundError: [Errno 2] No such file or directory: 'data/train.bin'",
      'There is no data/train.bin. Prepare data in `setup`',
    ],
    ['RuntimeError: No CUDA GPUs are available', 'Training found no GPU'],
    [
      'train.py: error: unrecognized arguments: --dept 12',
      'does not accept the arguments in `train`: --dept 12',
    ],
  ])('%s', (line, expected) => {
    expect(advice({ outcome: 'crashed', reason: 'exit code 1', tail: `Traceback\n${line}\n` })).toContain(
      expected,
    )
  })

  test('says when the next job tries again', () => {
    const failed = { outcome: 'crashed', reason: 'exit code 1' } as const
    expect(baselineAdvice(failed, aConfig(), CONFIG_PATH, { isFinal: false })).toContain(
      'The next job measures the baseline again',
    )
    expect(baselineAdvice(failed, aConfig(), CONFIG_PATH)).toContain('push any commit')
  })
})

describe('F50 commitsSinceTrained', () => {
  const [good, worse] = [aBaseline(), aBaseline('push')]
  const bad = { ...aBaseline('merge'), merge: { pullRequest: 5, by: 'octocat' } }
  const merged = aCandidate({
    title: 'Exit at once',
    pullRequest: 5,
    end: { kind: 'withdrawn', reason: 'a person moved or deleted the branch' },
  })
  const trials = [
    aTrialResult({ baseline: good }),
    aTrialResult({ baseline: bad, outcome: 'crashed' }),
    aTrialResult({ baseline: worse, outcome: 'crashed' }),
  ]

  test('names the merge of a person', () => {
    const state = aState({ baselines: [good, bad], candidates: [merged], trials: trials.slice(0, 2) })
    expect(commitsSinceTrained(state)).toBe(
      `. The baseline trained at ${good.commit.slice(0, 7)}; since then came ${bad.commit.slice(0, 7)} (#5 Exit at once, merged by octocat)`,
    )
  })

  test('names every commit since the baseline trained, the newest first', () => {
    const state = aState({ baselines: [good, bad, worse], candidates: [merged], trials })
    expect(commitsSinceTrained(state)).toContain(
      `came ${worse.commit.slice(0, 7)} (pushed), ${bad.commit.slice(0, 7)} (#5`,
    )
  })

  test('says nothing about a baseline that trained, or of which none ever did', () => {
    expect(commitsSinceTrained(aState({ baselines: [good], trials: trials.slice(0, 1) }))).toBe('')
    expect(commitsSinceTrained(aState({ baselines: [bad], trials: trials.slice(1, 2) }))).toBe('')
  })

  test('a person is told to revert it', () => {
    const failed = { outcome: 'crashed', reason: 'exit code 1' } as const
    expect(baselineAdvice(failed, aConfig(), CONFIG_PATH, { hasTrained: true })).toContain(
      'Revert on autoresearch/baseline what broke it',
    )
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
