import { describe, expect, it } from 'vitest'
import {
  insightsAreDue,
  insightsPrompt,
  readInsights,
  renewInsights,
  tabulateInsights,
  withoutMarks,
} from '../../../src/core/propose/insights.ts'
import type { Candidate } from '../../../src/core/record/candidate.ts'
import { aaOrigin, aCandidate, aState, aVerdict } from '../../factories.ts'

const MERGED = aCandidate({
  name: 'warmup',
  pullRequest: 3,
  verdict: aVerdict({ gain: 0.03, z: 3 }),
  end: { kind: 'merged', commit: 'c', asTrained: true },
})
const CRASHED = aCandidate({
  name: 'muon',
  category: 'optimizer',
  pullRequest: 4,
  verdict: {
    kind: 'reject',
    reason: 'run 1 ended crashed',
    failure: 'crashed',
    runs: { candidate: 1, baseline: 6 },
  },
  end: { kind: 'closed' },
})
const STATE = aState({ candidates: [MERGED, CRASHED] })

describe('insights', () => {
  it.each([
    [19, 0, false],
    [20, 0, true],
    [39, 20, false],
    [40, 20, true],
  ])(
    'with %d ideas decided, %d of them at the last rewrite, are due: %s',
    (settled, decidedAtLastInsights, due) => {
      const candidates = Array.from({ length: settled }, (_, index) =>
        aCandidate({ name: `${index}`, end: { kind: 'closed' } }),
      )
      const others = [
        aCandidate({ name: 'open' }),
        aCandidate({ name: 'no-op', origin: aaOrigin(1), end: { kind: 'closed' } }),
      ]
      expect(
        insightsAreDue(aState({ candidates: [...candidates, ...others], decidedAtLastInsights }), 20),
      ).toBe(due)
    },
  )

  it('have a prompt with the attempts, their results and the current insights without hashes', () => {
    const prompt = insightsPrompt(STATE, renewInsights('- Ada: try muon again\n', ['Warmup helps (#3)']))
    expect(prompt).toContain('- #3 [schedule] Try warmup: merged, +0.03. ')
    expect(prompt).toContain('- #4 [optimizer] Try muon: crashed, –. run 1 ended crashed')
    expect(prompt).toContain('- Ada: try muon again')
    expect(prompt).toContain('- Warmup helps (#3)')
    expect(prompt).not.toContain('<!--')
  })

  it('have a prompt whose length does not grow with the ledger', () => {
    const many = (count: number): Candidate[] =>
      Array.from({ length: count }, (_, index) => ({ ...CRASHED, id: `${10_000 + index}` }))
    const length = (count: number) => insightsPrompt(aState({ candidates: many(count) }), undefined).length
    expect(length(5000)).toBe(length(100))
  })

  it('F111 are read only from lines that cite a known experiment, without invisible characters or hidden markup', () => {
    const answer = `Here is what I learned:
- Warmup helps (#3)
* Muon needs another shape (#4).\u202e
- Everything is possible
- Dropout fails (#99)
- Hidden <!-- (#3)
- Nested <!<!---- (#3)`
    expect(readInsights(answer, STATE)).toEqual([
      'Warmup helps (#3)',
      'Muon needs another shape (#4).',
      'Hidden (#3)',
      'Nested (#3)',
    ])
  })

  it('are statistics without a model', () => {
    expect(tabulateInsights(STATE)).toEqual([
      'optimizer: 1 tried; 0 merged; 1 failed to run (#4 –); best of the rest (#4 –)',
      'schedule: 1 tried; 1 merged (#3 +0.03); 0 failed to run; best of the rest unknown',
    ])
  })
})

describe('renewInsights', () => {
  const first = renewInsights(undefined, ['Warmup helps (#3)', 'Muon crashes (#4)'])

  it('replaces generated lines', () => {
    const next = renewInsights(first, ['Warmup helps a lot (#3)'])
    expect(withoutMarks(next)).toBe('- Warmup helps a lot (#3)')
    expect(renewInsights(next, ['Warmup helps a lot (#3)'])).toBe(next)
  })

  it('keeps lines that people added or changed', () => {
    const edited = `${first.replace('Muon crashes (#4)', 'Muon crashes on small widths (#4)')}\n- Ada: look at batch size\n`
    const next = withoutMarks(renewInsights(edited, ['Nothing else (#3)']))
    expect(next).toBe(
      '- Muon crashes on small widths (#4)\n\n- Ada: look at batch size\n\n- Nothing else (#3)',
    )
    expect(withoutMarks(renewInsights(renewInsights(edited, ['One (#3)']), ['Two (#3)']))).toBe(
      '- Muon crashes on small widths (#4)\n\n- Ada: look at batch size\n\n- Two (#3)',
    )
  })

  it('limits its length', () => {
    const long = Array.from({ length: 100 }, (_, index) => `${'x'.repeat(290)} (#${index})`)
    expect(renewInsights('- y\n'.repeat(10_000), long).length).toBeLessThan(20_000)
  })
})
