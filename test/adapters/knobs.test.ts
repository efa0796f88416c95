import { describe, expect, it } from 'vitest'
import { createKnobsProposer } from '../../src/adapters/knobs.ts'
import { reviewChanges } from '../../src/core/gate/gate.ts'
import type { KnobFilter } from '../../src/core/propose/knobs/select.ts'
import { type Candidate, NO_USAGE, type Proposal } from '../../src/core/record/candidate.ts'
import type { ProposalRequest, ProposalResult } from '../../src/ports/proposer.ts'
import { aCandidate, aProposalRequest, aRandom, aVerdict } from '../factories.ts'

const TRAIN = '"""Train. LR = 1.0"""\r\n# LR = 9.0\r\nLR = 1e-2  # of "SGD"\r\nSEED = 7\r\n'
const SEVERAL = 'LR = 0.01\nWD = 0.1\nbeta = 0.9\nwarmup = 100\nuse_bias = True\n'

function aRequest(fields: Partial<ProposalRequest> = {}): ProposalRequest {
  const files = new Map([
    ['train.py', TRAIN],
    ['evaluate.py', 'TOKENS = 1000\n'],
  ])
  return aProposalRequest({ files, ...fields })
}

const SILENT = { warn: () => {} }

async function propose(
  fields: Partial<ProposalRequest> = {},
  { seed = 1, filter = {} }: { seed?: number; filter?: KnobFilter } = {},
): Promise<ProposalResult> {
  return createKnobsProposer(filter, aRandom(seed), SILENT).propose(aRequest(fields))
}

async function proposal(fields: Partial<ProposalRequest> = {}, seed = 1): Promise<Proposal> {
  const result = await propose(fields, { seed })
  if (result.kind === 'nothing') throw new Error(result.reason)
  return result.proposal
}

function rejected({ knobs = [], title }: Proposal): Candidate {
  return aCandidate({ name: title, knobs, verdict: aVerdict({ kind: 'reject' }) })
}

describe('knobs', () => {
  it('is called knobs and costs nothing', async () => {
    expect(createKnobsProposer({}, Math.random, SILENT).name).toBe('knobs')
    expect(await propose()).toMatchObject({ kind: 'proposal', usage: NO_USAGE })
  })

  it('changes literals and not one other byte', async () => {
    const { files, knobs = [], ...rest } = await proposal()
    const written = files.get('train.py')?.split('LR = ')[3]?.split(' ')[0] ?? ''
    expect([...files]).toEqual([['train.py', TRAIN.replace('1e-2', written)]])
    expect(rest).toMatchObject({ title: `LR 1e-2 → ${written}`, category: 'optimizer' })
    expect(knobs).toMatchObject([{ file: 'train.py', name: 'LR', from: 0.01, to: Number(written) }])
    expect(rest.hypothesis).toContain('LR in train.py, line 3')
  })

  it('does not touch a switch again after which the metric was not printed', async () => {
    const files = new Map([['train.py', SEVERAL.replace('use_bias', 'speaks')]])
    const seeds = Array.from({ length: 30 }, (_, seed) => seed)
    const touches = async (history: readonly Candidate[]) =>
      (await Promise.all(seeds.map((seed) => proposal({ files, history }, seed)))).filter(({ knobs = [] }) =>
        knobs.some(({ name }) => name === 'speaks'),
      )
    const [first] = await touches([])
    expect(first).toBeDefined()
    const silent = first && {
      ...rejected(first),
      verdict: aVerdict({ kind: 'reject', failure: 'no-metric' }),
    }
    expect(await touches(silent ? [silent] : [])).toEqual([])
  })

  it('changes several constants at once and names each', async () => {
    const files = new Map([['train.py', SEVERAL]])
    const seeds = Array.from({ length: 20 }, (_, seed) => seed)
    const proposals = await Promise.all(seeds.map((seed) => proposal({ files }, seed)))
    const several = proposals.find(({ knobs = [] }) => knobs.length > 1)
    expect(several?.title.split(' → ')).toHaveLength((several?.knobs?.length ?? 0) + 1)
  })

  it('writes down the numbers it puts into the source', async () => {
    const { files, knobs = [] } = await proposal({ files: new Map([['train.py', 'LR = 0.0123\n']]) })
    expect(files.get('train.py')).toBe(`LR = ${knobs[0]?.to}\n`)
  })

  it('writes switches as the file does', async () => {
    const { files } = await proposal({ files: new Map([['train.py', 'use_bias = True\n']]) })
    expect(files.get('train.py')).toBe('use_bias = False\n')
  })

  it('passes the static gate', async () => {
    const review: ProposalRequest['review'] = ({ files }) =>
      reviewChanges(
        [...files].map(([path, after]) => ({ path, mode: '100644', before: TRAIN, after: after ?? '' })),
        ['*.py'],
      )
    expect(await propose({ review })).toMatchObject({ kind: 'proposal' })
  })

  it('F57 never touches a file that is not editable', async () => {
    const result = await propose({ editable: [] })
    expect(result).toMatchObject({
      kind: 'nothing',
      exhausted: true,
      reason: expect.stringContaining('no named'),
    })
  })

  it('F7 tries another change when the gate refuses one', async () => {
    const first = (await proposal()).title
    let reviews = 0
    const review = () => (reviews++ === 0 ? ['again'] : [])
    expect((await proposal({ review })).title).not.toBe(first)
  })

  it('gives up after ten refusals, for now', async () => {
    let reviews = 0
    const files = new Map([['train.py', SEVERAL]])
    const review = () => [`no ${++reviews}`]
    expect(await propose({ files, review })).toEqual({
      kind: 'nothing',
      reason: '10 changes were refused; the last reason: no 10',
      usage: NO_USAGE,
      exhausted: false,
    })
  })

  it('is exhausted when every step was tried or is refused, and tries none twice', async () => {
    const history: Candidate[] = []
    for (let round = 0; round < 6; round++) history.push(rejected(await proposal({ history }, round)))
    expect(new Set(history.map(({ title }) => title)).size).toBe(history.length)
    expect(await propose({ history })).toMatchObject({ kind: 'nothing', exhausted: true })
    expect(await propose({ review: () => ['no'] })).toMatchObject({ kind: 'nothing', exhausted: true })
  })
})

describe('F83 knobs without effect', () => {
  const files = new Map([['train.py', 'LR = 0.01\nWD = 0.1\n']])

  it('are not tried again', async () => {
    const { knobs = [] } = await proposal({ files: new Map([['train.py', 'LR = 0.01\nWD = 0.1\n']]) })
    const verdict = aVerdict({ kind: 'reject', noEffect: true })
    const history = [aCandidate({ name: 'dead', knobs, verdict })]
    const dead = knobs.map(({ name }) => name)
    for (let seed = 0; seed < 20; seed++) {
      const result = await propose({ files, history }, { seed })
      const names = result.kind === 'proposal' ? (result.proposal.knobs ?? []) : []
      expect(names.filter(({ name }) => dead.includes(name))).toEqual([])
    }
  })

  it('are not tried at all when the command sets them', async () => {
    const train = 'python train.py --LR=0.1'
    for (let seed = 0; seed < 10; seed++) {
      const result = await propose({ files, train }, { seed })
      expect(result.kind === 'proposal' && result.proposal.knobs?.map(({ name }) => name)).toEqual(['WD'])
    }
  })

  it('are tested together, in one candidate that says so', async () => {
    const model = 'class Config:\n    a: int = 3\n    b: int = 4\n    c: int = 5\n'
    const train = 'from model import Config\nConfig(a=x, b=y, c=z)\nLR = 0.1\n'
    const result = await proposal({
      editable: ['train.py', 'model.py'],
      files: new Map([
        ['train.py', train],
        ['model.py', model],
      ]),
    })
    expect(result.title).toMatch(/^Test for an effect: [abc] \d → \d, /)
    expect(result.knobs?.map(({ name }) => name).sort()).toEqual(['a', 'b', 'c'])
  })

  it('are left out when the configuration excludes them; a pattern without a match is a warning, once', async () => {
    const warnings: string[] = []
    const filter = { exclude: ['LR', 'momentum'] }
    const proposer = createKnobsProposer(filter, aRandom(1), { warn: (line) => warnings.push(line) })
    for (let turn = 0; turn < 3; turn++) {
      const result = await proposer.propose(aRequest({ files }))
      expect(result.kind === 'proposal' && result.proposal.knobs?.map(({ name }) => name)).toEqual(['WD'])
    }
    expect(warnings).toEqual([
      'proposers: knobs: exclude: "momentum" matches no constant of the editable files',
    ])
  })
})
