// Requests one idea on the current baseline from a proposer, and records the outcome.
import type { ProposerConfig } from '../core/config/config.ts'
import { type Change, isEditable, reviewChanges } from '../core/gate/gate.ts'
import { changesOnlyConstants } from '../core/gate/sketch.ts'
import type { Asked } from '../core/propose/asked.ts'
import { buildBrief } from '../core/propose/brief/brief.ts'
import { offersChecks } from '../core/propose/checks.ts'
import { chooseTurn, forRequest, withDirections } from '../core/propose/direction.ts'
import { explainRepetition } from '../core/propose/novelty.ts'
import { MAX_DIRECTION_CHARACTERS } from '../core/propose/requests.ts'
import { type Candidate, type Direction, originOf, type Proposal } from '../core/record/candidate.ts'
import { findCandidate } from '../core/record/candidates.ts'
import { allIdeas, type PastIdea } from '../core/record/ideas.ts'
import type { Budget } from '../core/record/limits.ts'
import { quotable } from '../core/record/people.ts'
import type { KnownRequest } from '../core/record/request.ts'
import type { BaselineCommit } from '../core/record/state.ts'
import type { InsightsStore } from '../ports/ledger.ts'
import type { ProposalResult, Proposer } from '../ports/proposer.ts'
import type { TreeFile } from '../ports/repository.ts'
import { commitProposal, recordMade } from './candidates.ts'
import { openPast } from './past.ts'
import { declinedBy } from './people.ts'
import type { Session } from './session.ts'

/** What a job that proposes needs besides the session's ports. */
export interface ProposingPorts {
  /** Called once the session is open, because the configuration lists the proposers. */
  createProposers(configs: readonly ProposerConfig[]): Proposer[]
  insights: InsightsStore
  /** Uniform in [0, 1). */
  random(): number
}

export interface Turn {
  /** Place of the proposer in the configuration. */
  index: number
  proposer: Proposer
  direction: Direction
  personRequest?: KnownRequest | undefined
  /** Insights from past candidates, as text. */
  insights?: string | undefined
  /** The spending limit for this candidate. Default: all that is left. */
  budget?: Budget
}

export type Proposed =
  | { kind: 'proposed'; candidate: Candidate }
  /** `declined`: it ended a request. `unreachable`: the proposer could not be reached. */
  | {
      kind: 'nothing'
      reason: string
      exhausted: boolean
      declined?: true
      unreachable?: true
      /** Its change was tried before. */
      repeated?: true
    }

/**
 * The next proposer and its direction; undefined when every proposer is among `barred`.
 *
 * @param underWay directions that others are working on: no source is given out twice
 */
export function nextTurn(
  { state, config }: Session,
  proposers: readonly Proposer[],
  barred: ReadonlySet<number>,
  random: () => number,
  { personRequest, underWay = [] }: { personRequest?: KnownRequest; underWay?: readonly Direction[] } = {},
): Turn | undefined {
  const choices = proposers.map(({ name, constantsOnly = false }) => ({ name, constantsOnly }))
  const turn = chooseTurn(withDirections(state, underWay), choices, barred, config.search, random)
  const proposer = turn && proposers[turn.index]
  if (!proposer) return undefined
  return personRequest
    ? { index: turn.index, proposer, direction: forRequest(turn.direction), personRequest }
    : { ...turn, proposer }
}

/** Requests one candidate on the current baseline. Its cost is recorded whatever the outcome. */
export async function proposeCandidate(session: Session, turn: Turn, signal: AbortSignal): Promise<Proposed> {
  const { proposer, direction, insights, personRequest } = turn
  const { repository, checker } = session.ports
  const { config, state, conditions, baseline } = session
  const files = await repository.readFiles(baseline.commit)
  const editable = [...files.keys()].filter((path) => isEditable(path, config.editable))
  const program = config.program === undefined ? undefined : files.get(config.program)
  const sources = await readSources(session, direction)
  const archived = await session.archivedIdeas()
  let repeats = false
  const result = await proposer.propose({
    brief: buildBrief({
      config,
      state,
      conditions,
      files,
      editable,
      direction,
      sources,
      ...(program ? { program } : {}),
      ...(insights ? { insights } : {}),
      asked: askedOf(session, personRequest),
    }),
    direction,
    files,
    editable,
    addable: config.editable,
    executable: executableOf(await repository.listFiles(baseline.commit)),
    train: config.train,
    history: allIdeas(state, archived),
    review: (proposal) => {
      const reviewed = review(session, turn, proposedChanges(files, proposal), archived)
      repeats = reviewed.repeats
      return reviewed.problems
    },
    past: openPast(session),
    ...(checker && offersChecks(config)
      ? {
          checks: config.checks ?? [],
          check: (edits) => checker.check(config, baseline.commit, edits, signal),
        }
      : { checks: [] }),
    budget: turn.budget ?? session.spending.budget(),
    ...(personRequest && { personRequest: personRequest.text }),
    signal,
  })
  if (result.kind === 'proposal') return recordCandidate(session, turn, baseline, result)
  // No proposer has seen the request, so this does not count as an attempt.
  const unseen = signal.aborted || result.cause === 'unreachable'
  return recordNothing(session, turn, { ...result, repeats }, unseen ? undefined : personRequest)
}

function executableOf(files: readonly TreeFile[]): string[] {
  return files.filter(({ mode }) => mode === '100755').map(({ path }) => path)
}

function askedOf({ settings }: Session, personRequest: KnownRequest | undefined): Asked {
  const direction = quotable(settings.dispatch?.direction ?? '', MAX_DIRECTION_CHARACTERS)
  return { ...(personRequest && { personRequest }), ...(direction !== '' && { direction }) }
}

/** The changes to start from. One that git no longer has is left out. */
async function readSources(session: Session, { sources }: Direction): Promise<ReadonlyMap<string, Change[]>> {
  const read = new Map<string, Change[]>()
  for (const id of sources) {
    const candidate = findCandidate(session.state, id)
    if (!candidate) continue
    try {
      read.set(id, await session.ports.repository.changes(candidate.base, candidate.head))
    } catch {
      session.ports.log.warn(
        `The change of "${candidate.title}" is no longer in the repository; the proposal continues without it`,
      )
    }
  }
  return read
}

async function recordCandidate(
  session: Session,
  turn: Turn,
  baseline: BaselineCommit,
  { proposal, usage, author }: Extract<ProposalResult, { kind: 'proposal' }>,
): Promise<Proposed> {
  const { name } = turn.proposer
  const made = await commitProposal(session, baseline, proposal)
  // Reviewed again from git objects, so that exactly what is pushed was reviewed.
  const { problems, repeats } = review(session, turn, made.changes, await session.archivedIdeas())
  const refused = { reason: problems.join(' '), usage, exhausted: false, repeats }
  if (problems.length > 0) return recordNothing(session, turn, refused, turn.personRequest)
  const candidate = recordMade(session, made, {
    ...proposal,
    proposer: author ?? name,
    ...(author !== undefined && author !== name && { standsInFor: name }),
    origin: turn.personRequest
      ? { kind: 'request', request: turn.personRequest.id }
      : originOf(turn.direction),
    usage,
  })
  return { kind: 'proposed', candidate }
}

/** @param personRequest the request that the proposer saw and did not fulfil */
function recordNothing(
  session: Session,
  turn: Turn,
  result: Omit<Extract<ProposalResult, { kind: 'nothing' }>, 'kind'> & { repeats: boolean },
  personRequest: KnownRequest | undefined,
): Proposed {
  const { reason, usage, exhausted, cause, repeats } = result
  const id = `${session.state.baseline?.commit.slice(0, 7)}-${session.ports.clock.now().toISOString()}`
  const requested = turn.personRequest
    ? personRequest && { request: personRequest.id }
    : { direction: turn.direction }
  const declined = personRequest ? declinedBy(personRequest, { reason, cannot: cause === 'cannot' }) : []
  const { name: proposer } = turn.proposer
  session.record([{ kind: 'no-proposal', id, proposer, reason, usage, ...requested }, ...declined])
  return {
    kind: 'nothing',
    reason,
    exhausted,
    ...(declined.length > 0 && { declined: true }),
    ...(cause === 'unreachable' && { unreachable: true }),
    ...(repeats && { repeated: true }),
  }
}

const NOT_STRUCTURAL = 'The change only affects numbers, but this turn requires a structural change.'

interface Reviewed {
  problems: string[]
  /** The change was tried before. */
  repeats: boolean
}

/** The static gate, the rule that an idea is tried once, and the minimum share of structural changes. */
function review(
  session: Session,
  { direction, personRequest }: Turn,
  changes: readonly Change[],
  archived: readonly PastIdea[],
): Reviewed {
  const { state, config } = session
  const problems = reviewChanges(changes, config.editable, config.maxLiteralKib)
  if (problems.length > 0) return { problems, repeats: false }
  // A person's request may be similar to an earlier change, but not equal.
  const similarity = personRequest ? 1 : config.search.novelty
  const policy = { similarity, retryAfterMerges: config.search.retryAfterMerges }
  const repetition = explainRepetition(state, changes, policy, direction.sources, archived)
  if (repetition !== undefined) return { problems: [repetition], repeats: true }
  const isRefused = direction.structural && changesOnlyConstants(changes)
  return { problems: isRefused ? [NOT_STRUCTURAL] : [], repeats: false }
}

function proposedChanges(files: ReadonlyMap<string, string>, proposal: Pick<Proposal, 'files'>): Change[] {
  return [...proposal.files].map(([path, after]) => {
    const before = files.get(path)
    const sides = { ...(before === undefined ? {} : { before }), ...(after === null ? {} : { after }) }
    return { path, mode: after === null ? null : '100644', ...sides }
  })
}
