// What is run next at the larger scale, and what is promoted: from made-up runs without noise beyond what is stated.
import { describe, expect, test } from 'vitest'
import { nextPromotionStep } from '../../../src/core/ladder/promotion.ts'
import {
  believeGains,
  type Episode,
  learnTransfer,
  type Member,
  UNTESTED,
} from '../../../src/core/ladder/transfer.ts'

const SIGMA = 0.1
const LEVEL = 10

function members(count: number): Member[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `m${index}`,
    gain: { mean: 1, variance: 0.04 },
    isScaleDependent: false,
  }))
}

/** Plays a promotion to its end; a run is the level minus the true gains of what is applied. */
function play(trueGains: readonly number[]) {
  const all = members(trueGains.length)
  const stacks: { members: ReadonlySet<string>; losses: number[] }[] = []
  const episode: Episode = { members: all, stacks, sigma: SIGMA }
  let runs = 0
  while (runs < 100) {
    const step = nextPromotionStep(episode, UNTESTED)
    if (step.kind !== 'run') return { step, runs, episode }
    for (const wanted of step.stacks) {
      runs += 1
      const applied = new Set(wanted)
      const gain = all.reduce(
        (sum, { id }, index) => sum + (applied.has(id) ? (trueGains[index] ?? 0) : 0),
        0,
      )
      const known = stacks.find(
        ({ members: one }) => one.size === applied.size && [...one].every((id) => applied.has(id)),
      )
      const stack = known ?? { members: applied, losses: [] }
      if (!known) stacks.push(stack)
      stack.losses.push(LEVEL - gain)
    }
  }
  throw new Error('the promotion does not end')
}

describe('a promotion', () => {
  test('of merges that hold is made as one stack after two runs of each end', () => {
    const { step, runs } = play(Array.from({ length: 8 }, () => 0.7))
    expect(step).toMatchObject({ kind: 'promote', dropped: [] })
    expect(runs).toBe(4)
  })

  test.each([0, 3, 7])(
    'without the merge that fails, number %d, is made of others in fewer runs than one by one',
    (culprit) => {
      const gains = Array.from({ length: 8 }, (_, index) => (index === culprit ? -9 : 0.7))
      const { step, runs } = play(gains)
      if (step.kind !== 'promote') throw new Error(`expected a promotion, found ${step.kind}`)
      expect(step.dropped).toContain(`m${culprit}`)
      // A neighbour that its runs could not tell from the culprit may be dropped, too.
      expect(step.dropped.length).toBeLessThanOrEqual(2)
      // Testing each merge alone takes two runs of each of the eight and two of the promoted code.
      expect(runs).toBeLessThan(18)
    },
  )

  test('promotes nothing when nothing holds', () => {
    const { step } = play(Array.from({ length: 4 }, () => -1))
    expect(step.kind).toBe('refuse')
  })

  test('begins with the promoted code and its whole stack in turn', () => {
    const all = members(3)
    const first = nextPromotionStep({ members: all, stacks: [], sigma: SIGMA }, UNTESTED)
    const whole = ['m0', 'm1', 'm2']
    expect(first).toEqual({ kind: 'run', stacks: [[], whole, [], whole] })
    const stacks = [{ members: new Set<string>(), losses: [LEVEL] }]
    expect(nextPromotionStep({ members: all, stacks, sigma: SIGMA }, UNTESTED)).toEqual({
      kind: 'run',
      stacks: [whole, [], whole],
    })
  })
})

describe('what is believed about gains at the larger scale', () => {
  test('without a run follows the small scale, reduced', () => {
    const belief = believeGains({ members: members(4), stacks: [], sigma: SIGMA }, UNTESTED)
    const expected = belief.expected(new Set(['m0']))
    expect(expected).toBeGreaterThan(0.4)
    expect(expected).toBeLessThan(0.9)
  })

  test('is what was measured once both ends are known', () => {
    const { episode } = play([0.5, 0.9, 0.7])
    const belief = believeGains(episode, UNTESTED)
    expect(belief.expected(new Set(['m0', 'm1', 'm2']))).toBeCloseTo(2.1, 1)
  })

  test('is learned from promotions: where gains hardly carry over, less is expected next time', () => {
    const { episode } = play(Array.from({ length: 8 }, () => 0.1))
    const learned = learnTransfer(UNTESTED, episode)
    const next: Episode = { members: members(4), stacks: [], sigma: SIGMA }
    const before = believeGains(next, UNTESTED).expected(new Set(['m0']))
    expect(believeGains(next, learned).expected(new Set(['m0']))).toBeLessThan(before)
    expect(learned.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 9)
  })
})
