import { describe, expect, test } from 'vitest'
import { certificationCheck, revertCheck } from '../../../src/core/report/certification-check.ts'
import {
  aBaseline,
  aCertification,
  aConfig,
  aState,
  aVerdict,
  certifying,
  trialResults,
} from '../../factories.ts'
import { HOSTILE } from './hostile.ts'
import { githubTriggers, rendered } from './rendered.ts'

const config = aConfig()

describe('a certification', () => {
  const [from, to] = [aBaseline('from'), aBaseline('to')]
  const ends = { from: from.commit, to: to.commit }
  const fresh = [
    ...trialResults([2.5, 2.51], { baseline: from }),
    ...trialResults([2.4, 2.41], { baseline: to }),
  ]
  const trials = fresh.map((result) => ({
    ...result,
    trial: { ...result.trial, protocol: certifying(from.commit, to.commit) },
  }))
  const state = aState({ baselines: [from, to], trials })

  test('shows both ends with every run', () => {
    const certification = aCertification(ends)
    const { summary, ...check } = certificationCheck({ certification, state, config })
    expect(check).toEqual({
      name: 'autoresearch / certify',
      status: 'completed',
      conclusion: 'success',
      title: certification.reason,
    })
    expect(summary).toContain('| baseline | 2.505 ± 0.00707 | 2 |')
    expect(summary).toContain('| candidate | 2.405 ± 0.00707 | 2 |')
    expect(summary).toContain('One run varies by σ = 0.006')
  })

  test('that does not hold fails the baseline commit and is the reason to merge the revert', () => {
    const refutation = aCertification({
      ...ends,
      merges: 1,
      holds: false,
      reason: '1 merge does not hold: gain 0',
    })
    expect(certificationCheck({ certification: refutation, state, config }).conclusion).toBe('failure')
    const verdict = aVerdict({ reason: 'reverted: 1 merge does not hold: gain 0' })
    const { summary, ...check } = revertCheck(
      { verdict, certification: refutation, state, config },
      'https://run',
    )
    expect(check).toMatchObject({
      name: 'autoresearch / val_bpb',
      conclusion: 'success',
      title: verdict.reason,
      detailsUrl: 'https://run',
    })
    expect(summary).toContain('**Merge**: reverted: 1 merge does not hold')
  })

  test.each(HOSTILE)('F64 whose code failed saying %s is inert', (_, text) => {
    const failed = (words: string) => {
      const reason = `3 fresh runs ended crashed: ${words}`
      return certificationCheck({
        certification: aCertification({ ...ends, holds: false, reason }),
        state,
        config,
      })
    }
    const check = failed(text)
    expect(githubTriggers(check.title)).toEqual([])
    const [shown, plain] = [check, failed('x')].map(({ summary }) => rendered(summary))
    expect(shown?.active).toEqual(plain?.active)
    expect(shown?.triggers).toEqual(plain?.triggers)
  })
})
