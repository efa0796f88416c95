// The `propose` job: opens pull requests for new ideas and says which trials are to be run. It runs no candidate code.
import { waitingCandidates } from '../core/schedule.ts'
import { groupTrials, type TrialBatch } from '../core/trial.ts'
import { readPresentInsights, renewInsightsWhenDue } from './insights.ts'
import { openSession, warnOfAbsentFiles } from './opening.ts'
import { Wishes } from './people.ts'
import { logNothing, nextTurn, type ProposingPorts, proposeCandidate, proposeDueAa } from './proposing.ts'
import type { Ports, Session, SessionSettings } from './session.ts'
import { performSteps } from './steps.ts'

/** @returns the session and the trials to run now, one batch a commit: the matrix of the `train` jobs */
export async function propose(
  ports: Ports & ProposingPorts,
  settings: SessionSettings,
): Promise<{ session: Session; batches: TrialBatch[] }> {
  const session = await openSession(ports, settings)
  await warnOfAbsentFiles(session)
  await performSteps(session)
  await fillQueue(session, ports, session.candidateLimit)
  await performSteps(session)
  await session.flushed()
  session.assertBaselineTrains()
  return { session, batches: groupTrials(session.trials, session.cut) }
}

async function fillQueue(session: Session, ports: ProposingPorts, wanted: number): Promise<void> {
  const proposers = ports.createProposers(session.config.proposers)
  const silent = new Set<number>()
  const wishes = new Wishes(session)
  const { cancelled, log } = session.ports
  await renewInsightsWhenDue(session, ports.insights, proposers, cancelled)
  const insights = await readPresentInsights(ports.insights)
  while (!cancelled.aborted && waitingCandidates(session.state).length < wanted) {
    const limit = session.costLimitReached
    if (limit) return log.info(`No more proposals: ${limit}`)
    if (await proposeDueAa(session)) continue
    const { wish, barred } = await wishes.next(proposers, silent)
    const turn = nextTurn(session, proposers, barred, ports.random, wish)
    if (!turn) return
    const proposed = await proposeCandidate(session, { ...turn, insights }, cancelled)
    if (proposed.kind === 'proposed') continue
    logNothing(log, turn.proposer.name, proposed)
    if (!proposed.declined) silent.add(turn.index)
  }
}
