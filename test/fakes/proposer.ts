// A proposer that gives the answers of a test, one after the other, and the last of them from then on.
import { NO_USAGE, type Proposal } from '../../src/core/record/candidate.ts'
import type { Clock } from '../../src/ports/job.ts'
import type { ProposalRequest, ProposalResult, Proposer } from '../../src/ports/proposer.ts'

type Nothing = Extract<ProposalResult, { kind: 'nothing' }>

/** `undefined` never answers. */
export type Answer =
  | ProposalResult
  | undefined
  | ((request: ProposalRequest) => ProposalResult | Promise<ProposalResult>)

interface FakeProposerFields {
  name?: string
  constantsOnly?: true
  /** Where the times of the requests are read from. */
  clock?: Clock
  sumUp?: Proposer['sumUp'] | undefined
}

export class FakeProposer implements Proposer {
  readonly name: string
  declare readonly constantsOnly?: true
  declare readonly sumUp?: NonNullable<Proposer['sumUp']>
  readonly requests: ProposalRequest[] = []
  /** When each request came, in seconds of the clock. */
  readonly askedAt: number[] = []
  readonly #answers: readonly Answer[]
  readonly #clock: Clock | undefined

  constructor(answers: readonly Answer[] = [noIdea()], fields: FakeProposerFields = {}) {
    this.name = fields.name ?? 'openai gpt-x'
    if (fields.constantsOnly) this.constantsOnly = true
    if (fields.sumUp) this.sumUp = fields.sumUp
    this.#answers = answers
    this.#clock = fields.clock
  }

  async propose(request: ProposalRequest): Promise<ProposalResult> {
    this.requests.push(request)
    this.askedAt.push(this.#clock?.monotonicSeconds() ?? 0)
    const { length } = this.requests
    const answer = length > this.#answers.length ? this.#answers.at(-1) : this.#answers[length - 1]
    if (answer !== undefined) return typeof answer === 'function' ? answer(request) : answer
    return new Promise((resolve) =>
      request.signal.addEventListener('abort', () => resolve(noIdea('stopped', { exhausted: false }))),
    )
  }

  get briefs(): string[] {
    return this.requests.map(({ brief }) => brief)
  }
}

/** No candidate; unless the fields say otherwise, asking again is pointless. */
export function noIdea(reason = 'no idea', fields: Partial<Nothing> = {}): Nothing {
  return { kind: 'nothing', reason, usage: NO_USAGE, exhausted: true, ...fields }
}

/** A proposal that changes one file. */
export function anIdea(
  text: string,
  { path = 'train.py', ...fields }: Partial<Proposal> & { path?: string } = {},
  usage = NO_USAGE,
): Extract<ProposalResult, { kind: 'proposal' }> {
  const proposal: Proposal = {
    title: 'Use Muon',
    hypothesis: 'It helps.',
    category: 'optimizer',
    expectedEffect: '?',
    files: new Map([[path, text]]),
    ...fields,
  }
  return { kind: 'proposal', proposal, usage }
}
