// The `promote` job: tests the waiting merges at the larger scales on this machine, and promotes those that hold. It can be killed
// at any point; the next run continues.
import type { Trainer } from '../ports/trainer.ts'
import { trainOnly } from '../session/lanes/train-only.ts'
import { assertLadder, recordLostTrials, warnOfStuckPromotions } from '../session/obstacles.ts'
import { openSession } from '../session/opening.ts'
import type { Ports } from '../session/ports.ts'
import type { Session } from '../session/session.ts'
import type { DeviceSummary, RunSettings } from './run.ts'

/**
 * Promotes every merge that waits, however few they are.
 *
 * @throws ConfigError when there is one scale
 */
export async function promote(
  ports: Ports & { trainer: Trainer },
  settings: RunSettings,
): Promise<DeviceSummary> {
  const startSeconds = ports.clock.monotonicSeconds()
  const deadlineSeconds = startSeconds + settings.timeBudgetSeconds
  const session = await openSession(ports, { ...settings, promote: true })
  assertLadder(session)
  recordLostTrials(session)
  const busy = await trainOnly(ports, session, {
    command: 'promote',
    deadlineSeconds,
    plan: () => session.spending.affordable(session.promotionTrials),
  })
  explainRest(session)
  const seconds = ports.clock.monotonicSeconds() - startSeconds
  return { session, times: { seconds, ...busy } }
}

/** Logs why promotion still needs runs. */
function explainRest(session: Session): void {
  const { log, cancelled } = session.ports
  warnOfStuckPromotions(session)
  const missing = session.promotionTrials
  if (cancelled.aborted) return
  if (missing.length === 0) log.info('No merge waits to be promoted')
  else if (session.spending.affordable(missing).length === 0)
    log.info(`Promotion waits: ${session.spending.limitReached}`)
  else log.info('The time budget is used up; the next run continues')
}
