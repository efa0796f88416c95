import { expect, test } from 'vitest'
import { describeTrial } from '../../../src/core/report/describe.ts'
import { aTrialResult } from '../../factories.ts'

test('a trial without a value says why', () => {
  const result = aTrialResult({ outcome: 'no-metric', reason: 'nothing printed\nmatches' })
  expect(describeTrial(result)).toMatch(
    /^trained baseline \w{7}, run 1: no-metric in 5m: nothing printed matches$/,
  )
})
