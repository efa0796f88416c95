// What proposers are told about larger scales.
import { expect, test } from 'vitest'
import { largerScales } from '../../../../src/core/propose/brief/ladder.ts'
import { promotionKey } from '../../../../src/core/record/promotion.ts'
import { aCandidate, aPromotion, aPromotionOutcome, aState, aVerdict, sha } from '../../../factories.ts'

const ladder = { first: 'd12', larger: [] }

function merged(name: string, commit: string) {
  const verdict = aVerdict({ gain: 0.02 })
  return aCandidate({ name, verdict, end: { kind: 'merged', commit, asTrained: true } })
}

test('is nothing before a promotion', () => {
  expect(largerScales(aState({}), { ladder })).toBe('')
})

test('names what does not transfer and what holds, as data', () => {
  const candidates = [merged('Widen <b>', sha('m5')), merged('Decay', sha('m6'))]
  const members = [
    { merge: sha('m5'), promoted: false, gain: -0.04, positive: 0.01 },
    { merge: sha('m6'), promoted: true, gain: 0.015, positive: 0.98 },
  ]
  const promotion = { ...aPromotion(), stacks: [], outcome: aPromotionOutcome({ members }) }
  const promotions = new Map([[promotionKey(promotion), promotion]])
  const state = { ...aState({ candidates }), promotions }
  const words = largerScales(state, { ladder })
  expect(words).toMatch(/Does not transfer:\n\n- \+0\.02.* here, −0\.04 at d24: .*Widen/)
  expect(words).toMatch(/Holds:\n\n- \+0\.02.* here, \+0\.015 at d24: .*Decay/)
  expect(words).toContain('What is merged here (d12) is also trained larger.')
})
