// What is done on GitHub for a candidate whose verdict is in, on a forge, a repository and a ledger in memory.

import { expect, test } from 'vitest'
import { planTrials } from '../../src/core/plan/schedule.ts'
import { planSteps } from '../../src/core/plan/steps.ts'
import { type Candidate, candidateBranch } from '../../src/core/record/candidate.ts'
import { forgeLane } from '../../src/session/lanes/forge.ts'
import { openSession } from '../../src/session/opening.ts'
import type { Session } from '../../src/session/session.ts'
import { performStep } from '../../src/session/steps.ts'
import { aCandidate, aTrialResult, type TrialResultFields, trialResults } from '../factories.ts'
import { aLab, configHash } from '../fakes/lab.ts'
import { SETTINGS } from '../fakes/world.ts'

const CONFIG = `editable: [train.py]
train: python train.py
budget: 5m
review-above: 8%
metric: { name: val_bpb, direction: minimize, pattern: '^val_bpb: (\\S+)' }
`
const CANDIDATE = aCandidate({ name: 'dropout', pullRequest: 7 })
const BRANCH = candidateBranch(CANDIDATE.id)

/** A session whose candidate has had runs of these values, on a baseline of 2.5 ± 0.022. */
async function afterRuns(values: readonly number[], fields: TrialResultFields = {}) {
  const config = configHash(CONFIG)
  const runs = values.map((value, index) =>
    aTrialResult({ candidate: CANDIDATE, config, value, replicate: index + 1, ...fields }),
  )
  const results = [...trialResults([2.47, 2.48, 2.49, 2.51, 2.52, 2.53], { config }), ...runs]
  const { ports, world, forge, log } = aLab({
    config: CONFIG,
    events: [
      { kind: 'proposed', candidate: CANDIDATE },
      ...results.map((result) => ({ kind: 'trial', result }) as const),
    ],
  })
  const pull = forge.add({ number: 7, branch: BRANCH, head: CANDIDATE.head })
  const session = await openSession(ports, SETTINGS)
  for (const step of planSteps(session.state)) await performStep(session, step)
  await session.flushed()
  const branchIsThere = world.repository.branches.has(BRANCH)
  return { session, forge, pull, branchIsThere, warnings: log.warnings, candidate: candidateOf(session) }
}

function candidateOf({ state }: Session): Candidate | undefined {
  return state.candidates.get(CANDIDATE.id)
}

test('what is proven and believed is merged', async () => {
  const { pull, candidate } = await afterRuns([2.34, 2.35])
  expect(pull.state).toBe('merged')
  expect(candidate).toMatchObject({ verdict: { kind: 'merge' }, end: { kind: 'merged' } })
})

test('what is worse is closed, and its branch deleted', async () => {
  const { pull, branchIsThere, candidate } = await afterRuns([2.6])
  expect(pull.state).toBe('closed')
  expect(candidate).toMatchObject({ verdict: { kind: 'reject' }, end: { kind: 'closed' } })
  expect(branchIsThere).toBe(false)
})

test.each([
  ['what is worse leaves nothing on GitHub', [2.6], { merged: 0, branch: false, end: { kind: 'closed' } }],
  [
    'what is proven is merged by pull request',
    [2.34, 2.35],
    { merged: 1, branch: false, end: { kind: 'merged' } },
  ],
] as const)('with pull requests for winners only, %s', async (_, values, { merged, branch, end }) => {
  const { pullRequest: _number, ...unopened } = CANDIDATE
  const text = `${CONFIG}pull-requests: winners\n`
  const config = configHash(text)
  const runs = values.map((value, index) =>
    aTrialResult({ candidate: unopened, config, value, replicate: index + 1 }),
  )
  const results = [...trialResults([2.47, 2.48, 2.49, 2.51, 2.52, 2.53], { config }), ...runs]
  const { ports, world, forge } = aLab({
    config: text,
    events: [
      { kind: 'proposed', candidate: unopened },
      ...results.map((result) => ({ kind: 'trial', result }) as const),
    ],
  })
  world.repository.branches.set(BRANCH, CANDIDATE.head)
  const session = await openSession(ports, SETTINGS)
  await forgeLane(session)
  await session.flushed()
  expect(forge.pulls.map(({ state }) => state)).toEqual(Array(merged).fill('merged'))
  expect(world.repository.branches.has(BRANCH)).toBe(branch)
  expect(candidateOf(session)?.end).toMatchObject(end)
  if (merged === 0) expect([forge.checks.size, forge.comments.length]).toEqual([0, 0])
})

test.each([
  ['a gain above review-above', [2.2, 2.21], {}, 'above 8 % = 0.2'],
  ['F71 replicates that ignore the seed', Array(6).fill(2.4), {}, 'seed-insensitive after 6 runs'],
  [
    'F71 replicates that ignore the seed, though evaluated',
    Array(6).fill(2.4),
    { trust: 'evaluated' },
    'seed-insensitive after 6 runs',
  ],
] as const)('%s is published and left to a person, pull request and branch included', async (...row) => {
  const [, values, fields, reason] = row
  const { session, forge, pull, branchIsThere, warnings, candidate } = await afterRuns(values, fields)
  expect(pull.state).toBe('open')
  expect(branchIsThere).toBe(true)
  expect(candidate?.end).toEqual({ kind: 'handed-over', reason: expect.stringContaining(reason) })
  expect(candidate?.verdict).toMatchObject({ kind: 'review', reason: expect.stringContaining(reason) })
  expect([...forge.checks.values()]).toMatchObject([
    { conclusion: 'neutral', title: expect.stringMatching(/: a person decides$/) },
  ])
  expect(forge.comments).toMatchObject([{ pullRequest: 7, body: expect.stringContaining('**Review**') }])
  expect(warnings).toEqual([expect.stringContaining(`#7 waits for a person`)])
  expect(planSteps(session.state)).toEqual([])
  expect(planTrials(session.state, session.conditions, session.policy)).toEqual([])
})

test('F106 an evaluated gain above review-above waits, too', async () => {
  const { pull } = await afterRuns([2.2, 2.21], { trust: 'evaluated' })
  expect(pull.state).toBe('open')
})
