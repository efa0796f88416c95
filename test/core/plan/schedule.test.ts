// The scheduler: which trials run next, which candidates are decided, and which actions follow on GitHub.

import { describe, expect, it } from 'vitest'
import { baselineFailure } from '../../../src/core/plan/broken-baseline.ts'
import { judgeCandidate } from '../../../src/core/plan/judging.ts'
import { isCurrent } from '../../../src/core/plan/merging.ts'
import { decide, planTrials, waitingCandidates } from '../../../src/core/plan/schedule.ts'
import { planSteps, type Step } from '../../../src/core/plan/steps.ts'
import type { Candidate } from '../../../src/core/record/candidate.ts'
import type { LedgerEvent } from '../../../src/core/record/events.ts'
import type { State } from '../../../src/core/record/state.ts'
import type { Trial, TrialResult } from '../../../src/core/record/trial.ts'
import { trialId, trialSeed } from '../../../src/core/trial/protocol.ts'
import {
  aaOrigin,
  aBaseline,
  aCandidate,
  aState,
  aTrialResult,
  aVerdict,
  CONDITIONS,
  certifying,
  POLICY,
  ROOT_SEED,
  revertOrigin,
  sha,
  trialResults,
} from '../../factories.ts'

const NOISY = [2.47, 2.48, 2.49, 2.51, 2.52, 2.53]
const MEASURED = trialResults(NOISY)
const NEXT = aBaseline('next')
const MERGE = aVerdict()
const REJECT = aVerdict({ kind: 'reject', reason: 'gain −0.02' })
const REVIEW = aVerdict({ kind: 'review', reason: 'seed-insensitive' })
const PARK = aVerdict({ kind: 'park', reason: 'unproven' })

function plan(state: State): Trial[] {
  return planTrials(state, CONDITIONS, POLICY)
}

/** `warmup r2`: the candidate and the number of its run. */
function plannedRuns(state: State): string[] {
  return plan(state).map(({ candidate, replicate }) => {
    const title =
      candidate === null ? 'baseline' : state.candidates.get(candidate)?.title.slice('Try '.length)
    return `${title} r${replicate}`
  })
}

function steps(...candidates: Candidate[]): string[] {
  return planSteps(aState({ candidates })).map(stepName)
}

function stepName(step: Step): string {
  if ('candidate' in step) return `${step.kind} ${step.candidate.title.slice('Try '.length)}`
  return `${step.kind} ${step.kind === 'revert' ? step.undoing.merge : step.certification.to}`
}

function decided(state: State): string[] {
  return decide(state, CONDITIONS, POLICY).map((event) => `${event.verdict.kind} ${event.candidate}`)
}

describe('planTrials', () => {
  const warmup = aCandidate({ name: 'warmup' })
  const muon = aCandidate({ name: 'muon' })
  const stale = aCandidate({ name: 'stale', base: sha('elsewhere') })

  it('plans nothing before there is a baseline', () => {
    expect(planTrials({ ...aState(), baseline: undefined }, CONDITIONS, POLICY)).toEqual([])
  })

  it('measures the baseline first, as often as the policy says, then every candidate once', () => {
    expect(plannedRuns(aState({ candidates: [warmup, muon] }))).toEqual([
      'baseline r1',
      'baseline r2',
      'baseline r3',
      'baseline r4',
      'baseline r5',
      'baseline r6',
      'warmup r1',
      'muon r1',
    ])
  })

  it('plans only the runs of the baseline that are missing', () => {
    expect(plannedRuns(aState({ trials: trialResults([2.5, 2.51, 2.52]) }))).toEqual([
      'baseline r4',
      'baseline r5',
      'baseline r6',
    ])
  })

  it('repeats a run of the baseline that failed under the next number', () => {
    const trials = [...trialResults([2.5, 2.51]), aTrialResult({ replicate: 3, outcome: 'crashed' })]
    expect(plannedRuns(aState({ trials }))).toEqual([
      'baseline r4',
      'baseline r5',
      'baseline r6',
      'baseline r7',
    ])
  })

  it('has nothing to do once the baseline is measured and there are no candidates', () => {
    expect(plannedRuns(aState({ trials: MEASURED }))).toEqual([])
  })

  it('continues candidates with runs before it starts others', () => {
    const trials = [...MEASURED, aTrialResult({ candidate: muon, value: 2.4 })]
    expect(plannedRuns(aState({ candidates: [warmup, muon], trials }))).toEqual(['muon r2', 'warmup r1'])
  })

  it.each([
    ['that failed the screen', [2.5], []],
    ['that is proven', [2.38, 2.39], []],
    ['that is promising', [2.44, 2.45], ['warmup r3']],
    ['that had all its runs', [2.48, 2.475, 2.482, 2.47, 2.48, 2.481], []],
    ['F71 whose two runs are one', [2.3, 2.3], ['warmup r3']],
    ['F71 whose six runs are one', [2.3, 2.3, 2.3, 2.3, 2.3, 2.3], []],
  ])('asks of a candidate %s (%j): %j', (_, values, planned) => {
    const trials = [...MEASURED, ...trialResults(values, { candidate: warmup })]
    expect(plannedRuns(aState({ candidates: [warmup], trials }))).toEqual(planned)
  })

  it.each([
    ['one with a verdict', { ...warmup, verdict: REJECT }],
    ['one that a person reviews', { ...warmup, verdict: REVIEW }],
    ['one that a person took over', { ...warmup, end: { kind: 'withdrawn', reason: 'closed' } as const }],
    ['one that was handed over', { ...warmup, end: { kind: 'handed-over', reason: 'protected' } as const }],
    ['F18 one whose base is no longer the baseline', stale],
    ['F18 a stale one that was accepted', { ...stale, verdict: MERGE }],
    ['a revert, which the runs of what it undoes decide', { ...warmup, origin: revertOrigin(sha('merge')) }],
  ])('does not train %s', (_, candidate) => {
    expect(plannedRuns(aState({ candidates: [candidate], trials: MEASURED }))).toEqual([])
  })

  it('gives each trial its commit, its tree, and the id and seed that belong to them', () => {
    const [trial] = plan(aState({ candidates: [warmup], trials: MEASURED }))
    expect(trial).toEqual({
      id: trialId(warmup.tree, 1),
      candidate: warmup.id,
      base: warmup.base,
      head: warmup.head,
      tree: warmup.tree,
      replicate: 1,
      seed: trialSeed(ROOT_SEED, warmup.tree, 1),
      protocol: { purpose: 'judge', scale: 'base' },
    })
    expect(plan(aState())[0]).toMatchObject({
      candidate: null,
      head: aBaseline().commit,
      base: aBaseline().commit,
    })
  })

  it('marks the trials of an A/A candidate, so that its code is known to be the baseline’s', () => {
    const marked = aState({
      candidates: [{ ...warmup, origin: aaOrigin(1) }, muon],
      trials: MEASURED,
    })
    expect(plan(marked).map(({ aa }) => aa)).toEqual([true, undefined])
  })

  it('does not count the runs that certify among the replicates', () => {
    const { trial, ...result } = aTrialResult({ value: 2.5 })
    const protocol = certifying(trial.head, trial.head)
    const fresh = { ...result, trial: { ...trial, id: trialId(trial.tree, 1, protocol), protocol } }
    expect(plannedRuns(aState({ trials: [fresh] }))).toHaveLength(6)
    expect(plannedRuns(aState({ trials: [fresh] }))[0]).toBe('baseline r1')
  })

  it('never plans the same trial twice', () => {
    const trials = [...trialResults([2.5]), aTrialResult({ candidate: muon, value: 2.4 })]
    const ids = plan(aState({ candidates: [warmup, muon], trials })).map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids).not.toContain(trials[0]?.trial.id)
  })
})

describe('planTrials between two runs of a promising candidate', () => {
  const warmup = aCandidate({ name: 'warmup' })
  const earlier = aBaseline('earlier')
  const planned = (baseline: readonly number[], values: readonly number[]) => {
    const noise = trialResults(NOISY, { baseline: earlier })
    const trials = [...noise, ...trialResults(baseline), ...trialResults(values, { candidate: warmup })]
    const policy = { ...POLICY, baselineReplicates: baseline.length }
    const state = aState({ baselines: [earlier, aBaseline()], candidates: [warmup], trials })
    return planTrials(state, CONDITIONS, policy).map(
      ({ candidate, replicate }) => `${candidate ? 'warmup' : 'baseline'} r${replicate}`,
    )
  }

  it.each([
    [
      'two runs each, of a machine that may have moved',
      [2.49, 2.51],
      [2.43, 2.44],
      ['baseline r3', 'warmup r3'],
    ],
    ['three runs and two', [2.49, 2.51, 2.5], [2.43, 2.44], ['warmup r3']],
    ['two runs and three', [2.49, 2.51], [2.43, 2.44, 2.435], ['baseline r3', 'warmup r4']],
    ['four runs and three', [2.49, 2.51, 2.5, 2.5], [2.44, 2.445, 2.45], ['warmup r4']],
    ['two runs and one', [2.49, 2.51], [2.42], ['warmup r2']],
    ['two runs and three of one that was given up', [2.49, 2.51], [2.6, 2.6, 2.6], []],
  ])('runs the baseline when more of the error comes from there: %s', (_, baseline, values, expected) => {
    expect(planned(baseline, values)).toEqual(expected)
  })
})

describe('planTrials on a machine whose numbers jump', () => {
  const warmup = aCandidate({ name: 'warmup' })
  const worse = aCandidate({
    name: 'worse',
    verdict: REJECT,
    end: { kind: 'closed' },
  })
  const runsFrom = (first: number, values: readonly number[]) =>
    values.map((value, index) => aTrialResult({ value, replicate: first + index }))
  const earlier = aBaseline('earlier')
  const steady = Array.from({ length: 30 }, (_, index) => 2.5 + 0.01 * Math.sin(7 * index))
  const jumped = [
    ...trialResults(steady, { baseline: earlier }),
    ...runsFrom(1, [2.49, 2.5, 2.51]),
    aTrialResult({ candidate: worse, value: 2.7 }),
    ...runsFrom(4, [2.5, 2.6, 2.61, 2.59, 2.6]),
  ]
  const outcomeOf = (values: readonly number[], trials: readonly TrialResult[]) => {
    const proven = trialResults(values, { candidate: warmup })
    const all = [...jumped, ...proven, ...trials]
    const state = aState({ baselines: [earlier, aBaseline()], candidates: [worse, warmup], trials: all })
    const decided = decide(state, CONDITIONS, POLICY).map(({ verdict }) => verdict.kind)
    return { planned: plannedRuns(state), decided }
  }

  it('runs the baseline before a merge, and then decides', () => {
    expect(outcomeOf([2.45, 2.46], [])).toEqual({ planned: ['baseline r9'], decided: [] })
    expect(outcomeOf([2.45, 2.46], [aTrialResult({ value: 2.59, replicate: 9 })])).toEqual({
      planned: [],
      decided: ['merge'],
    })
  })

  it('where the baseline moved along, the gain was none', () => {
    expect(outcomeOf([2.52, 2.525, 2.515], []).planned).toEqual(['baseline r9'])
    expect(
      outcomeOf([2.52, 2.525, 2.515], [aTrialResult({ value: 2.52, replicate: 9 })]).decided,
    ).not.toContain('merge')
  })
})

describe('planTrials with an A/A candidate that would be merged', () => {
  it('goes on with the others: nothing is merged', () => {
    const lucky = aCandidate({
      name: 'lucky',
      origin: aaOrigin(1),
      pullRequest: 1,
      verdict: MERGE,
    })
    const state = aState({ candidates: [lucky, aCandidate({ name: 'fresh' })], trials: MEASURED })
    expect(plannedRuns(state)).toEqual(['fresh r1'])
  })
})

describe('planTrials while a merge is under way', () => {
  const accepted = aCandidate({ name: 'accepted', pullRequest: 1, verdict: MERGE })
  const fresh = aCandidate({ name: 'fresh' })
  const trials = [...MEASURED, ...trialResults([2.34, 2.35], { candidate: accepted })]
  const lasting = (seconds: number) => (result: TrialResult) => ({ ...result, wallSeconds: seconds })

  it('trains nothing that will be stale', () => {
    expect(plannedRuns(aState({ candidates: [fresh, accepted], trials }))).toEqual([])
  })

  it('measures the accepted code as the next baseline where a run is as short as the merge, once', () => {
    const short = trials.map(lasting(10))
    const state = aState({ candidates: [fresh, accepted], trials: short })
    expect(plannedRuns(state)).toEqual(['accepted r3'])
    expect(plan(state)[0]).toMatchObject({ head: accepted.head, base: accepted.base, tree: accepted.tree })
    const confirmed = trialResults([2.4, 2.41, 2.42], { candidate: accepted }).map(lasting(10))
    const done = aState({
      candidates: [accepted, fresh],
      trials: [...MEASURED.map(lasting(10)), ...confirmed],
    })
    expect(plannedRuns(done)).toEqual([])
    expect(plannedRuns(aState({ candidates: [fresh, accepted], trials: trials.map(lasting(11)) }))).toEqual(
      [],
    )
  })

  it('needs no run of the new baseline once merged: its level is inherited', () => {
    const merged = { commit: sha('merge commit'), tree: accepted.tree }
    const end = { kind: 'merged', commit: merged.commit, asTrained: true } as const
    const onTop = aCandidate({ name: 'on top', base: merged.commit })
    const state = aState({
      baselines: [aBaseline(), merged],
      candidates: [{ ...accepted, end }, onTop],
      trials,
    })
    expect(plannedRuns(state)).toEqual(['on top r1'])
    const tested = [...trials, ...trialResults([2.6], { candidate: onTop })]
    expect(decided({ ...state, trials: aState({ trials: tested }).trials })).toEqual([`reject ${onTop.id}`])
  })

  it('F50 measures the tree that the merge made when it is not the one trained', () => {
    const end = { kind: 'merged', commit: NEXT.commit, asTrained: false } as const
    const state = aState({ baselines: [aBaseline(), NEXT], candidates: [{ ...accepted, end }], trials })
    expect(plan(state)).toHaveLength(6)
    expect(plan(state)[0]?.tree).toBe(NEXT.tree)
  })

  it('goes back to the others when GitHub refused', () => {
    const end = { kind: 'handed-over', reason: 'protected branch' } as const
    expect(plannedRuns(aState({ candidates: [{ ...accepted, end }, fresh], trials }))).toEqual(['fresh r1'])
  })
})

describe('a baseline that moved', () => {
  const candidate = aCandidate({ name: 'warmup', pullRequest: 1 })

  it('F50 F51 is measured anew, and what was built on the old one is replayed, not trained', () => {
    const state = aState({ baselines: [aBaseline(), NEXT], candidates: [candidate], trials: MEASURED })
    expect(plan(state).map(({ tree }) => tree)).toEqual(Array(6).fill(NEXT.tree))
    expect(planSteps(state)).toEqual([{ kind: 'rebase', candidate, onto: NEXT }])
    expect(decide(state, CONDITIONS, POLICY)).toEqual([])
  })

  it('F51 is compared by its own runs again when it comes back', () => {
    const trials = [...MEASURED, ...trialResults([2.2, 2.21], { baseline: NEXT })]
    const state = aState({ baselines: [aBaseline(), NEXT, aBaseline()], candidates: [candidate], trials })
    expect(plannedRuns(state)).toEqual(['warmup r1'])
    expect(planSteps(state)).toEqual([])
  })

  it('F52 is measured again on another testbed, and the old numbers decide nothing', () => {
    const elsewhere = { ...CONDITIONS, testbed: '1 × OtherGPU, driver 1.0' }
    const trials = [...MEASURED, ...trialResults([2.34, 2.35], { candidate })]
    const state = aState({ candidates: [candidate], trials })
    expect(decided(state)).toEqual([`merge ${candidate.id}`])
    expect(decide(state, elsewhere, POLICY)).toEqual([])
    const planned = planTrials(state, elsewhere, POLICY)
    expect(planned.map(({ replicate }) => replicate)).toEqual([7, 8, 9, 10, 11, 12, 3])
  })

  it('F52 is measured again under another configuration', () => {
    const state = aState({ trials: MEASURED })
    expect(planTrials(state, { ...CONDITIONS, config: 'f'.repeat(16) }, POLICY)).toHaveLength(6)
  })
})

describe('decide', () => {
  const warmup = aCandidate({ name: 'warmup' })
  const muon = aCandidate({ name: 'muon' })
  const poor = trialResults([2.5], { candidate: warmup })
  const proven = trialResults([2.34, 2.35], { candidate: muon })

  it('records a verdict for every candidate that can be decided', () => {
    const state = aState({ candidates: [warmup, muon], trials: [...MEASURED, ...poor, ...proven] })
    const events: LedgerEvent[] = decide(state, CONDITIONS, POLICY)
    expect(decided(state)).toEqual([`reject ${warmup.id}`, `merge ${muon.id}`])
    expect(events[1]).toMatchObject({ kind: 'judged', candidate: muon.id, head: muon.head })
  })

  it('F71 leaves a candidate to a person when its runs vary less than the baseline’s', () => {
    const same = trialResults(Array(6).fill(2.3), { candidate: warmup })
    expect(decided(aState({ candidates: [warmup], trials: [...MEASURED, ...same] }))).toEqual([
      `review ${warmup.id}`,
    ])
  })

  it('decides nothing before the baseline is measured, not even a crash', () => {
    const crashed = aTrialResult({ candidate: warmup, outcome: 'crashed' })
    const trials = [...MEASURED.slice(1), ...proven, crashed]
    expect(decided(aState({ candidates: [warmup, muon], trials }))).toEqual([])
  })

  it('does not count failed runs of the baseline', () => {
    const trials = [...MEASURED.slice(0, 5), aTrialResult({ replicate: 6, outcome: 'crashed' }), ...proven]
    expect(decided(aState({ candidates: [muon], trials }))).toEqual([])
  })

  it.each([
    ['has a verdict', { ...muon, verdict: PARK }],
    ['waits for a person', { ...muon, verdict: REVIEW }],
    ['has ended', { ...muon, end: { kind: 'closed' } as const }],
    ['F18 is built on an older baseline', { ...muon, base: sha('older') }],
  ])('does not decide a candidate that %s', (_, candidate) => {
    expect(decided(aState({ candidates: [candidate], trials: [...MEASURED, ...proven] }))).toEqual([])
  })

  it('requests more runs while the evidence is insufficient', () => {
    const state = aState({ candidates: [warmup], trials: MEASURED })
    expect(decided(state)).toEqual([])
    expect(judgeCandidate(state, CONDITIONS, POLICY, warmup)).toEqual({
      kind: 'replicate',
      reason: 'not trained yet',
    })
  })

  it('F43 of two winners on one baseline the second is replayed and tested on top of the first', () => {
    const first = aCandidate({ name: 'first', pullRequest: 1, verdict: MERGE })
    const second = aCandidate({ name: 'second', pullRequest: 2, verdict: MERGE })
    expect(steps(first, second)).toEqual(['settle first', 'settle second'])

    const merged = { commit: sha('merge commit'), tree: first.tree }
    const end = { kind: 'merged', commit: merged.commit, asTrained: true } as const
    const after = aState({ baselines: [aBaseline(), merged], candidates: [{ ...first, end }, second] })
    expect(planSteps(after)).toEqual([{ kind: 'rebase', candidate: second, onto: merged }])

    const { verdict: _, ...undecided } = second
    const replayed = { ...undecided, base: merged.commit, head: sha('s2'), tree: sha('s2 tree'), rebases: 1 }
    const trials = [
      ...MEASURED,
      ...trialResults([2.4, 2.4, 2.41, 2.42, 2.38, 2.39, 2.41], { candidate: first }),
      ...trialResults([2.3, 2.31], { candidate: second }),
    ]
    const state = aState({ baselines: after.baselines, candidates: [{ ...first, end }, replayed], trials })
    expect(planSteps(state)).toEqual([])
    expect(plannedRuns(state)).toEqual(['second r1'])
    expect(plan(state)[0]).toMatchObject({ tree: replayed.tree, base: merged.commit })
  })
})

describe('planSteps', () => {
  const stale = { base: sha('older') }
  const ended = { end: { kind: 'closed' } } as const
  it.each([
    ['a new candidate', {}, 'open'],
    ['one that waits for its runs', { pullRequest: 1 }, undefined],
    ['one that is accepted', { pullRequest: 1, verdict: MERGE }, 'settle'],
    ['one that is rejected', { pullRequest: 1, verdict: REJECT }, 'settle'],
    ['one that is parked', { pullRequest: 1, verdict: PARK }, 'settle'],
    ['one that a person reviews', { pullRequest: 1, verdict: REVIEW }, 'settle'],
    ['F18 a stale one that a person reviews', { ...stale, pullRequest: 1, verdict: REVIEW }, 'settle'],
    ['one to review that was not opened', { verdict: REVIEW }, 'open'],
    ['one decided before it was opened', { verdict: REJECT }, 'open'],
    ['one accepted before it was opened', { verdict: MERGE }, 'open'],
    ['F18 a stale one', { ...stale, pullRequest: 1 }, 'rebase'],
    ['F18 a stale one that was not opened', stale, 'rebase'],
    ['F18 a stale one that is accepted', { ...stale, pullRequest: 1, verdict: MERGE }, 'rebase'],
    ['F18 a stale one that is rejected', { ...stale, pullRequest: 1, verdict: REJECT }, 'settle'],
    ['F18 a stale one that is parked', { ...stale, pullRequest: 1, verdict: PARK }, 'settle'],
    ['a stale one decided before it was opened', { ...stale, verdict: REJECT }, 'open'],
    ['one that ended', { pullRequest: 1, verdict: REJECT, ...ended }, undefined],
    [
      'an A/A candidate that would have been merged',
      { origin: aaOrigin(1), pullRequest: 1, verdict: MERGE },
      'settle',
    ],
    ['a stale one of those', { ...stale, origin: aaOrigin(1), pullRequest: 1, verdict: MERGE }, 'settle'],
    ['F18 a stale A/A candidate', { ...stale, origin: aaOrigin(1), pullRequest: 1 }, 'rebase'],
    ['a revert', { origin: revertOrigin(sha('merge')), verdict: MERGE, pullRequest: 1 }, 'settle'],
    [
      'F18 a stale revert',
      { ...stale, origin: revertOrigin(sha('merge')), pullRequest: 1, verdict: MERGE },
      'rebase',
    ],
    ['F18 a stale one that ended', { ...stale, ...ended }, undefined],
    ['one that ended before it was opened', ended, undefined],
  ] as const)('%s: $2', (_, fields, kind) => {
    expect(steps(aCandidate({ name: 'it', ...fields }))).toEqual(kind ? [`${kind} it`] : [])
  })

  it.each([
    ['a new candidate', {}, undefined],
    ['one that a person asked for', { origin: { kind: 'request', request: 'r' } }, 'open'],
    ['one that is accepted', { verdict: MERGE }, 'open'],
    ['one that a person reviews', { verdict: REVIEW }, 'open'],
    ['a revert', { origin: revertOrigin(sha('merge')), verdict: MERGE }, 'open'],
    ['one that is rejected', { verdict: REJECT }, 'drop'],
    ['one that is parked', { verdict: PARK }, 'drop'],
    ['an A/A candidate that would have been merged', { origin: aaOrigin(1), verdict: MERGE }, 'drop'],
    ['a stale one', stale, 'rebase'],
    ['a stale one that is rejected', { ...stale, verdict: REJECT }, 'drop'],
    ['one opened before the setting changed', { pullRequest: 1, verdict: REJECT }, 'settle'],
  ] as const)('with pull requests for winners only, %s: $2', (_, fields, kind) => {
    const state = aState({ candidates: [aCandidate({ name: 'it', ...fields })] })
    const planned = planSteps(state, true, new Set(), 'winners').map(stepName)
    expect(planned).toEqual(kind ? [`${kind} it`] : [])
  })

  it('begins with what leads to a merge, then settles, replays and opens, each in the order proposed', () => {
    expect(
      steps(
        aCandidate({ name: 'new' }),
        aCandidate({ name: 'stale', ...stale }),
        aCandidate({ name: 'rejected', pullRequest: 1, verdict: REJECT }),
        aCandidate({ name: 'parked', pullRequest: 2, verdict: PARK }),
        aCandidate({ name: 'for review', pullRequest: 5, verdict: REVIEW }),
        aCandidate({ name: 'accepted unopened', verdict: MERGE }),
        aCandidate({ name: 'accepted stale', pullRequest: 4, verdict: MERGE, ...stale }),
        aCandidate({ name: 'accepted', pullRequest: 3, verdict: MERGE }),
        aCandidate({ name: 'also new' }),
      ),
    ).toEqual([
      'settle accepted',
      'open accepted unopened',
      'rebase accepted stale',
      'settle rejected',
      'settle parked',
      'settle for review',
      'rebase stale',
      'open new',
      'open also new',
    ])
  })
})

describe('isCurrent', () => {
  it('compares commits with the newest baseline', () => {
    const state = aState({ baselines: [aBaseline(), NEXT] })
    expect(isCurrent(aCandidate({ base: NEXT.commit }), state)).toBe(true)
    expect(isCurrent(aCandidate(), state)).toBe(false)
    expect(isCurrent(aCandidate(), { ...state, baseline: undefined })).toBe(false)
  })
})

describe('baselineFailure', () => {
  const crash = (replicate: number, reason = `crash ${replicate}`) =>
    aTrialResult({ outcome: 'crashed', replicate, reason })

  it.each([
    ['runs fine', MEASURED],
    ['was never run', []],
    ['failed twice', [crash(1), crash(2)]],
    [
      'trains again, though it failed three times before',
      [crash(1), crash(2), aTrialResult({ replicate: 3 }), crash(4), crash(5)],
    ],
    ['failed three times elsewhere', [1, 2, 3].map((n) => ({ ...crash(n), testbed: 'other' }))],
    [
      'is fine, though a candidate failed three times',
      [1, 2, 3].map((replicate) => aTrialResult({ candidate: aCandidate(), outcome: 'crashed', replicate })),
    ],
  ])('is silent while the baseline %s', (_, trials) => {
    expect(baselineFailure(aState({ trials }), CONDITIONS)).toBeUndefined()
  })

  it('states after three failures how the last one ended', () => {
    const state = aState({ trials: [crash(1), crash(2), crash(3, 'KeyError: lr')] })
    expect(baselineFailure(state, CONDITIONS)).toBe('3 runs of the baseline ended crashed: KeyError: lr')
  })

  it('stops the training of that baseline, which a swarm would otherwise repeat forever', () => {
    const state = aState({ trials: [crash(1), crash(2), crash(3)], candidates: [aCandidate()] })
    expect(plan(state)).toEqual([])
    expect(plan({ ...state, baseline: NEXT, baselines: [aBaseline(), NEXT] })).toHaveLength(6)
  })
})

describe('waitingCandidates', () => {
  it('counts those that are open, undecided and never trained', () => {
    const [waiting, trained] = [aCandidate({ name: 'waiting' }), aCandidate({ name: 'trained' })]
    const state = aState({
      candidates: [
        waiting,
        trained,
        aCandidate({ name: 'decided', verdict: REJECT }),
        aCandidate({ name: 'ended', end: { kind: 'closed' } }),
      ],
      trials: [aTrialResult({ candidate: trained })],
    })
    expect(waitingCandidates(state)).toEqual([waiting])
  })
})
