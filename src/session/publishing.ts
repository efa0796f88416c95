// Shows on GitHub how a candidate was decided or ended: its check run and its comment. May be repeated.
import { evidenceFor } from '../core/judge/evidence.ts'
import type { MeasuredEvidence } from '../core/judge/judge.ts'
import { type Candidate, revertedMerge } from '../core/record/candidate.ts'
import { summariseCost } from '../core/record/cost.ts'
import type { LedgerEvent } from '../core/record/events.ts'
import { refutationOf } from '../core/record/merges.ts'
import type { Verdict } from '../core/record/verdict.ts'
import { revertCheck } from '../core/report/certification-check.ts'
import { concludedCheck, endedCheck } from '../core/report/check.ts'
import { candidateMarker, renderComment, renderEndComment } from '../core/report/comment.ts'
import type { Session } from './session.ts'

/** Shows the verdict on the check run and in the comment. */
export async function publish(session: Session, candidate: Candidate, verdict: Verdict): Promise<void> {
  const { forge } = session.ports
  const { config, settings } = session
  const merge = revertedMerge(candidate)
  const certification = merge && refutationOf(session.state, merge)
  if (certification) {
    const facts = { verdict, certification, state: session.state, config }
    return forge.putCheckRun(candidate.head, revertCheck(facts, settings.runUrl))
  }
  const evidence = judgedEvidence(session, candidate, verdict)
  const facts = { candidate, verdict, evidence, config }
  await forge.putCheckRun(candidate.head, concludedCheck(facts, settings.runUrl))
  const comment = renderComment({ ...facts, cost: summariseCost(session.state) })
  if (candidate.pullRequest !== undefined)
    await forge.putComment(candidate.pullRequest, candidateMarker(candidate.id), comment)
}

/**
 * The runs that the verdict is based on. An accepted candidate may have been trained further since, as the next baseline or on
 * other machines.
 */
function judgedEvidence(
  { state, conditions }: Session,
  candidate: Candidate,
  verdict: Verdict,
): MeasuredEvidence {
  const { testbed = conditions.testbed } = verdict
  const evidence = evidenceFor(state, { ...conditions, testbed }, candidate)
  return { ...evidence, candidate: evidence.candidate.slice(0, verdict.runs.candidate) }
}

/** Shows on GitHub what these events say about candidates that ended there before their verdict was published. */
export async function publishEnds(session: Session, events: readonly LedgerEvent[]): Promise<void> {
  for (const event of events) {
    if (event.kind !== 'ended') continue
    const known = session.state.candidates.get(event.candidate)
    const opened = events.find((one) => one.kind === 'opened' && one.candidate === event.candidate)
    const pullRequest = opened?.kind === 'opened' ? opened.pullRequest : known?.pullRequest
    if (known && pullRequest !== undefined) await publishEnd(session, { ...known, pullRequest }, event.end)
  }
}

async function publishEnd(
  session: Session,
  candidate: Candidate & { pullRequest: number },
  end: Extract<LedgerEvent, { kind: 'ended' }>['end'],
): Promise<void> {
  const { forge } = session.ports
  const { refusal: _, ...ended } = candidate
  if (candidate.verdict && end.kind !== 'withdrawn') return publish(session, ended, candidate.verdict)
  const reason = 'reason' in end ? end.reason : 'a person merged the pull request'
  await forge.putCheckRun(candidate.head, endedCheck(session.config, reason, session.settings.runUrl))
  const body = renderEndComment(candidate, reason)
  await forge.putComment(candidate.pullRequest, candidateMarker(candidate.id), body)
}
