// What becomes of a candidate that conflicts with a merge.
import { expect, it } from 'vitest'
import { conflictVerdict } from '../../../src/core/plan/conflict.ts'
import { directionAtHand } from '../../../src/core/propose/brief/direction.ts'
import type { Candidate } from '../../../src/core/record/candidate.ts'
import type { TrialResult } from '../../../src/core/record/trial.ts'
import {
  aBaseline,
  aCandidate,
  aDirection,
  aState,
  aVerdict,
  CONDITIONS,
  sha,
  trialResults,
} from '../../factories.ts'

const ONTO = { commit: sha('merge'), tree: sha('merge tree') }
const MERGED = aCandidate({
  name: 'merged',
  title: 'Use Muon',
  verdict: aVerdict(),
  end: { kind: 'merged', commit: ONTO.commit, asTrained: true },
})
const BASELINE = trialResults([2.47, 2.48, 2.49, 2.51, 2.52, 2.53])
const OTHER = aCandidate({ name: 'it' })
const runs = (...values: number[]): TrialResult[] => trialResults(values, { candidate: OTHER })

function verdictOf(fields: Partial<Candidate>, trials: readonly TrialResult[], others = [MERGED]) {
  const candidate = { ...OTHER, ...fields }
  const state = aState({
    baselines: [aBaseline(), ONTO],
    candidates: [...others, candidate],
    trials: [...BASELINE, ...trials],
  })
  return conflictVerdict(state, CONDITIONS, candidate, ONTO)
}

it.each<[string, Partial<Candidate>, TrialResult[], 'park' | 'reject']>([
  ['a winner', { verdict: aVerdict({ kind: 'merge', gain: 0.05 }) }, runs(2.4, 2.41), 'park'],
  ['one that looked good so far', {}, runs(2.4), 'park'],
  ['one that looked bad so far', {}, runs(2.6), 'reject'],
  ['one that was never trained', {}, [], 'reject'],
  ['an A/A check', { origin: { kind: 'aa', number: 1 } }, runs(2.4), 'reject'],
])('F43 %s: $3', (_, fields, trials, kind) => {
  const verdict = verdictOf(fields, trials)
  expect(verdict).toMatchObject({ kind, runs: { candidate: trials.length, baseline: 0 } })
  expect(verdict.conflict).toBe(kind === 'park' ? ONTO.commit : undefined)
  expect(verdict.reason).toContain(`conflicts with ${ONTO.commit.slice(0, 7)}`)
})

it('what conflicts with a push of a person is rejected: there is no change to combine it with', () => {
  expect(verdictOf({}, runs(2.4), []).kind).toBe('reject')
})

it('the brief says what conflicts with what', () => {
  const state = aState({ candidates: [MERGED, OTHER] })
  const direction = aDirection({ mode: 'combine', sources: [OTHER.id, MERGED.id] })
  expect(directionAtHand({ state, direction })).toContain(
    'bring the first change below into the present code',
  )
  const near = aCandidate({ name: 'near' })
  const both = aDirection({ mode: 'combine', sources: [OTHER.id, near.id] })
  expect(directionAtHand({ state: aState({ candidates: [near, OTHER] }), direction: both })).toContain(
    'merge the two changes below into one',
  )
})
