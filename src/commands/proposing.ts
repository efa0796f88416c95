// Asks a proposer for one idea and records it as a candidate: commit, branch and ledger line in one atomic push.
import { AA_PROPOSER, aaProposal, dueAa, reviewAa } from '../core/aa.ts'
import { buildBrief } from '../core/agent/brief/brief.ts'
import { offersChecks } from '../core/agent/checks.ts'
import { chooseTurn } from '../core/agent/direction.ts'
import { explainRepetition } from '../core/agent/novelty.ts'
import {
  type Candidate,
  candidateBranch,
  candidateId,
  type Direction,
  NO_USAGE,
  type Proposal,
  type Usage,
} from '../core/candidate.ts'
import type { ProposerConfig } from '../core/config/config.ts'
import { type Change, changeKey, isEditable, reviewChanges } from '../core/gate/gate.ts'
import { changesOnlyConstants, sketchOf } from '../core/gate/sketch.ts'
import { pastIdeas } from '../core/ideas.ts'
import { renderCandidateMessage } from '../core/report/pull-request.ts'
import type { BaselineCommit } from '../core/state.ts'
import type { InsightsStore, ProposalResult, Proposer } from '../ports.ts'
import { openPast } from './past.ts'
import type { Session } from './session.ts'

/** What a job that proposes needs besides the session's ports. */
export interface ProposingPorts {
  /** The configuration says which proposers there are, and it is only known once the session is open. */
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
  /** What was learned so far, in words. */
  insights?: string | undefined
}

export type Proposed =
  | { kind: 'proposed'; candidate: Candidate }
  | { kind: 'nothing'; reason: string; exhausted: boolean }

/** Whose turn it is, and what to ask for; undefined when every proposer is among `exhausted`. */
export function nextTurn(
  { state, config }: Session,
  proposers: readonly Proposer[],
  exhausted: ReadonlySet<number>,
  random: () => number,
): Turn | undefined {
  const choices = proposers.map(({ name, constantsOnly = false }) => ({ name, constantsOnly }))
  const turn = chooseTurn(state, choices, exhausted, config.search, random)
  const proposer = turn && proposers[turn.index]
  return turn && proposer && { ...turn, proposer }
}

/** Asks for one candidate on the present baseline. Whatever comes of it, its cost is in the ledger. */
export async function proposeCandidate(
  session: Session,
  { proposer, direction, insights }: Turn,
  signal: AbortSignal,
): Promise<Proposed> {
  const { repository, checker } = session.ports
  const { config, state, bench, baseline } = session
  const files = await repository.readFiles(baseline.commit)
  const editable = [...files.keys()].filter((path) => isEditable(path, config.editable))
  const program = config.program === undefined ? undefined : files.get(config.program)
  const sources = await readSources(session, direction)
  const result = await proposer.propose({
    brief: buildBrief({
      config,
      state,
      bench,
      files,
      editable,
      direction,
      sources,
      ...(program ? { program } : {}),
      ...(insights ? { insights } : {}),
    }),
    direction,
    files,
    editable,
    history: pastIdeas(state),
    review: (proposal) => review(session, direction, proposedChanges(files, proposal)),
    past: openPast(session),
    ...(checker && offersChecks(config)
      ? { check: (edits) => checker.check(config, baseline.commit, edits, signal) }
      : {}),
    budget: session.budget,
    signal,
  })
  if (result.kind === 'nothing') return recordNothing(session, proposer, direction, result)
  return recordCandidate(session, proposer, direction, baseline, result)
}

/** The changes to start from. A proposal can do without one that git no longer has. */
async function readSources(session: Session, { sources }: Direction): Promise<ReadonlyMap<string, Change[]>> {
  const read = new Map<string, Change[]>()
  for (const id of sources) {
    const candidate = session.state.candidates.get(id)
    if (!candidate) continue
    try {
      read.set(id, await session.ports.repository.changes(candidate.base, candidate.head))
    } catch {
      session.ports.log.warn(`the change of "${candidate.title}" cannot be read any more`)
    }
  }
  return read
}

async function recordCandidate(
  session: Session,
  { name }: Proposer,
  direction: Direction,
  baseline: BaselineCommit,
  { proposal, usage, author = name }: Extract<ProposalResult, { kind: 'proposal' }>,
): Promise<Proposed> {
  const made = await commitProposal(session, baseline, proposal)
  // Judged from git objects, whatever the proposer was told: what is pushed is what was reviewed.
  const problems = review(session, direction, made.changes)
  if (problems.length > 0)
    return recordNothing(session, { name }, direction, {
      reason: problems.join(' '),
      usage,
      exhausted: false,
    })
  return recordMade(session, made, {
    ...proposal,
    proposer: author,
    ...(author !== name && { standsInFor: name }),
    direction,
    usage,
  })
}

/**
 * Makes the A/A candidate that is due, if one is: no proposer is asked, and nothing is spent on a model.
 *
 * @returns true when there is one more candidate
 */
export async function proposeDueAa(session: Session): Promise<boolean> {
  const aa = dueAa(session.state, session.config.aaEvery)
  if (aa === undefined) return false
  const proposal = aaProposal(aa)
  const made = await commitProposal(session, session.baseline, proposal)
  const refusal = reviewAa(made.changes, aa)
  if (refusal !== undefined) throw new Error(refusal)
  recordMade(session, made, { ...proposal, proposer: AA_PROPOSER, usage: NO_USAGE, aa })
  return true
}

/** A commit on the baseline that no branch points to yet, and what it changes as git tells it. */
interface Made {
  base: string
  head: string
  tree: string
  changes: readonly Change[]
}

async function commitProposal(
  { ports: { repository } }: Session,
  { commit: base }: BaselineCommit,
  { files, title, hypothesis }: Proposal,
): Promise<Made> {
  const message = renderCandidateMessage(title, hypothesis)
  const { commit: head, tree } = await repository.commit({ base, files, message })
  return { base, head, tree, changes: await repository.changes(base, head) }
}

type Facts = Omit<Proposal, 'files'> &
  Pick<Candidate, 'proposer' | 'standsInFor' | 'direction' | 'usage' | 'aa' | 'reverts'>

/** Records a commit as a candidate and moves its branch there, in one push. */
export function recordMade(session: Session, { base, head, tree, changes }: Made, facts: Facts): Proposed {
  const { proposer, standsInFor, direction, aa, reverts } = facts
  const candidate: Candidate = {
    id: candidateId(base, tree),
    ...describeProposal(facts),
    proposer,
    ...(standsInFor === undefined ? {} : { standsInFor }),
    ...(direction && { direction }),
    ...describeChange(changes),
    usage: facts.usage,
    base,
    head,
    tree,
    rebases: 0,
    ...(aa === undefined ? {} : { aa }),
    ...(reverts === undefined ? {} : { reverts }),
  }
  session.record(
    [{ kind: 'proposed', candidate }],
    [{ branch: candidateBranch(candidate.id), from: null, to: head }],
  )
  return { kind: 'proposed', candidate }
}

function describeProposal({ title, hypothesis, category, expectedEffect, knob }: Omit<Proposal, 'files'>) {
  return { title, hypothesis, category, expectedEffect, ...(knob && { knob }) }
}

function describeChange(changes: readonly Change[]) {
  const constantsOnly = changesOnlyConstants(changes) && ({ constantsOnly: true } as const)
  return { changeKey: changeKey(changes), sketch: sketchOf(changes), ...constantsOnly }
}

function recordNothing(
  session: Session,
  { name }: Pick<Proposer, 'name'>,
  direction: Direction,
  { reason, usage, exhausted }: { reason: string; usage: Usage; exhausted: boolean },
): Proposed {
  const id = `${session.state.baseline?.commit.slice(0, 7)}-${session.ports.clock.now().toISOString()}`
  session.record([{ kind: 'no-proposal', id, proposer: name, reason, usage, direction }])
  return { kind: 'nothing', reason, exhausted }
}

/** The static gate, the rule that an idea is tried once, and the floor of structural changes. */
function review(session: Session, direction: Direction, changes: readonly Change[]): string[] {
  const { state, config } = session
  const problems = reviewChanges(changes, config.editable)
  if (problems.length > 0) return problems
  const policy = { similarity: config.search.novelty, retryAfterMerges: config.search.retryAfterMerges }
  const repetition = explainRepetition(state, changes, policy, direction.sources)
  if (repetition !== undefined) return [repetition]
  if (!direction.structural || !changesOnlyConstants(changes)) return []
  return ['The change is only numbers, and this time a change of structure is asked for.']
}

function proposedChanges(files: ReadonlyMap<string, string>, proposal: Pick<Proposal, 'files'>): Change[] {
  return [...proposal.files].map(([path, after]) => {
    const before = files.get(path)
    return { path, mode: '100644', ...(before === undefined ? {} : { before }), after }
  })
}
