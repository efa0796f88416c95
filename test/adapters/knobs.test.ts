import { describe, expect, it } from 'vitest'
import { createKnobsProposer } from '../../src/adapters/knobs.ts'
import { reviewChanges } from '../../src/core/gate/gate.ts'
import { type Candidate, NO_USAGE, type Proposal } from '../../src/core/record/candidate.ts'
import type { ProposalRequest, ProposalResult } from '../../src/ports.ts'
import { aCandidate, aProposalRequest, aVerdict } from '../factories.ts'

const TRAIN = '"""Train. LR = 1.0"""\r\n# LR = 9.0\r\nLR = 1e-2  # of "SGD"\r\nSEED = 7\r\n'

function aRequest(fields: Partial<ProposalRequest> = {}): ProposalRequest {
  const files = new Map([
    ['train.py', TRAIN],
    ['evaluate.py', 'TOKENS = 1000\n'],
  ])
  return aProposalRequest({ files, ...fields })
}

async function propose(fields: Partial<ProposalRequest> = {}, draw = 0): Promise<ProposalResult> {
  return createKnobsProposer(() => draw).propose(aRequest(fields))
}

async function proposal(fields: Partial<ProposalRequest> = {}, draw = 0): Promise<Proposal> {
  const result = await propose(fields, draw)
  if (result.kind === 'nothing') throw new Error(result.reason)
  return result.proposal
}

function rejected({ knob, title }: Proposal): Candidate {
  return aCandidate({ name: title, ...(knob && { knob }), verdict: aVerdict({ kind: 'reject' }) })
}

describe('knobs', () => {
  it('is called knobs and costs nothing', async () => {
    expect(createKnobsProposer(Math.random).name).toBe('knobs')
    expect(await propose()).toMatchObject({ kind: 'proposal', usage: NO_USAGE })
  })

  it('changes one literal and not one other byte', async () => {
    const { files, ...rest } = await proposal()
    expect([...files]).toEqual([['train.py', TRAIN.replace('1e-2', '2e-2')]])
    expect(rest).toMatchObject({
      title: 'Raise LR from 1e-2 to 2e-2',
      category: 'optimizer',
      knob: { file: 'train.py', name: 'LR', from: 0.01, to: 0.02 },
    })
    expect(rest.hypothesis).toContain('LR is set in train.py, line 3')
  })

  it('says Lower for a step down', async () => {
    expect((await proposal({}, 0.9)).title).toBe('Lower LR from 1e-2 to 5e-3')
  })

  it('writes down the number it puts into the source', async () => {
    const { files, knob } = await proposal({ files: new Map([['train.py', 'LR = 0.0123\n']]) }, 0.9)
    expect(files.get('train.py')).toBe(`LR = ${knob?.to}\n`)
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

  it('F7 tries another step when the gate refuses one', async () => {
    const review: ProposalRequest['review'] = ({ files }) =>
      files.get('train.py')?.includes('2e-2') ? ['again'] : []
    expect((await proposal({ review })).title).toBe('Lower LR from 1e-2 to 5e-3')
  })

  it('gives up after ten refusals, for now', async () => {
    let reviews = 0
    const files = new Map([['train.py', 'A = 1.0\nB = 2.0\nC = 3.0\nD = 4.0\n']])
    const review = () => [`no ${++reviews}`]
    expect(await propose({ files, review })).toEqual({
      kind: 'nothing',
      reason: '10 steps were refused; the last reason: no 10',
      usage: NO_USAGE,
      exhausted: false,
    })
  })

  it('is exhausted when every step was tried or is refused', async () => {
    const history: Candidate[] = []
    for (let round = 0; round < 4; round++) history.push(rejected(await proposal({ history })))
    expect(history.map(({ knob }) => knob?.to)).toEqual([0.02, 0.005, 0.0125, 0.008])
    expect(await propose({ history })).toMatchObject({ kind: 'nothing', exhausted: true })
    expect(await propose({ review: () => ['no'] })).toMatchObject({ kind: 'nothing', exhausted: true })
  })
})
