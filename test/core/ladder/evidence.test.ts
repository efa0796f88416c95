// What guards do to a promotion: a stack that loses one counts as failed.
import { expect, test } from 'vitest'
import type { JudgedGuard } from '../../../src/core/judge/policy.ts'
import { promotionEvidence } from '../../../src/core/ladder/evidence.ts'
import { nextPromotionStep, promotionPolicy } from '../../../src/core/ladder/promotion.ts'
import { UNTESTED } from '../../../src/core/ladder/transfer.ts'
import type { KnownPromotion } from '../../../src/core/record/promotion.ts'
import { trialId } from '../../../src/core/trial/protocol.ts'
import { aPromotion, aState, aTrialResult, CONDITIONS, sha, trialResults } from '../../factories.ts'

const MEMBERS = [sha('one'), sha('two')] as const
const VRAM: JudgedGuard = { name: 'vram', direction: 'minimize', margin: { kind: 'percent', value: 5 } }
const PROMOTION: KnownPromotion = {
  ...aPromotion({
    config: CONDITIONS.config,
    members: MEMBERS.map((merge) => ({ merge, gain: 0.02, deviation: 0.005 })),
  }),
  stacks: [
    { members: [], commit: sha('base'), tree: sha('base tree') },
    { members: MEMBERS, commit: sha('both'), tree: sha('both tree') },
  ],
}

function runsAt(stack: number, values: readonly number[], vram: number) {
  const { scale, number: promotion } = PROMOTION
  const { commit: head = '', tree = '' } = PROMOTION.stacks[stack] ?? {}
  const protocol = { purpose: 'promote', scale, promotion } as const
  return values.map((value, index) => {
    const result = aTrialResult({ value })
    const id = trialId(tree, index + 1, protocol)
    const trial = { ...result.trial, id, base: head, head, tree, replicate: index + 1, protocol }
    return { ...result, trial, guards: [{ name: 'vram', value: vram }] }
  })
}

const research = trialResults([2.5, 2.49, 2.51])
const evidence = (vram: number, runs = 2, guards: readonly JudgedGuard[] = [VRAM]) =>
  promotionEvidence(
    aState({
      trials: [
        ...research,
        ...runsAt(0, [2.0, 2.001].slice(0, runs), 100),
        ...runsAt(1, [1.9, 1.901].slice(0, runs), vram),
      ],
    }),
    PROMOTION,
    CONDITIONS,
    guards,
  )
const next = (found: ReturnType<typeof evidence>) =>
  nextPromotionStep(found.episode, UNTESTED, promotionPolicy()).kind

test('a stack within the margins of its merges is promoted', () => {
  expect(evidence(109).lost).toEqual([])
  expect(next(evidence(109))).toBe('promote')
})

test('a stack beyond them counts as failed, so that it is split', () => {
  const found = evidence(112)
  expect(found.lost).toEqual(['guard vram is 112 against 100, and may be worse by 10'])
  expect(next(found)).toBe('run')
  const [, both] = found.episode.stacks
  expect(both?.losses.every((loss) => loss > 2.001)).toBe(true)
})

test('no guard is compared on one run, or without guards at this scale', () => {
  expect(evidence(112, 1).lost).toEqual([])
  expect(evidence(112, 2, []).lost).toEqual([])
})
