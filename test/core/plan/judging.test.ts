// What the judge is told of a candidate besides its runs.
import { expect, test } from 'vitest'
import type { JudgePolicy } from '../../../src/core/judge/policy.ts'
import { judgeCandidate } from '../../../src/core/plan/judging.ts'
import type { Candidate } from '../../../src/core/record/candidate.ts'
import { aCandidate, aState, CONDITIONS, POLICY, trialResults } from '../../factories.ts'

const BASELINE = [2.47, 2.48, 2.49, 2.51, 2.52, 2.53]

function judgementOf(fields: Partial<Candidate>, values: readonly number[], policy: JudgePolicy = POLICY) {
  const candidate = aCandidate(fields)
  const trials = [...trialResults(BASELINE), ...trialResults(values, { candidate })]
  return judgeCandidate(aState({ candidates: [candidate], trials }), CONDITIONS, policy, candidate)
}

test('a bundle is judged as changes are that looked good', () => {
  const idea = judgementOf({}, [2.42, 2.43])
  const bundle = judgementOf({ origin: { kind: 'bundle', members: ['a', 'b'] } }, [2.42, 2.43])
  expect([idea.kind, bundle.kind]).toEqual(['replicate', 'merge'])
})

test('what is left out of a bundle has to be surer than another simplification', () => {
  const simplicity = {
    removedLines: 5,
    margin: { kind: 'sigmas', value: 2 },
    addedLines: 50,
    gain: { kind: 'sigmas', value: 1 },
  } as const
  const values = [2.46, 2.47, 2.46, 2.465]
  const [idea, without] = [{}, { origin: { kind: 'leave-out', bundle: 'a', member: 'b' } as const }].map(
    (fields) => judgementOf({ addedLines: -20, ...fields }, values, { ...POLICY, simplicity }),
  )
  expect(idea?.reason).toMatch(/≤ 3 %$/)
  expect(without?.reason).toMatch(/≤ 1 %$/)
})
