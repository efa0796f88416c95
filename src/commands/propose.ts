// The `propose` job: opens pull requests for new ideas and lists the trials to run. It runs no candidate code.
import type { TrialBatch } from '../core/trial/batch.ts'
import { forgeLane } from '../session/lanes/forge.ts'
import { ProposeLane } from '../session/lanes/propose.ts'
import { assertBaselineTrains } from '../session/obstacles.ts'
import { openSession, warnOfAbsentFiles } from '../session/opening.ts'
import type { Ports } from '../session/ports.ts'
import type { ProposingPorts } from '../session/proposing.ts'
import type { Session } from '../session/session.ts'
import type { SessionSettings } from '../session/settings.ts'

export interface ProposeSettings extends SessionSettings {
  /** Wall time after which no proposer is queried, in seconds. What was proposed by then is trained. */
  timeBudgetSeconds: number
}

/** @returns the session and the trials to run now, in batches: the matrix of the `train` jobs */
export async function propose(
  ports: Ports & ProposingPorts,
  settings: ProposeSettings,
): Promise<{ session: Session; batches: TrialBatch[]; proposing: ProposeLane }> {
  const late = new AbortController()
  const ended = new AbortController()
  const signal = AbortSignal.any([ports.cancelled, late.signal])
  void ports.clock.pause(settings.timeBudgetSeconds, ended.signal).then(() => late.abort())
  const session = await openSession(ports, settings)
  await warnOfAbsentFiles(session)
  await forgeLane(session)
  const { waiting: queueDepth } = session.config.limits
  const proposing = new ProposeLane(session, ports, { queueDepth, job: 'round', isIdle: () => true, signal })
  ports.log.info(`No more proposals: ${await proposing.run()}`)
  proposing.outcomes.warnOfFailures()
  ended.abort()
  await forgeLane(session)
  await session.flushed()
  assertBaselineTrains(session)
  const { batches } = session
  session.recordAssignment('propose', batches)
  await session.flushed()
  return { session, batches, proposing }
}
