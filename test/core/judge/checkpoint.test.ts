import { describe, expect, it } from 'vitest'
import { dueCheckpoint } from '../../../src/core/judge/checkpoint.ts'
import { evidenceFor, missingBaselineRuns } from '../../../src/core/judge/evidence.ts'
import { advance, replay, type State } from '../../../src/core/record/state.ts'
import { CONDITIONS } from '../../factories.ts'
import { type LongLedger, longLedger } from '../../long-ledger.ts'

const POLICY = { keep: 30, every: 15 }

/** The state behind the checkpoint that is due. */
function archived(state: State, file = 1): State {
  const due = dueCheckpoint(state, 'minimize', POLICY)
  if (!due) throw new Error('no checkpoint is due')
  return advance(state, [{ kind: 'checkpoint', state: '', ...due.checkpoint, blocks: [{ file, hash: '' }] }])
}

function beliefOf(state: State) {
  const { baseline } = state
  if (!baseline) throw new Error('there is no baseline')
  const { level, effects, sigma = 0 } = evidenceFor(state, CONDITIONS, { base: baseline.commit, tree: '' })
  if (!level) throw new Error('the baseline is not measured')
  return {
    level,
    effects,
    sigma,
    missing: missingBaselineRuns(state, CONDITIONS, baseline, { baselineReplicates: 3 }),
  }
}

const WORLDS: LongLedger[] = [
  { experiments: 200, seed: 1 },
  { experiments: 200, seed: 2, merged: 0.5 },
  { experiments: 200, seed: 3, merged: 0 },
  { experiments: 200, seed: 4, slow: 0.6 },
  { experiments: 200, seed: 5, merged: 1 },
]

describe.each(WORLDS)('a checkpoint in world $seed', (world) => {
  const before = replay(longLedger(world).flat())
  const after = archived(before)

  it('hardly changes what is believed', () => {
    const [one, two] = [beliefOf(before), beliefOf(after)]
    expect(after.candidates.size).toBeLessThan(before.candidates.size)
    expect(two.missing).toBe(one.missing)
    expect(Math.abs(two.sigma / one.sigma - 1)).toBeLessThan(0.02)
    expect(Math.abs(two.level.mean - one.level.mean)).toBeLessThan(0.05 * one.sigma)
    expect(Math.abs(two.level.variance / one.level.variance - 1)).toBeLessThan(0.06)
    for (const [index, weight] of one.effects.entries())
      expect(Math.abs((two.effects[index] ?? 0) - weight)).toBeLessThan(0.03)
  })

  it('is due again only when enough candidates were decided since', () => {
    expect(dueCheckpoint(after, 'minimize', POLICY)).toBeUndefined()
  })

  it('keeps open candidates, the newest decided ones and the code that they are compared with', () => {
    const open = [...before.candidates.values()].filter(({ end }) => end === undefined)
    const decided = [...before.candidates.values()].filter(({ end }) => end !== undefined)
    expect([...after.candidates.values()]).toEqual(
      [...before.candidates.values()].filter((one) => open.includes(one) || decided.slice(-30).includes(one)),
    )
    const trees = new Set([...after.candidates.values()].map(({ tree }) => tree))
    const compared = [...before.trials.values()].filter(({ trial }) => trees.has(trial.tree))
    expect([...after.trials.values()]).toEqual(expect.arrayContaining(compared))
  })
})

describe('a candidate is not archived', () => {
  it('before the author of its issue was told how it ended', () => {
    const events = longLedger({ experiments: 80, seed: 7, slow: 0 }).flat()
    const untold = events.filter(({ kind }) => kind !== 'answered')
    const requested = (state: State) =>
      [...state.candidates.values()].filter(({ origin }) => origin.kind === 'request').length
    const before = replay(untold)
    expect(requested(before)).toBeGreaterThan(2)
    expect(requested(archived(before))).toBe(requested(before))
    expect(requested(archived(replay(events)))).toBeLessThan(requested(before))
  })
})
