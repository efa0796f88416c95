// Carries out a candidate's steps on GitHub: open, replay on a moved baseline, merge or close. Every step may be repeated.
import { addedLines } from '../core/gate/lines.ts'
import type { PromotionAction } from '../core/ladder/ladder.ts'
import { conflictVerdict } from '../core/plan/conflict.ts'
import type { Step } from '../core/plan/steps.ts'
import type { DueAnswer } from '../core/propose/requests.ts'
import { type Candidate, candidateBranch, revertedMerge } from '../core/record/candidate.ts'
import type { LedgerEvent } from '../core/record/events.ts'
import { ELSEWHERE, PUSHED, reconcileCandidate } from '../core/record/reconcile.ts'
import type { BaselineCommit } from '../core/record/state.ts'
import { isToBeClosed, isToBeMerged } from '../core/record/status.ts'
import type { Verdict } from '../core/record/verdict.ts'
import { renderAnswer, requestMarker } from '../core/report/answer.ts'
import { endedCheck, startedCheck } from '../core/report/check.ts'
import { describeCandidate, describeVerdict } from '../core/report/describe.ts'
import { renderMergeMessage, renderPullRequest } from '../core/report/pull-request.ts'
import { ForgeError } from '../errors.ts'
import { climb } from './promoting.ts'
import { publish, publishEnds } from './publishing.ts'
import { deletion, deletionsAfter, readPullRequest, reconcileSession } from './reconciling.ts'
import { announce, revert } from './reverting.ts'
import type { Session } from './session.ts'

/** Carries out one step and records what came of it. The ledger is on the remote before anything else is changed. */
export async function performStep(session: Session, step: Step | PromotionAction): Promise<void> {
  await session.flushed()
  if (step.kind === 'open') await open(session, step.candidate)
  else if (step.kind === 'rebase') await rebase(session, step.candidate, step.onto)
  else if (step.kind === 'announce') await announce(session, step.certification)
  else if (step.kind === 'revert') await revert(session, step.undoing)
  else if (step.kind === 'settle') await finish(session, step.candidate)
  else if (step.kind === 'drop') await drop(session, step.candidate)
  else await climb(session, step)
}

/** Reports a request's outcome on its issue, in one comment that is edited later. If GitHub refuses it, it is not retried. */
export async function giveAnswer(session: Session, due: DueAnswer): Promise<void> {
  await session.flushed()
  const { discussion, log } = session.ports
  const { personRequest, issue, answer } = due
  const body = renderAnswer(session.state, due)
  const answered = await discussion?.answer(issue, requestMarker(personRequest.id), body)
  if (answered?.kind === 'refused') log.warn(`Cannot write the answer on #${issue}: ${answered.explanation}`)
  session.record([{ kind: 'answered', request: personRequest.id, answer }])
}

async function open(session: Session, candidate: Candidate): Promise<void> {
  const { forge, repository } = session.ports
  const changes = await repository.changes(candidate.base, candidate.head)
  const { config, state, conditions } = session
  const opened = await forge.openPullRequest({
    branch: candidateBranch(candidate.id),
    head: candidate.head,
    base: config.baseline,
    ...renderPullRequest({ candidate, changes, config, state, conditions }),
    isNew: session.hasCreated(candidateBranch(candidate.id)),
  })
  if (opened.kind === 'impossible') return withdraw(session, candidate, opened.explanation)
  if (opened.kind === 'refused')
    throw new ForgeError(`GitHub refused to open a pull request for ${describeCandidate(candidate)}`, {
      hint: opened.explanation,
    })
  // A revert is not trained: its check comes with its verdict.
  if (revertedMerge(candidate) === undefined)
    await forge.putCheckRun(
      candidate.head,
      startedCheck(candidate, config, session.settings.runUrl),
      session.hasMade(candidate.head),
    )
  session.record([{ kind: 'opened', candidate: candidate.id, pullRequest: opened.number }])
  const numbered = { ...candidate, pullRequest: opened.number }
  session.ports.log.info(`opened ${describeCandidate(numbered)} by ${candidate.proposer}`)
}

/** Ends a candidate for which there can be no pull request: its branch is gone, or the baseline has its change. */
async function withdraw(session: Session, candidate: Candidate, explanation: string): Promise<void> {
  const { commits } = await session.ports.repository.remoteBranches()
  const commit = commits.get(candidateBranch(candidate.id))
  const reason =
    commit === undefined ? 'a person deleted the branch' : `no pull request is possible: ${explanation}`
  const end = { kind: 'withdrawn', reason } as const
  session.record(
    [{ kind: 'ended', candidate: candidate.id, end }],
    commit === candidate.head ? [deletion(candidate)] : [],
  )
}

async function rebase(session: Session, candidate: Candidate, onto: BaselineCommit): Promise<void> {
  const { repository } = session.ports
  if (await followPerson(session, candidate)) return
  const replayed = await repository.rebase(candidate.head, onto.commit, candidateBranch(candidate.id))
  const conflict = conflictVerdict(session.state, session.conditions, candidate, onto)
  const decide = (verdict: Verdict): void => {
    session.record([{ kind: 'judged', candidate: candidate.id, head: candidate.head, verdict }])
    session.ports.log.info(describeVerdict(candidate, verdict))
  }
  const { runs } = conflict
  const reject = (reason: string) => decide({ kind: 'reject', reason, runs })
  if (replayed.kind !== 'rebased' && revertedMerge(candidate) !== undefined)
    return decide({
      kind: 'review',
      reason: replayed.kind === 'forbidden' ? replayed.explanation : conflict.reason,
      runs,
    })
  if (replayed.kind === 'conflict') return decide(conflict)
  if (replayed.kind === 'forbidden') return reject(replayed.explanation)
  if (replayed.tree === (await repository.treeOf(onto.commit)))
    return reject('the baseline already contains this change')
  const { commit: head, tree } = replayed
  const lines = addedLines(await repository.changes(onto.commit, head))
  if (candidate.pullRequest !== undefined) {
    const reason = `the baseline moved: replayed as ${head.slice(0, 7)}`
    await session.ports.forge.putCheckRun(
      candidate.head,
      endedCheck(session.config, reason, session.settings.runUrl),
    )
  }
  session.record(
    [{ kind: 'rebased', candidate: candidate.id, base: onto.commit, head, tree, addedLines: lines }],
    [{ branch: candidateBranch(candidate.id), from: candidate.head, to: head }],
  )
  session.ports.log.info(`replayed ${describeCandidate(candidate)} on ${onto.commit.slice(0, 7)}`)
}

async function finish(session: Session, candidate: Candidate): Promise<void> {
  const { verdict } = candidate
  if (!verdict || candidate.pullRequest === undefined) return
  if (await followPerson(session, candidate)) return
  if (isToBeMerged(candidate) && !(await baselineStands(session, candidate))) return
  await publish(session, candidate, verdict)
  if (isToBeMerged(candidate)) await merge(session, candidate, verdict)
  else if (!isToBeClosed(candidate)) {
    session.ports.log.warn(`#${candidate.pullRequest} waits for a person: ${verdict.reason}`)
    handOver(session, candidate, verdict.reason)
  } else {
    const { state } = await session.ports.forge.close(candidate.pullRequest)
    // A person merged it between our look and our closing.
    if (state === 'merged') return void (await followPerson(session, candidate))
    session.record(
      [{ kind: 'ended', candidate: candidate.id, end: { kind: 'closed' } }],
      [deletion(candidate)],
    )
  }
}

/** Ends a candidate that GitHub never showed. */
async function drop(session: Session, candidate: Candidate): Promise<void> {
  if (await followPerson(session, candidate)) return
  const end = { kind: 'closed' } as const
  session.record([{ kind: 'ended', candidate: candidate.id, end }], [deletion(candidate)])
}

/** If a person closed, merged or pushed to the pull request, that decides: record it. True when something was recorded. */
async function followPerson(session: Session, candidate: Candidate): Promise<boolean> {
  const { commits } = await session.ports.repository.remoteBranches()
  if (candidate.pullRequest === undefined) {
    if (commits.get(candidateBranch(candidate.id)) === candidate.head) return false
    const end = { kind: 'withdrawn', reason: 'a person moved or deleted the branch' } as const
    session.record([{ kind: 'ended', candidate: candidate.id, end }])
    return true
  }
  const pullRequest = await readPullRequest(session.ports, candidate.pullRequest)
  const branchCommit = commits.get(candidateBranch(candidate.id))
  const events = reconcileCandidate(candidate, pullRequest, branchCommit, session.config.baseline)
  if (events.length === 0) return false
  await publishEnds(session, events)
  session.record(events, await deletionsAfter(session, events, commits))
  if (pullRequest.state === 'merged') await reconcileSession(session)
  return true
}

/** GitHub's merge request cannot name the expected base commit, so the baseline is read again just before. */
async function baselineStands(session: Session, candidate: Candidate): Promise<boolean> {
  const remote = await session.ports.repository.remoteBranches()
  if (remote.commits.get(session.config.baseline) === candidate.base) return true
  await reconcileSession(session)
  return false
}

async function merge(session: Session, candidate: Candidate, verdict: Verdict): Promise<void> {
  const { forge, repository } = session.ports
  if (candidate.pullRequest === undefined) return
  // A job that was thought dead, such as on a laptop that slept, must not merge beside the one that took over.
  await session.ports.lease?.renew()
  // Again, because publishing took a while: a person may have merged meanwhile.
  if (!(await baselineStands(session, candidate))) return
  const merged = await forge.merge({
    pullRequest: candidate.pullRequest,
    head: candidate.head,
    base: session.config.baseline,
    ...renderMergeMessage(candidate, verdict, candidate.pullRequest),
  })
  if (merged.kind === 'head-moved') {
    const end = { kind: 'withdrawn', reason: PUSHED } as const
    return session.record([{ kind: 'ended', candidate: candidate.id, end }])
  }
  if (merged.kind === 'refused') {
    // GitHub also refuses if a person closed it in the meantime.
    if (await followPerson(session, candidate)) return
    return hold(session, candidate, verdict, merged.explanation)
  }
  const branch = await mergedInto(session, candidate.base, candidate.pullRequest)
  if (branch !== session.config.baseline) return recordElsewhere(session, candidate, { ...merged, branch })
  if (candidate.refusal !== undefined) {
    const { refusal: _, ...now } = candidate
    await publish(session, now, verdict)
  }
  const tree = await repository.treeOf(merged.commit)
  const asTrained = tree === candidate.tree
  if (!asTrained)
    session.ports.log.warn(
      `#${candidate.pullRequest} merged into a tree that was not trained: the baseline is measured again`,
    )
  session.record(
    [
      { kind: 'ended', candidate: candidate.id, end: { kind: 'merged', commit: merged.commit, asTrained } },
      { kind: 'baseline', commit: merged.commit, tree, cause: 'merged' },
    ],
    [deletion(candidate)],
  )
}

/** The merge request cannot name the expected base branch either, which a person may change up to the last moment. */
async function mergedInto({ ports, config }: Session, base: string, pullRequest: number): Promise<string> {
  const { commits } = await ports.repository.remoteBranches()
  return commits.get(config.baseline) === base ? ports.forge.baseOfMerged(pullRequest) : config.baseline
}

/** The merge does not count: the baseline has not moved, and a person has to decide what becomes of the other branch. */
async function recordElsewhere(
  session: Session,
  candidate: Candidate,
  { commit, branch }: { commit: string; branch: string },
): Promise<void> {
  session.ports.log.warn(
    `#${candidate.pullRequest} was merged into ${branch} instead of ${session.config.baseline}: a person changed its base branch in that moment. To undo it there: git revert ${commit}`,
  )
  const end = { kind: 'withdrawn', reason: ELSEWHERE } as const
  const events: LedgerEvent[] = [{ kind: 'ended', candidate: candidate.id, end }]
  await publishEnds(session, events)
  session.record(events, [deletion(candidate)])
}

/** Says first on the pull request and on its check why GitHub does not merge it. The next job tries again. */
async function hold(session: Session, candidate: Candidate, verdict: Verdict, reason: string): Promise<void> {
  session.holdMerge(candidate.head)
  if (candidate.refusal === reason) return
  session.ports.log.warn(
    `#${candidate.pullRequest} should be merged, but GitHub refuses; the next job tries again. ${reason}`,
  )
  await publish(session, { ...candidate, refusal: reason }, verdict)
  session.record([{ kind: 'refused', candidate: candidate.id, head: candidate.head, reason }])
}

/** Leaves the pull request and its branch to a person. */
function handOver(session: Session, candidate: Candidate, reason: string): void {
  session.record([{ kind: 'ended', candidate: candidate.id, end: { kind: 'handed-over', reason } }])
}
