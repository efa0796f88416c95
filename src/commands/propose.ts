// The `propose` job: opens pull requests for new ideas and says which trials are to be run. It runs no candidate code.

import { waitingCandidates } from '../core/plan/schedule.ts'
import { groupTrials, type TrialBatch } from '../core/trial/batch.ts'
import { proposeDueAa } from '../session/candidates.ts'
import { readPresentInsights, renewInsightsWhenDue } from '../session/insights.ts'
import { openSession, warnOfAbsentFiles } from '../session/opening.ts'
import { Wishes } from '../session/people.ts'
import { logNothing, nextTurn, type ProposingPorts, proposeCandidate } from '../session/proposing.ts'
import { Refusals } from '../session/refusals.ts'
import type { Ports, Session, SessionSettings } from '../session/session.ts'
import { performSteps } from '../session/steps.ts'

export interface ProposeSettings extends SessionSettings {
  /** Wall time after which nobody is asked any more, in seconds: what was proposed by then is to be trained. */
  timeBudgetSeconds: number
}

/** @returns the session and the trials to run now, one batch a commit: the matrix of the `train` jobs */
export async function propose(
  ports: Ports & ProposingPorts,
  settings: ProposeSettings,
): Promise<{ session: Session; batches: TrialBatch[] }> {
  const late = new AbortController()
  const ended = new AbortController()
  const signal = AbortSignal.any([ports.cancelled, late.signal])
  void ports.clock.pause(settings.timeBudgetSeconds, ended.signal).then(() => late.abort())
  const session = await openSession(ports, settings)
  await warnOfAbsentFiles(session)
  await performSteps(session)
  const refusals = await fillQueue(session, ports, session.candidateLimit, signal)
  ended.abort()
  await performSteps(session)
  await session.flushed()
  session.assertBaselineTrains()
  const batches = groupTrials(session.trials, session.cut)
  // Where there is something to train, that comes first.
  if (batches.length === 0) refusals.assertSomeoneAnswers(session.config.proposers)
  session.take(
    'propose',
    batches.flatMap(({ trials }) => trials),
  )
  await session.flushed()
  return { session, batches }
}

async function fillQueue(
  session: Session,
  ports: ProposingPorts,
  wanted: number,
  signal: AbortSignal,
): Promise<Refusals> {
  const proposers = ports.createProposers(session.config.proposers)
  const silent = new Set<number>()
  const refusals = new Refusals()
  const wishes = new Wishes(session)
  const { log } = session.ports
  await renewInsightsWhenDue(session, ports.insights, proposers, signal)
  const insights = await readPresentInsights(ports.insights)
  while (waitingCandidates(session.state).length < wanted) {
    const limit = signal.aborted ? 'the time budget is used up' : session.costLimitReached
    if (limit) {
      log.info(`No more proposals: ${limit}`)
      break
    }
    if (await proposeDueAa(session)) continue
    const { wish, barred } = await wishes.next(proposers, silent)
    const turn = nextTurn(session, proposers, barred, ports.random, wish)
    if (!turn) break
    const proposed = await proposeCandidate(session, { ...turn, insights }, signal)
    refusals.hear(turn, proposed)
    if (proposed.kind === 'proposed') continue
    logNothing(log, turn.proposer.name, proposed)
    if (!proposed.declined) silent.add(turn.index)
  }
  return refusals
}
