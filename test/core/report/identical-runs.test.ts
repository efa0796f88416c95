// What report and check say when all runs of the baseline give the same value.
import { describe, expect, test } from 'vitest'
import { concludedCheck } from '../../../src/core/report/check.ts'
import { buildReport, renderReport } from '../../../src/core/report/report.ts'
import { aCandidate, aConfig, aState, aVerdict, CONDITIONS, trialResults } from '../../factories.ts'

const IDENTICAL = trialResults([2.5, 2.5, 2.5])
const ADVICE = /same value \(σ = 0\).*wait for a person.*AUTORESEARCH_SEED.*deterministic: true/

function metricOf(deterministic: boolean) {
  return { ...aConfig().metric, ...(deterministic && { deterministic: true as const }) }
}

describe('F81 identical runs of the baseline', () => {
  test.each([
    ['says what to do', IDENTICAL, false, true],
    ['says nothing when the configuration expects them', IDENTICAL, true, false],
    ['says nothing when runs vary', trialResults([2.5, 2.51, 2.5]), false, false],
    ['says nothing after one run', trialResults([2.5]), false, false],
  ])('the report %s', (_, trials, deterministic, advises) => {
    const config = { ...aConfig(), metric: metricOf(deterministic) }
    const report = renderReport(buildReport(aState({ trials }), CONDITIONS, config))
    expect(ADVICE.test(report)).toBe(advises)
  })

  test.each([
    [false, true],
    [true, false],
  ])('the check says what to do, unless deterministic is %s', (deterministic, advises) => {
    const candidate = aCandidate()
    const { z: _, ...verdict } = aVerdict({ kind: 'review', sigma: 0 })
    const evidence = { baseline: IDENTICAL, candidate: trialResults([2.4, 2.4], { candidate }), sigma: 0 }
    const { summary } = concludedCheck({
      candidate,
      verdict,
      evidence,
      config: { metric: metricOf(deterministic) },
    })
    expect(/wait for a person.*AUTORESEARCH.*SEED.*deterministic: true/.test(summary)).toBe(advises)
  })
})
