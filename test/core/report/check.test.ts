import { describe, expect, test } from 'vitest'
import type { Outcome } from '../../../src/core/record/trial.ts'
import type { Verdict } from '../../../src/core/record/verdict.ts'
import { concludedCheck, startedCheck } from '../../../src/core/report/check.ts'
import {
  aaOrigin,
  aCandidate,
  aConfig,
  aTrialResult,
  aVerdict,
  type TrialResultFields,
  trialResults,
} from '../../factories.ts'
import { HOSTILE } from './hostile.ts'
import { githubTriggers, rendered } from './rendered.ts'

const config = aConfig()
const candidate = aCandidate()
const BASELINE = trialResults([2.37, 2.38, 2.365, 2.372, 2.369, 2.378])

function evidence(values: readonly number[], fields: TrialResultFields = {}) {
  return { baseline: BASELINE, candidate: trialResults(values, { candidate, ...fields }), sigma: 0.0056 }
}

function failed(outcome: Outcome, fields: TrialResultFields = {}) {
  const result = aTrialResult({ candidate, outcome, ...fields })
  const verdict = aVerdict({ kind: 'reject', reason: `run 1 of 1 ended ${outcome}: ${fields.reason ?? ''}` })
  const { gain: _, z: __, ...rest } = verdict
  return { candidate, config, verdict: rest, evidence: { ...evidence([]), candidate: [result] } }
}

test('a check that has just started', () => {
  expect(startedCheck(candidate, config, 'https://github.com/o/r/actions/runs/1')).toMatchInlineSnapshot(`
    {
      "detailsUrl": "https://github.com/o/r/actions/runs/1",
      "name": "autoresearch / val_bpb",
      "status": "in_progress",
      "summary": "A run is meant to take 5m. The candidate's val_bpb is compared with baseline 01bada1. This check completes automatically.",
      "title": "Training run 1…",
    }
  `)
})

test('a typical verdict', () => {
  const { summary, ...check } = concludedCheck({
    ...{ candidate, config },
    verdict: aVerdict(),
    evidence: evidence([2.34, 2.3424]),
  })
  expect(check).toEqual({
    name: 'autoresearch / val_bpb',
    status: 'completed',
    conclusion: 'success',
    title: 'val_bpb 2.3412 (−0.0311, z = 3.4): merge',
  })
  expect(summary).toMatchInlineSnapshot(`
    "**Merge**: gain 0.0312 ± 0.0091 over 2 runs, z = 3.4, false-merge risk 0.8 % ≤ 12 %

    |  | val_bpb | runs |
    | --- | --- | --- |
    | baseline | 2.3723 ± 0.00568 | 6 |
    | candidate | 2.3412 ± 0.0017 | 2 |
    | Δ | **−0.0311 (−1.3 %)** |  |

    Measured gain relative to the estimated baseline: 0.0323. Expected gain after correction for luck: 0.0312.

    One run varies by σ = 0.0112, pooled over repeated runs of equal code.

    Metric: reported by the training script itself. Sandbox: bubblewrap 0.9.0.

    ### Runs of this candidate

    | run | seed | outcome | value | wall time |
    | --- | --- | --- | --- | --- |
    | 1 | 1923619080 | measured | 2.34 | 5m |
    | 2 | 1782332917 | measured | 2.3424 | 5m |"
  `)
})

describe('the lines of code', () => {
  const simplicity = aConfig({
    simplicity: {
      removedLines: 5,
      margin: { kind: 'sigmas', value: 0.5 },
      addedLines: 50,
      gain: { kind: 'sigmas', value: 1 },
    },
  })
  test.each([
    [-12, simplicity, 'Code: 12 fewer lines.'],
    [-1, simplicity, 'Code: 1 fewer line.'],
    [80, simplicity, 'Code: 80 more lines.'],
    [0, simplicity, undefined],
    [undefined, simplicity, undefined],
    [-12, config, undefined],
  ])('%s are shown when simplicity is configured', (addedLines, settings, line) => {
    const sized = aCandidate(addedLines === undefined ? {} : { addedLines })
    const facts = { candidate: sized, config: settings, verdict: aVerdict(), evidence: evidence([2.34]) }
    const lines = concludedCheck(facts).summary.split('\n')
    expect(lines.find((text) => text.startsWith('Code:'))).toBe(line)
  })
})

describe('the measured and the expected gain', () => {
  const linesFor = (verdict: Verdict) =>
    concludedCheck({ candidate, config, verdict, evidence: evidence([2.34]) }).summary.split('\n')

  test('are shown in one line', () => {
    expect(linesFor(aVerdict({ gain: -0.02, measured: -0.03 }))).toContain(
      'Measured gain relative to the estimated baseline: -0.03. Expected gain after correction for luck: -0.02.',
    )
  })

  test('are not shown without noise or without a comparison', () => {
    const { measured: _, ...exact } = aVerdict()
    const { gain: __, ...unmeasured } = exact
    for (const verdict of [exact, unmeasured]) expect(linesFor(verdict).join()).not.toContain('luck')
  })
})

describe('the conclusion', () => {
  test.each([
    ['merge', 'success'],
    ['reject', 'failure'],
    ['park', 'neutral'],
    ['review', 'neutral'],
  ] as const)('of %s is %s', (kind, conclusion) => {
    const check = concludedCheck({
      candidate,
      config,
      verdict: aVerdict({ kind }),
      evidence: evidence([2.34]),
    })
    expect(check.conclusion).toBe(conclusion)
    expect(check.title).toMatch(new RegExp(`: ${kind === 'review' ? 'a person decides' : kind}$`))
  })
})

describe('the title', () => {
  test('names the failure instead of a number', () => {
    expect(concludedCheck(failed('out-of-memory')).title).toBe('run 1 ended out-of-memory: reject')
  })

  test('says when the judge refused to compare', () => {
    const { gain: _, z: __, ...verdict } = aVerdict({ kind: 'reject', reason: 'run 1 of 1 is over-budget' })
    const check = concludedCheck({ candidate, config, verdict, evidence: evidence([2.3]) })
    expect(check.title).toBe('val_bpb 2.3 (−0.0723, not comparable): reject')
  })

  test('shows no difference where there is none', () => {
    const verdict = aVerdict({ kind: 'reject', noEffect: true, gain: 0 })
    const check = concludedCheck({ candidate, config, verdict, evidence: evidence([2.34]) })
    expect(check.title).toBe('val_bpb 2.34 (no effect): reject')
  })

  test('has no z-score for a metric without noise', () => {
    const { z: _, ...verdict } = aVerdict({ sigma: 0 })
    const check = concludedCheck({ candidate, config, verdict, evidence: evidence([2.34]) })
    expect(check.title).toBe('val_bpb 2.34 (−0.0323): merge')
  })

  test('gives the reason when nothing was trained', () => {
    const verdict = aVerdict({ kind: 'reject', reason: 'conflicts with abc' })
    expect(concludedCheck({ candidate, config, verdict, evidence: evidence([]) }).title).toBe(
      'conflicts with abc: reject',
    )
  })
})

describe('F63 F64 F65 hostile output of a crash', () => {
  const honest = rendered(concludedCheck(failed('crashed', { reason: 'x', tail: 'x' })).summary)

  test.each(HOSTILE)('with %s is quoted and nothing else', (_, text) => {
    const check = concludedCheck(failed('crashed', { reason: text, tail: `x\n${text}` }))
    const { active, triggers } = rendered(check.summary)
    expect(active).toEqual(honest.active)
    expect(triggers).toEqual(honest.triggers)
    expect(githubTriggers(check.title)).toEqual([])
    expect(check.summary).not.toContain('<!--')
    expect(check.summary.length).toBeLessThanOrEqual(65_535)
  })

  test('is quoted with its end, where the error is', () => {
    const { summary } = concludedCheck(failed('crashed', { tail: `${'x\n'.repeat(5000)}ValueError: boom` }))
    expect(summary).toContain('ValueError: boom\n```')
    expect(summary).toContain('characters left out')
  })
})

describe('the trust line', () => {
  const lineOf = (baseline: TrialResultFields[], runs: TrialResultFields[]) => {
    const evidence = {
      baseline: baseline.map((fields) => aTrialResult(fields)),
      candidate: runs.map((fields) => aTrialResult({ candidate, ...fields })),
      sigma: undefined,
    }
    const { summary } = concludedCheck({ candidate, config, verdict: aVerdict(), evidence })
    return summary.split('\n').find((line) => line.startsWith('Metric: '))
  }
  const evaluated = { trust: 'evaluated' } as const
  const none = { sandbox: 'none' }

  test.each([
    [
      'every number evaluated',
      [evaluated],
      [evaluated, evaluated],
      'Metric: measured by an evaluator that runs the model itself. Sandbox: bubblewrap 0.9.0.',
    ],
    [
      'numbers of both kinds',
      [evaluated],
      [{}],
      'Metric: measured by an evaluator that runs the model itself, reported by the training script itself. Sandbox: bubblewrap 0.9.0.',
    ],
    [
      'several sandboxes, each once',
      [{}, { sandbox: 'bubblewrap 0.11.0' }],
      [{}],
      'Metric: reported by the training script itself. Sandbox: bubblewrap 0.9.0, bubblewrap 0.11.0.',
    ],
    [
      'a candidate without sandbox',
      [{}],
      [none],
      'Metric: reported by the training script itself, **unprotected** (reported by the training script itself). Sandbox: bubblewrap 0.9.0, **no sandbox**.',
    ],
    [
      'a baseline without sandbox',
      [none],
      [],
      'Metric: **unprotected** (reported by the training script itself). Sandbox: **no sandbox**.',
    ],
    [
      'no sandbox in several words',
      [none],
      [{ sandbox: 'no sandbox: all is open' }],
      'Metric: **unprotected** (reported by the training script itself). Sandbox: **no sandbox**.',
    ],
    ['no runs at all', [], [], undefined],
  ])('of %s', (_, baseline, runs, line) => expect(lineOf(baseline, runs)).toBe(line))

  test.each(HOSTILE)('F64 a sandbox described with %s is text', (_, text) => {
    const line = lineOf([], [{ sandbox: `bubblewrap ${text}`.slice(0, 200) }]) ?? ''
    expect(rendered(line).active).toEqual(rendered('bubblewrap').active)
    expect(rendered(line).triggers).toEqual([])
  })
})

test('a review tells the reader what to decide', () => {
  const verdict = aVerdict({ kind: 'review', reason: 'gain 0.0312: self-reported, and above 1 % = 0.0237' })
  const { summary, title } = concludedCheck({ candidate, config, verdict, evidence: evidence([2.34]) })
  expect(title).toBe('val_bpb 2.34 (−0.0323, z = 3.4): a person decides')
  expect(summary.split('\n')[0]).toBe(
    '**Review**: gain 0.0312: self-reported, and above 1 % = 0.0237. A person decides: merge this pull request or close it.',
  )
})

test('F64 a metric name is text too', () => {
  const metric = { ...config.metric, name: '@org|<b>' }
  const { summary, title } = concludedCheck({
    ...{ candidate, config: { metric } },
    verdict: aVerdict(),
    evidence: evidence([2.3]),
  })
  expect(rendered(summary).active.filter((kind) => /html|link|image/.test(kind))).toEqual([])
  expect(githubTriggers(title)).toEqual([])
})

describe('an A/A candidate', () => {
  test.each([
    ['merge', 'It would have been merged.'],
    ['reject', 'It would not have been merged.'],
  ] as const)('is neutral whatever the verdict: %s', (kind, words) => {
    const verdict = aVerdict({ kind })
    const facts = {
      candidate: { ...candidate, origin: aaOrigin(1), verdict },
      config,
      verdict,
      evidence: evidence([2.34]),
    }
    const { conclusion, title, summary } = concludedCheck(facts)
    expect(conclusion).toBe('neutral')
    expect(title).toMatch(/^A\/A, val_bpb /)
    expect(summary).toContain(`and is closed whatever the verdict. ${words}`)
  })
})
