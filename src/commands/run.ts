// The `run` job: the whole loop on one GPU machine, which proposes, trains, judges and merges.
import { queueDepth } from '../core/plan/queue.ts'
import type { RunTimes } from '../core/report/tally.ts'
import type { Trainer } from '../ports/trainer.ts'
import { hasForgeWork } from '../session/lanes/forge.ts'
import { PlannedTrials } from '../session/lanes/planned-trials.ts'
import { ProposeLane } from '../session/lanes/propose.ts'
import { LanesSideBySide } from '../session/lanes/side-by-side.ts'
import { trainLanes } from '../session/lanes/train.ts'
import {
  assertBaselineTrains,
  assertTimeForTrial,
  recordLostTrials,
  warnOfStuckCertification,
  warnOfStuckPromotions,
} from '../session/obstacles.ts'
import { openSession, warnOfAbsentFiles } from '../session/opening.ts'
import type { Ports } from '../session/ports.ts'
import type { ProposingPorts } from '../session/proposing.ts'
import type { Session } from '../session/session.ts'
import type { SessionSettings } from '../session/settings.ts'

export interface RunPorts extends Ports, ProposingPorts {
  trainer: Trainer
}

export interface RunSettings extends SessionSettings {
  /** Wall time by which every trial must have ended, in seconds. */
  timeBudgetSeconds: number
  /** Set when it is the token that ends then. */
  endsWithToken?: true
}

export interface DeviceSummary {
  session: Session
  times: RunTimes
}

export interface RunSummary extends DeviceSummary {
  proposing: ProposeLane
}

/**
 * Proposes, trains, judges and merges until the time budget, the candidate limit or the cost limit is reached and every
 * candidate that was started is decided.
 */
export async function run(ports: RunPorts, settings: RunSettings): Promise<RunSummary> {
  const startSeconds = ports.clock.monotonicSeconds()
  const deadlineSeconds = startSeconds + settings.timeBudgetSeconds
  const session = await openSession(ports, settings)
  recordLostTrials(session)
  assertTimeForTrial(session, settings)
  await warnOfAbsentFiles(session)
  const lanes = new LanesSideBySide(session)
  const { signal } = lanes
  const proposing = new ProposeLane(session, ports, {
    queueDepth: queueDepth(ports.trainer.slots),
    job: 'run',
    isIdle: () => !trials.isBusy && !hasForgeWork(session),
    signal,
  })
  const trials = new PlannedTrials(session, {
    command: 'run',
    deadlineSeconds,
    plan() {
      assertBaselineTrains(session)
      return session.trials
    },
    mayGrow: () => lanes.isProposing || hasForgeWork(session),
    prepare: () => session.replayAhead(),
  })
  const ended = await lanes.run(
    deadlineSeconds,
    () => trainLanes(ports, trials, signal),
    () => proposing.run(),
  )
  ports.log.info(`No more proposals: ${ended}`)
  proposing.outcomes.warnOfFailures()
  warnOfStuckCertification(session)
  warnOfStuckPromotions(session)
  const seconds = ports.clock.monotonicSeconds() - startSeconds
  return { session, times: { seconds, ...trials.times, devices: ports.trainer.slots }, proposing }
}
