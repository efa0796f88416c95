// What becomes of a proposal: it is reviewed with the past in mind, and whatever comes of it is in the ledger.
import { expect, test } from 'vitest'
import { type Candidate, type Direction, NO_USAGE } from '../../src/core/record/candidate.ts'
import type { Proposer } from '../../src/ports/proposer.ts'
import { nextTurn, proposeCandidate } from '../../src/session/proposing.ts'
import type { Session } from '../../src/session/session.ts'
import { aDirection, aRandom, aVerdict, sha } from '../factories.ts'
import { aSession } from '../fakes/lab.ts'
import { anIdea, FakeProposer, noIdea } from '../fakes/proposer.ts'

const SOURCE = 'lr = 0.1\nh = relu(linear(x))\nloss = project(norm(h))\n'

type Edit = [search: string, replace: string]

/** Submits its edits one after the other until one is not refused, and remembers what it was told. */
function submitting(...edits: Edit[]) {
  const told: string[] = []
  const proposer = new FakeProposer(
    [
      ({ review }) => {
        for (const [search, replace] of edits) {
          const idea = anIdea(SOURCE.replace(search, replace), { title: `Try ${replace}` })
          const problems = review(idea.proposal)
          if (problems.length === 0) return idea
          told.push(...problems)
        }
        return noIdea('out of ideas', { exhausted: false })
      },
    ],
    { name: 'agent' },
  )
  return Object.assign(proposer, { told })
}

async function ask(session: Session, proposer: Proposer, direction: Partial<Direction> = {}) {
  const turn = { index: 0, proposer, direction: aDirection(direction) }
  return proposeCandidate(session, turn, new AbortController().signal)
}

function candidates({ state }: Session): Candidate[] {
  return [...state.candidates.values()]
}

const GATE: Edit = ['relu(linear(x))', 'relu(linear(x)) * sigmoid(gate(x))']

test('a candidate is recorded with what it was asked for and a sketch of what it changes', async () => {
  const session = await aSession(SOURCE)
  await ask(session, submitting(GATE), { category: 'architecture' })
  expect(candidates(session)).toEqual([
    expect.objectContaining({
      origin: { kind: 'idea', direction: aDirection({ category: 'architecture' }) },
      sketch: expect.stringMatching(/^[\w+/]{20,}\.$/),
    }),
  ])
  expect(candidates(session)[0]).not.toHaveProperty('constantsOnly')
})

test('F7 a nearly equal idea is told which one it repeats before there is a pull request, and another one passes', async () => {
  const session = await aSession(SOURCE)
  await ask(session, submitting(GATE))
  const again: Edit = ['h = relu(linear(x))', '# better\nh = relu( linear(x) ) * sigmoid(gate(x))']
  const proposer = submitting(again, ['norm(h)', 'norm(dropout(h))'])
  await ask(session, proposer)
  expect(proposer.told).toEqual([
    expect.stringContaining(`"Try relu(linear(x)) * sigmoid(gate(x))" (${candidates(session)[0]?.id})`),
  ])
  expect(candidates(session).map(({ title }) => title)).toEqual([`Try ${GATE[1]}`, 'Try norm(dropout(h))'])
})

test('nothing but numbers is refused when a change of structure is asked for, and marked when it is not', async () => {
  const session = await aSession(SOURCE)
  const proposer = submitting(['lr = 0.1', 'lr = 0.3'])
  expect(await ask(session, proposer, { structural: true })).toMatchObject({ kind: 'nothing' })
  expect(proposer.told).toEqual([expect.stringContaining('requires a structural change')])
  await ask(session, proposer)
  expect(candidates(session)).toEqual([expect.objectContaining({ constantsOnly: true })])
})

test('an asking that nothing came of is in the ledger with what was asked for', async () => {
  const session = await aSession(SOURCE)
  await ask(session, submitting(), { mode: 'combine', sources: ['a', 'b'] })
  const direction = aDirection({ mode: 'combine', sources: ['a', 'b'] })
  expect([...session.state.emptyAttempts.values()]).toEqual([
    { proposer: 'agent', usage: NO_USAGE, direction },
  ])
})

test('who is asked reads the direction, and the change to start from, in the brief', async () => {
  const session = await aSession(SOURCE)
  await ask(session, submitting(GATE))
  const [first] = candidates(session)
  const proposer = submitting()
  await ask(session, proposer, { mode: 'refine', sources: [first?.id ?? ''] })
  expect(proposer.requests[0]?.direction.mode).toBe('refine')
  expect(proposer.requests[0]?.brief).toMatch(
    /# Your direction\n\nRefine: [\s\S]+\+h = relu\(linear\(x\)\) \* sigmoid/,
  )
})

test('a change to start from that git no longer has is left out, and the proposal goes on', async () => {
  const session = await aSession(SOURCE)
  await ask(session, submitting(GATE))
  const [first] = candidates(session)
  const gone = { ...first, id: 'gone', head: sha('gone'), verdict: aVerdict() } as Candidate
  session.record([{ kind: 'proposed', candidate: gone }])
  const proposer = submitting(['norm(h)', 'norm(h, x)'])
  const proposed = await ask(session, proposer, { mode: 'refine', sources: ['gone'] })
  expect(proposed.kind).toBe('proposed')
  expect(proposer.requests[0]?.brief).not.toContain('```diff')
})

test('a turn names the proposer it is for, and there is none when all are exhausted', async () => {
  const session = await aSession(SOURCE)
  const proposer = submitting()
  expect(nextTurn(session, [proposer], new Set(), aRandom(1))).toMatchObject({ index: 0, proposer })
  expect(nextTurn(session, [proposer], new Set([0]), aRandom(1))).toBeUndefined()
})
