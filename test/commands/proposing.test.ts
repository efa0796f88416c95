// What becomes of a proposal: it is reviewed with the past in mind, and whatever comes of it is in the ledger.
import { expect, test } from 'vitest'
import { nextTurn, proposeCandidate } from '../../src/commands/proposing.ts'
import { openSession, type Session } from '../../src/commands/session.ts'
import { type Candidate, type Direction, NO_USAGE } from '../../src/core/candidate.ts'
import { appendEvents } from '../../src/core/ledger.ts'
import type { ProposalRequest, Proposer, Repository } from '../../src/ports.ts'
import { aBaseline, aDirection, aRandom, aVerdict, BENCH, ROOT_SEED, sha } from '../factories.ts'

const AT = new Date('2026-11-01T00:00:00Z')
const SOURCE = 'lr = 0.1\nh = relu(linear(x))\nloss = project(norm(h))\n'
const CONFIG_TEXT = `editable: [train.py]
train: python train.py
budget: 5m
metric: { name: val_bpb, direction: minimize, pattern: '^val_bpb: (\\S+)' }
`
const unused = (): never => {
  throw new Error('not part of this test')
}

/** Commits of `train.py`, by their text. */
class MemoryRepository implements Repository {
  readonly #texts = new Map([[aBaseline().commit, SOURCE]])
  readonly treeOf = async () => aBaseline().tree
  readonly rebase = unused

  async remoteBranches() {
    const { commit } = aBaseline()
    return {
      defaultBranch: 'main',
      commits: new Map(['main', 'autoresearch/baseline'].map((n) => [n, commit])),
    }
  }

  async readFile() {
    return CONFIG_TEXT
  }

  async readFiles(commit: string) {
    return new Map([['train.py', this.#texts.get(commit) ?? '']])
  }

  async changes(from: string, to: string) {
    const [before, after] = [this.#texts.get(from), this.#texts.get(to)]
    if (before === undefined || after === undefined) throw new Error('no such commit')
    return [{ path: 'train.py', mode: '100644', before, after }]
  }

  async commit({ files }: { files: ReadonlyMap<string, string> }) {
    const text = files.get('train.py') ?? ''
    this.#texts.set(sha(text), text)
    return { commit: sha(text), tree: sha(`${text} tree`) }
  }
}

const ledger = () => {
  let text = appendEvents(
    '',
    [
      { kind: 'started', rootSeed: ROOT_SEED },
      { kind: 'baseline', ...aBaseline(), cause: 'started' },
    ],
    AT,
  )
  return {
    read: async () => text,
    update: async (edit: (text: string) => string) => {
      text = edit(text)
      return text
    },
  }
}

function aSession(): Promise<Session> {
  const forge = {
    openPullRequests: async () => [],
    openPullRequest: unused,
    pullRequest: unused,
    putCheckRun: unused,
    putComment: unused,
    merge: unused,
    close: unused,
  }
  return openSession(
    {
      repository: new MemoryRepository(),
      ledger: ledger(),
      forge,
      clock: { now: () => AT, monotonicSeconds: () => 0 },
      log: { info: () => {}, warn: () => {} },
      cancelled: new AbortController().signal,
    },
    {
      configPath: '.github/autoresearch.yml',
      rootSeed: ROOT_SEED,
      newLedger: false,
      testbed: BENCH.testbed,
      candidates: undefined,
      runUrl: undefined,
    },
  )
}

/** Submits its texts one after the other until one is not refused, and remembers what it was told. */
class ScriptedProposer implements Proposer {
  readonly name = 'agent'
  readonly told: string[] = []
  request: ProposalRequest | undefined
  readonly #edits: [string, string][]

  constructor(...edits: [search: string, replace: string][]) {
    this.#edits = edits
  }

  async propose(request: ProposalRequest) {
    this.request = request
    for (const [search, replace] of this.#edits) {
      const files = new Map([['train.py', SOURCE.replace(search, replace)]])
      const problems = request.review({ files })
      this.told.push(...problems)
      if (problems.length > 0) continue
      const proposal = {
        title: `Try ${replace}`,
        hypothesis: 'It may help.',
        category: 'architecture' as const,
        expectedEffect: '−0.01',
        files,
      }
      return { kind: 'proposal', proposal, usage: NO_USAGE } as const
    }
    return { kind: 'nothing', reason: 'out of ideas', usage: NO_USAGE, exhausted: false } as const
  }
}

async function ask(session: Session, proposer: Proposer, direction: Partial<Direction> = {}) {
  const turn = { index: 0, proposer, direction: aDirection(direction) }
  return proposeCandidate(session, turn, new AbortController().signal)
}

function candidates({ state }: Session): Candidate[] {
  return [...state.candidates.values()]
}

const GATE: [string, string] = ['relu(linear(x))', 'relu(linear(x)) * sigmoid(gate(x))']

test('a candidate is recorded with what it was asked for and a sketch of what it changes', async () => {
  const session = await aSession()
  await ask(session, new ScriptedProposer(GATE), { category: 'architecture' })
  expect(candidates(session)).toEqual([
    expect.objectContaining({
      direction: aDirection({ category: 'architecture' }),
      sketch: expect.stringMatching(/^[\w+/]{20,}\.$/),
    }),
  ])
  expect(candidates(session)[0]).not.toHaveProperty('constantsOnly')
})

test('F7 a nearly equal idea is told which one it repeats before there is a pull request, and another one passes', async () => {
  const session = await aSession()
  await ask(session, new ScriptedProposer(GATE))
  const again: [string, string] = [
    'h = relu(linear(x))',
    '# better\nh = relu( linear(x) ) * sigmoid(gate(x))',
  ]
  const proposer = new ScriptedProposer(again, ['norm(h)', 'norm(dropout(h))'])
  await ask(session, proposer)
  expect(proposer.told).toEqual([
    expect.stringContaining(`"Try relu(linear(x)) * sigmoid(gate(x))" (${candidates(session)[0]?.id})`),
  ])
  expect(candidates(session).map(({ title }) => title)).toEqual([`Try ${GATE[1]}`, 'Try norm(dropout(h))'])
})

test('nothing but numbers is refused when a change of structure is asked for, and marked when it is not', async () => {
  const session = await aSession()
  const proposer = new ScriptedProposer(['lr = 0.1', 'lr = 0.3'])
  expect(await ask(session, proposer, { structural: true })).toMatchObject({ kind: 'nothing' })
  expect(proposer.told).toEqual([expect.stringContaining('a change of structure is asked for')])
  await ask(session, proposer)
  expect(candidates(session)).toEqual([expect.objectContaining({ constantsOnly: true })])
})

test('an asking that nothing came of is in the ledger with what was asked for', async () => {
  const session = await aSession()
  await ask(session, new ScriptedProposer(), { mode: 'combine', sources: ['a', 'b'] })
  const direction = aDirection({ mode: 'combine', sources: ['a', 'b'] })
  expect([...session.state.fruitless.values()]).toEqual([{ proposer: 'agent', usage: NO_USAGE, direction }])
})

test('who is asked reads the direction, and the change to start from, in the brief', async () => {
  const session = await aSession()
  await ask(session, new ScriptedProposer(GATE))
  const [first] = candidates(session)
  const proposer = new ScriptedProposer()
  await ask(session, proposer, { mode: 'refine', sources: [first?.id ?? ''] })
  expect(proposer.request?.direction.mode).toBe('refine')
  expect(proposer.request?.brief).toMatch(
    /# Your direction\n\nRefine: [\s\S]+\+h = relu\(linear\(x\)\) \* sigmoid/,
  )
})

test('a change to start from that git no longer has is left out, and the proposal goes on', async () => {
  const session = await aSession()
  await ask(session, new ScriptedProposer(GATE))
  const [first] = candidates(session)
  const gone = { ...first, id: 'gone', head: sha('gone'), verdict: aVerdict() } as Candidate
  session.record([{ kind: 'proposed', candidate: gone }])
  const proposer = new ScriptedProposer(['norm(h)', 'norm(h, x)'])
  const proposed = await ask(session, proposer, { mode: 'refine', sources: ['gone'] })
  expect(proposed.kind).toBe('proposed')
  expect(proposer.request?.brief).not.toContain('```diff')
})

test('a turn names the proposer it is for, and there is none when all are exhausted', async () => {
  const session = await aSession()
  const proposer = new ScriptedProposer()
  expect(nextTurn(session, [proposer], new Set(), aRandom(1))).toMatchObject({ index: 0, proposer })
  expect(nextTurn(session, [proposer], new Set([0]), aRandom(1))).toBeUndefined()
})
