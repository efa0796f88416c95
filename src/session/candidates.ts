// Makes candidates: a commit on the baseline, its branch and its ledger line, in one atomic push.
import { type Change, changeKey } from '../core/gate/gate.ts'
import { addedLines } from '../core/gate/lines.ts'
import { changesOnlyConstants, sketchOf } from '../core/gate/sketch.ts'
import { AA_PROPOSER, aaProposal, dueAa, reviewAa } from '../core/judge/aa.ts'
import {
  type Candidate,
  candidateBranch,
  candidateId,
  NO_USAGE,
  type Proposal,
} from '../core/record/candidate.ts'
import type { BaselineCommit } from '../core/record/state.ts'
import { renderCandidateMessage } from '../core/report/pull-request.ts'
import type { Session } from './session.ts'

/**
 * Makes an A/A candidate if one is due. No proposer is queried, so it costs nothing.
 *
 * @returns true when a candidate was made
 */
export async function proposeDueAa(session: Session): Promise<boolean> {
  const aa = dueAa(session.state, session.config.aaEvery)
  if (aa === undefined) return false
  const proposal = aaProposal(aa)
  const made = await commitProposal(session, session.baseline, proposal)
  const refusal = reviewAa(made.changes, aa)
  if (refusal !== undefined) throw new Error(refusal)
  const origin = { kind: 'aa', number: aa } as const
  recordMade(session, made, { ...proposal, proposer: AA_PROPOSER, usage: NO_USAGE, origin })
  return true
}

/** A commit on the baseline that no branch points to yet, and its changes according to git. */
interface Made {
  base: string
  head: string
  tree: string
  changes: readonly Change[]
}

export async function commitProposal(
  { ports: { repository } }: Session,
  { commit: base }: BaselineCommit,
  { files, title, hypothesis }: Proposal,
): Promise<Made> {
  const message = renderCandidateMessage(title, hypothesis)
  const { commit: head, tree } = await repository.commit({ base, files, message })
  return { base, head, tree, changes: await repository.changes(base, head) }
}

type Facts = Omit<Proposal, 'files'> & Pick<Candidate, 'proposer' | 'standsInFor' | 'usage' | 'origin'>

/** Records a commit as a candidate and moves its branch there, in one push. */
export function recordMade(session: Session, { base, head, tree, changes }: Made, facts: Facts): Candidate {
  const { proposer, standsInFor, origin, knobs = [] } = facts
  const [knob, ...others] = knobs
  const candidate: Candidate = {
    id: candidateId(base, tree, session.state.rootSeed),
    origin,
    title: facts.title,
    hypothesis: facts.hypothesis,
    category: facts.category,
    expectedEffect: facts.expectedEffect,
    ...(others.length > 0 ? { knobs } : knob && { knob }),
    proposer,
    ...(standsInFor !== undefined && { standsInFor }),
    changeKey: changeKey(changes),
    addedLines: addedLines(changes),
    sketch: sketchOf(changes),
    ...(changesOnlyConstants(changes) && { constantsOnly: true }),
    usage: facts.usage,
    base,
    head,
    tree,
    rebases: 0,
  }
  session.record(
    [{ kind: 'proposed', candidate }],
    [{ branch: candidateBranch(candidate.id), from: null, to: head }],
  )
  return candidate
}
