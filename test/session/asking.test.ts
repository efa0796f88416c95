// What a proposer is given to work with, and what is recorded of its answer: on a repository and a ledger in memory.
import { describe, expect, test } from 'vitest'
import { propose } from '../../src/commands/propose.ts'
import { NO_USAGE, type Usage } from '../../src/core/record/candidate.ts'
import type { ProposalRequest, Proposer } from '../../src/ports/proposer.ts'
import { openSession } from '../../src/session/opening.ts'
import { proposeCandidate } from '../../src/session/proposing.ts'
import { aBaseline, aDirection } from '../factories.ts'
import { FakeChecker } from '../fakes/checker.ts'
import { aLab, CONFIG, type LabFields, PAST, TRAIN } from '../fakes/lab.ts'
import { anIdea, FakeProposer, noIdea } from '../fakes/proposer.ts'
import { proposingPorts, SETTINGS } from '../fakes/world.ts'

const turnOf = (proposer: Proposer) => ({ index: 0, proposer, direction: aDirection() })

/** Lets `look` see the request that a proposer gets. */
async function requestWith(
  fields: LabFields,
  look: (request: ProposalRequest) => Promise<void>,
): Promise<void> {
  const { ports } = aLab(fields)
  const proposer = new FakeProposer([
    async (request) => {
      await look(request)
      return noIdea('seen')
    },
  ])
  await proposeCandidate(await openSession(ports, SETTINGS), turnOf(proposer), new AbortController().signal)
  expect.hasAssertions()
}

describe('the past', () => {
  test('is searched in the ledger, and a change is read from git objects', async () => {
    await requestWith({}, async ({ past }) => {
      expect(await past.search({ text: 'warmup' })).toMatchObject({ ids: [PAST.id] })
      expect(await past.read(PAST.id, 'diff')).toContain('-lr = 1\n+lr = 3')
    })
  })

  test('has no answer for what is not kept', async () => {
    await requestWith({}, async ({ past }) => {
      expect(await past.read('nope', 'diff')).toBeUndefined()
      expect(await past.read(PAST.id, 'log')).toBeUndefined()
    })
  })

  test('has no answer when the commit is gone', async () => {
    const { ports, world } = aLab()
    world.repository.commits.delete(PAST.head)
    const session = await openSession(ports, SETTINGS)
    const proposer = new FakeProposer([
      async ({ past }) => {
        expect(await past.read(PAST.id, 'diff')).toBeUndefined()
        return noIdea()
      },
    ])
    expect(await proposeCandidate(session, turnOf(proposer), new AbortController().signal)).toMatchObject({
      kind: 'nothing',
    })
  })
})

describe('checks', () => {
  const checker = new FakeChecker(aBaseline().commit)

  test('are run on the baseline with the edits', async () => {
    await requestWith({ checker }, async ({ check }) => {
      expect(await check?.(new Map([['train.py', 'lr = 2']]))).toEqual({
        passed: true,
        text: 'python -m py_compile train.py lr = 2',
      })
    })
  })

  test.each<[string, LabFields]>([
    ['where no candidate code may run', {}],
    ['where nothing is configured', { checker, config: CONFIG.replace(/^checks.*\n/m, '') }],
    ['without a sandbox', { checker, config: `${CONFIG}sandbox: none\n` }],
  ])('are not offered %s', async (_, fields) => {
    await requestWith(fields, async ({ check }) => expect(check).toBeUndefined())
  })
})

describe('F10 the limits of a run', () => {
  const spent = (tokens: number, dollars = 0): Usage => ({ inputTokens: tokens, outputTokens: 0, dollars })

  /** The `propose` job with one proposer that has a new idea each time it is asked. */
  async function proposeWith(usage: Usage, before = NO_USAGE) {
    const { ports, recorded } = aLab({ before })
    const proposer = new FakeProposer([
      () => {
        const text = TRAIN.replace(
          'lr = 1',
          `# why
warmup = 1
lr = ${10 ** proposer.requests.length}`,
        )
        return { ...anIdea(text, {}, usage), author: 'openai gpt-y' }
      },
    ])
    await propose({ ...ports, ...proposingPorts(proposer) }, { ...SETTINGS, candidates: 9 })
    const proposed = recorded().flatMap((event) => (event.kind === 'proposed' ? [event.candidate] : []))
    const budgets = proposer.requests.map(({ budget }) => budget)
    return { budgets, proposed: proposed.slice(1) }
  }

  test('in tokens: no more is asked, and what is there stays', async () => {
    const { budgets, proposed } = await proposeWith(spent(400))
    expect(budgets.map(({ tokens }) => tokens)).toEqual([1000, 600, 200])
    expect(proposed).toHaveLength(3)
  })

  test('in dollars: the same', async () => {
    const { proposed } = await proposeWith(spent(1, 0.6))
    expect(proposed).toHaveLength(2)
  })

  test('do not count what runs before have spent', async () => {
    const { budgets } = await proposeWith(spent(600), spent(50_000, 90))
    expect(budgets[0]).toEqual({ tokens: 1000, dollars: 1 })
    expect(budgets).toHaveLength(2)
  })

  test('leave a candidate in the name of who made it, and say whose turn it was', async () => {
    const { proposed } = await proposeWith(spent(1000))
    expect(proposed).toMatchObject([{ proposer: 'openai gpt-y', standsInFor: 'openai gpt-x' }])
  })

  test('leave a candidate with its size in lines of code', async () => {
    const { proposed } = await proposeWith(spent(1000))
    expect(proposed).toMatchObject([{ addedLines: 1 }])
  })
})
