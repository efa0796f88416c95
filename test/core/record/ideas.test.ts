import { expect, test } from 'vitest'
import { rangeKey } from '../../../src/core/record/certification.ts'
import { pastIdeas } from '../../../src/core/record/ideas.ts'
import { aaOrigin, aCandidate, aCertification, aState, aVerdict, revertOrigin, sha } from '../../factories.ts'

const COMMIT = sha('warmup merged')
const MERGED = aCandidate({
  name: 'warmup',
  verdict: aVerdict({ gain: 0.03 }),
  end: { kind: 'merged', commit: COMMIT, asTrained: true },
})
const REVERT = aCandidate({
  name: 'undoing',
  origin: revertOrigin(COMMIT),
  end: { kind: 'merged', commit: sha('undone'), asTrained: true },
})

test('ideas are what proposers thought of: neither A/A candidates nor reverts', () => {
  const candidates = [
    MERGED,
    aCandidate({ name: 'nothing', origin: aaOrigin(1) }),
    { ...REVERT, origin: revertOrigin(sha('another')) },
  ]
  expect(pastIdeas(aState({ candidates }))).toEqual([MERGED])
})

test('a merge that was undone is rejected, with the gain of the runs that refuted it', () => {
  const refutation = aCertification({ to: COMMIT, merges: 1, holds: false, gain: -0.001 })
  const certifications = new Map([[rangeKey(refutation), refutation]])
  const state = aState({ candidates: [MERGED, REVERT], certifications })
  expect(pastIdeas(state)).toMatchObject([
    { title: MERGED.title, verdict: { kind: 'reject', gain: -0.001 }, end: { kind: 'closed' } },
  ])
})

test('a merge whose revert is still open stays a merge', () => {
  const { end: _, ...open } = REVERT
  expect(pastIdeas(aState({ candidates: [MERGED, open] }))).toEqual([MERGED])
})
