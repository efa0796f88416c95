import { describe, expect, it } from 'vitest'
import { type Change, changeKey } from '../../../src/core/gate/gate.ts'
import { sketchOf } from '../../../src/core/gate/sketch.ts'
import { explainRepetition } from '../../../src/core/propose/novelty.ts'
import { IdeaMemory } from '../../../src/core/record/archived-ideas.ts'
import type { Candidate } from '../../../src/core/record/candidate.ts'
import type { BaselineCommit } from '../../../src/core/record/state.ts'
import { aaOrigin, aBaseline, aCandidate, aState, aVerdict } from '../../factories.ts'

const POLICY = { similarity: 0.8, retryAfterMerges: 2 }
const BEFORE = 'lr = 0.1\nh = relu(linear(x))\nh = norm(h)\nreturn project(h)\n'

function aChange(search: string, replace: string): Change[] {
  return [{ path: 'train.py', mode: '100644', before: BEFORE, after: BEFORE.replace(search, replace) }]
}

const GATED = aChange('relu(linear(x))', 'sigmoid(gate(x)) * relu(linear(x))')
const GATED_AGAIN = aChange('h = relu(linear(x))', 'g = sigmoid(gate(x))  # again\nh = g * relu(linear(x))')

function past(changes: readonly Change[], fields: Partial<Candidate> = {}): Candidate {
  const verdict = aVerdict({ kind: 'reject', reason: 'gain −0.01 over 1 run', gain: -0.01 })
  return aCandidate({
    title: 'Gate it',
    changeKey: changeKey(changes),
    sketch: sketchOf(changes),
    verdict,
    end: { kind: 'closed' },
    pullRequest: 12,
    ...fields,
  })
}

/** Whether `GATED` may be proposed after `candidate` and this many merges since. */
function isNew(candidate: Candidate, merges = 0, sources: string[] = []): boolean {
  const later = Array.from({ length: merges }, (_, index): BaselineCommit => aBaseline(`merge ${index}`))
  const state = aState({ candidates: [candidate], baselines: [aBaseline(), ...later] })
  return explainRepetition(state, GATED, POLICY, sources) === undefined
}

describe('explainRepetition', () => {
  it('F7 refuses an equal change, and names the pull request it repeats with its verdict', () => {
    const state = aState({ candidates: [past(GATED)] })
    expect(explainRepetition(state, GATED, POLICY)).toBe(
      'The same change was proposed before: "Gate it" (#12): gain −0.01 over 1 run. Propose a different idea.',
    )
  })

  it('F7 refuses a nearly equal change, and says how similar it is', () => {
    const close = aChange('relu(linear(x))', 'sigmoid( gate(x) ) * relu(linear(x)) * 1')
    const state = aState({ candidates: [past(close)] })
    const reason = explainRepetition(state, GATED, { ...POLICY, similarity: 0.4 })
    expect(reason).toMatch(/^The change is \d\d % similar to an earlier one: "Gate it" \(#12\): gain/)
  })

  it('F7 refuses what repeats an archived idea, and says how that ended', () => {
    const archived = new IdeaMemory().remember({ candidate: past(GATED) })
    expect(explainRepetition(aState(), GATED, POLICY, [], [archived])).toBe(
      'The same change was proposed before: "Gate it" (#12): rejected, gain −0.01. Propose a different idea.',
    )
  })

  it('accepts another idea for the same line', () => {
    expect(isNew(past(aChange('relu(linear(x))', 'relu(linear(dropout(x)))')))).toBe(true)
    expect(isNew(past(GATED_AGAIN))).toBe(true)
  })

  it.each([
    ['rejected', {}, 1, false],
    ['rejected', {}, 2, true],
    ['parked', { verdict: aVerdict({ kind: 'park' }) }, 2, true],
    ['merged', { end: { kind: 'merged', commit: 'c', asTrained: true } }, 9, false],
    ['withdrawn by a person', { end: { kind: 'withdrawn', reason: 'closed' } }, 9, false],
    ['still being tested', { end: undefined, verdict: undefined }, 9, false],
    [
      'in conflict with a merge',
      { verdict: { kind: 'reject', reason: 'conflicts', runs: { candidate: 1, baseline: 0 } } },
      1,
      true,
    ],
  ] as const)('an idea that was %s may return after $2 merges: $3', (_, fields, merges, expected) => {
    const { end, verdict, ...rest } = past(GATED)
    const candidate = { ...rest, ...(end && { end }), ...(verdict && { verdict }), ...fields } as Candidate
    expect(isNew(candidate, merges)).toBe(expected)
  })

  it('accepts a change that resembles its source, but not one that equals it', () => {
    const close = past(aChange('relu(linear(x))', 'sigmoid(gate(x)) * relu(linear(x)) + x'))
    const strict = { ...POLICY, similarity: 0.3 }
    const state = aState({ candidates: [close] })
    expect(explainRepetition(state, GATED, strict)).toBeDefined()
    expect(explainRepetition(state, GATED, strict, [close.id])).toBeUndefined()
    expect(isNew(past(GATED), 0, [past(GATED).id])).toBe(false)
  })

  it('ignores A/A candidates', () => {
    expect(isNew(past(GATED, { origin: aaOrigin(1) }))).toBe(true)
  })
})
