// Asks a proposer for one idea and records it as a candidate: commit, branch and ledger line in one atomic push.
import type { Asked } from '../core/agent/asked.ts'
import { buildBrief } from '../core/agent/brief.ts'
import { offersChecks } from '../core/agent/checks.ts'
import { type Candidate, candidateBranch, candidateId, type Proposal, type Usage } from '../core/candidate.ts'
import { type Change, changeKey, isEditable, reviewChanges } from '../core/gate/gate.ts'
import { quotable } from '../core/people.ts'
import { renderCandidateMessage } from '../core/report/pull-request.ts'
import type { BaselineCommit } from '../core/state.ts'
import { type KnownWish, MAX_DIRECTION_CHARACTERS } from '../core/wishes.ts'
import type { Proposer } from '../ports.ts'
import { openPast } from './past.ts'
import { givenUp } from './people.ts'
import type { Session } from './session.ts'

export type Proposed =
  | { kind: 'proposed'; candidate: Candidate }
  /** `declined`: it was the answer to a wish, and says nothing about what else the proposer may have to offer. */
  | { kind: 'nothing'; reason: string; exhausted: boolean; declined?: true }

/**
 * Asks `proposer` for one candidate on the present baseline. Whatever comes of it, its cost is in the ledger.
 *
 * @param wish of a person, which this candidate is to take up
 */
export async function proposeCandidate(
  session: Session,
  proposer: Proposer,
  signal: AbortSignal,
  wish?: KnownWish,
): Promise<Proposed> {
  const { repository, checker } = session.ports
  const { config, bench, baseline } = session
  const files = await repository.readFiles(baseline.commit)
  const editable = [...files.keys()].filter((path) => isEditable(path, config.editable))
  const program = config.program === undefined ? undefined : files.get(config.program)
  const result = await proposer.propose({
    brief: buildBrief({
      config,
      state: session.state,
      bench,
      files,
      editable,
      ...(program ? { program } : {}),
      asked: askedOf(session, wish),
    }),
    files,
    editable,
    history: [...session.state.candidates.values()],
    review: (proposal) => review(session, proposedChanges(files, proposal)),
    past: openPast(session),
    ...(checker && offersChecks(config)
      ? { check: (edits) => checker.check(config, baseline.commit, edits, signal) }
      : {}),
    budget: session.budget,
    ...(wish && { wish: wish.text }),
    signal,
  })
  if (result.kind === 'nothing') {
    const { reason, usage, exhausted, cause } = result
    // Nobody has looked at the wish, so that it is still to be taken up.
    const unheard = signal.aborted || cause === 'unreachable'
    const answer = { reason, cannot: cause === 'cannot' }
    return recordNothing(session, proposer.name, usage, exhausted, answer, unheard ? undefined : wish)
  }
  const { proposal, usage, author = proposer.name } = result
  return recordCandidate(session, author, baseline, proposal, usage, wish)
}

function askedOf({ settings }: Session, wish: KnownWish | undefined): Asked {
  const direction = quotable(settings.dispatch?.direction ?? '', MAX_DIRECTION_CHARACTERS)
  return { ...(wish && { wish }), ...(direction !== '' && { direction }) }
}

async function recordCandidate(
  session: Session,
  proposer: string,
  baseline: BaselineCommit,
  proposal: Proposal,
  usage: Usage,
  wish?: KnownWish,
): Promise<Proposed> {
  const { repository } = session.ports
  const { files, title, hypothesis, category, expectedEffect, knob } = proposal
  const { commit: head, tree } = await repository.commit({
    base: baseline.commit,
    files,
    message: renderCandidateMessage(title, hypothesis),
  })
  // Judged from git objects, whatever the proposer was told: what is pushed is what was reviewed.
  const changes = await repository.changes(baseline.commit, head)
  const problems = review(session, changes)
  if (problems.length > 0) {
    const answer = { reason: problems.join(' '), cannot: false }
    return recordNothing(session, proposer, usage, false, answer, wish)
  }
  const candidate: Candidate = {
    id: candidateId(baseline.commit, tree),
    title,
    hypothesis,
    category,
    expectedEffect,
    proposer,
    ...(knob ? { knob } : {}),
    ...(wish && { wish: wish.id }),
    changeKey: changeKey(changes),
    usage,
    base: baseline.commit,
    head,
    tree,
    rebases: 0,
  }
  session.record(
    [{ kind: 'proposed', candidate }],
    [{ branch: candidateBranch(candidate.id), from: null, to: head }],
  )
  return { kind: 'proposed', candidate }
}

function recordNothing(
  session: Session,
  proposer: string,
  usage: Usage,
  exhausted: boolean,
  answer: { reason: string; cannot: boolean },
  wish?: KnownWish,
): Proposed {
  const { reason } = answer
  const id = `${session.state.baseline?.commit.slice(0, 7)}-${session.ports.clock.now().toISOString()}`
  const given = wish ? givenUp(wish, answer) : []
  const asked = wish && { wish: wish.id }
  session.record([{ kind: 'no-proposal', id, proposer, reason, usage, ...asked }, ...given])
  return { kind: 'nothing', reason, exhausted, ...(given.length > 0 && { declined: true }) }
}

/** The static gate, and the rule that an idea is tried once. */
function review(session: Session, changes: readonly Change[]): string[] {
  const problems = reviewChanges(changes, session.config.editable)
  if (problems.length > 0) return problems
  const key = changeKey(changes)
  const twin = [...session.state.candidates.values()].find((candidate) => candidate.changeKey === key)
  if (!twin) return []
  const fate = twin.verdict ? twin.verdict.reason : 'it is still being tested'
  return [`The same change was proposed before as "${twin.title}" (${twin.id}): ${fate}.`]
}

function proposedChanges(files: ReadonlyMap<string, string>, proposal: Pick<Proposal, 'files'>): Change[] {
  return [...proposal.files].map(([path, after]) => {
    const before = files.get(path)
    return { path, mode: '100644', ...(before === undefined ? {} : { before }), after }
  })
}
