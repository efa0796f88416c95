// The `propose` job: opens pull requests for new ideas and says which trials are to be run. It runs no candidate code.
import type { ProposerConfig } from '../core/config/config.ts'
import { chooseProposer, waitingCandidates } from '../core/schedule.ts'
import { groupTrials, type TrialBatch } from '../core/trial.ts'
import type { Proposer } from '../ports.ts'
import { Wishes } from './people.ts'
import { proposeCandidate } from './proposing.ts'
import { openSession, type Ports, type Session, type SessionSettings } from './session.ts'
import { performSteps } from './steps.ts'

export interface ProposePorts extends Ports {
  /** The configuration says which proposers there are, and it is only known once the session is open. */
  createProposers(configs: readonly ProposerConfig[]): Proposer[]
}

/** @returns the session and the trials to run now, one batch a commit: the matrix of the `train` jobs */
export async function propose(
  ports: ProposePorts,
  settings: SessionSettings,
): Promise<{ session: Session; batches: TrialBatch[] }> {
  const session = await openSession(ports, settings)
  await performSteps(session)
  const proposers = ports.createProposers(session.config.proposers)
  await fillQueue(session, proposers, session.candidateLimit)
  await performSteps(session)
  await session.flushed()
  session.assertBaselineTrains()
  return { session, batches: groupTrials(session.trials) }
}

async function fillQueue(session: Session, proposers: readonly Proposer[], wanted: number): Promise<void> {
  const silent = new Set<number>()
  const wishes = new Wishes(session)
  const { cancelled, log } = session.ports
  while (!cancelled.aborted && waitingCandidates(session.state).length < wanted) {
    const limit = session.costLimitReached
    if (limit) return log.info(`No more proposals: ${limit}`)
    const { wish, barred } = await wishes.next(proposers, silent)
    const turn = chooseProposer(proposers.length, session.state.asked, barred)
    const proposer = turn === undefined ? undefined : proposers[turn]
    if (turn === undefined || proposer === undefined) return
    const proposed = await proposeCandidate(session, proposer, cancelled, wish)
    if (proposed.kind === 'proposed') continue
    log.info(`${proposer.name} proposed nothing: ${proposed.reason}`)
    if (!proposed.declined) silent.add(turn)
  }
}
