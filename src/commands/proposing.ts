// Asks a proposer for one idea and records it as a candidate: commit, branch and ledger line in one atomic push.
import { AA_PROPOSER, aaProposal, dueAa, reviewAa } from '../core/aa.ts'
import { buildBrief } from '../core/agent/brief.ts'
import { offersChecks } from '../core/agent/checks.ts'
import {
  type Candidate,
  candidateBranch,
  candidateId,
  NO_USAGE,
  type Proposal,
  type Usage,
} from '../core/candidate.ts'
import { type Change, changeKey, isEditable, reviewChanges } from '../core/gate/gate.ts'
import { addedLines } from '../core/gate/lines.ts'
import { pastIdeas } from '../core/ideas.ts'
import { renderCandidateMessage } from '../core/report/pull-request.ts'
import type { BaselineCommit } from '../core/state.ts'
import type { Proposer } from '../ports.ts'
import { openPast } from './past.ts'
import type { Session } from './session.ts'

export type Proposed =
  | { kind: 'proposed'; candidate: Candidate }
  | { kind: 'nothing'; reason: string; exhausted: boolean }

/** Asks `proposer` for one candidate on the present baseline. Whatever comes of it, its cost is in the ledger. */
export async function proposeCandidate(
  session: Session,
  proposer: Proposer,
  signal: AbortSignal,
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
    }),
    files,
    editable,
    history: pastIdeas(session.state),
    review: (proposal) => review(session, proposedChanges(files, proposal)),
    past: openPast(session),
    ...(checker && offersChecks(config)
      ? { check: (edits) => checker.check(config, baseline.commit, edits, signal) }
      : {}),
    budget: session.budget,
    signal,
  })
  if (result.kind === 'nothing')
    return recordNothing(session, proposer.name, result.reason, result.usage, result.exhausted)
  const { proposal, usage, author = proposer.name } = result
  return recordCandidate(session, author, baseline, proposal, usage)
}

async function recordCandidate(
  session: Session,
  proposer: string,
  baseline: BaselineCommit,
  proposal: Proposal,
  usage: Usage,
): Promise<Proposed> {
  const made = await commitProposal(session, baseline, proposal)
  // Judged from git objects, whatever the proposer was told: what is pushed is what was reviewed.
  const problems = review(session, made.changes)
  if (problems.length > 0) return recordNothing(session, proposer, problems.join(' '), usage, false)
  return recordMade(session, made, { ...proposal, proposer, usage })
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

type Facts = Pick<
  Candidate,
  'title' | 'hypothesis' | 'category' | 'expectedEffect' | 'proposer' | 'knob' | 'usage' | 'aa' | 'reverts'
>

/** Records a commit as a candidate and moves its branch there, in one push. */
export function recordMade(session: Session, { base, head, tree, changes }: Made, facts: Facts): Proposed {
  const { title, hypothesis, category, expectedEffect, proposer, knob, usage, aa, reverts } = facts
  const candidate: Candidate = {
    id: candidateId(base, tree),
    title,
    hypothesis,
    category,
    expectedEffect,
    proposer,
    ...(knob ? { knob } : {}),
    changeKey: changeKey(changes),
    addedLines: addedLines(changes),
    usage,
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

function recordNothing(
  session: Session,
  proposer: string,
  reason: string,
  usage: Usage,
  exhausted: boolean,
): Proposed {
  const id = `${session.state.baseline?.commit.slice(0, 7)}-${session.ports.clock.now().toISOString()}`
  session.record([{ kind: 'no-proposal', id, proposer, reason, usage }])
  return { kind: 'nothing', reason, exhausted }
}

/** The static gate, and the rule that an idea is tried once. */
function review(session: Session, changes: readonly Change[]): string[] {
  const problems = reviewChanges(changes, session.config.editable)
  if (problems.length > 0) return problems
  const key = changeKey(changes)
  const twin = pastIdeas(session.state).find((candidate) => candidate.changeKey === key)
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
