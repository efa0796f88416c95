// The `certify` job: trains the last certified commit and the newest merge side by side on one GPU machine,
// and publishes the outcome. It can be killed at any point; the next run continues.
import { planCertification } from '../core/certify/certify.ts'
import { isCertifying } from '../core/certify/ranges.ts'
import type { Trainer } from '../ports/trainer.ts'
import { hasForgeWork } from '../session/lanes/forge.ts'
import { trainOnly } from '../session/lanes/train-only.ts'
import { assertCertifiable, assertTimeForTrial, recordLostTrials } from '../session/obstacles.ts'
import { openSession } from '../session/opening.ts'
import type { Ports } from '../session/ports.ts'
import type { Session } from '../session/session.ts'
import type { DeviceSummary, RunSettings } from './run.ts'

/**
 * Certifies every merge that is not certified yet, and reverts those that do not hold.
 *
 * @throws BaselineError when the certified commit cannot be measured any more, or a fresh run is lost repeatedly
 */
export async function certify(
  ports: Ports & { trainer: Trainer },
  settings: RunSettings,
): Promise<DeviceSummary> {
  const startSeconds = ports.clock.monotonicSeconds()
  const deadlineSeconds = startSeconds + settings.timeBudgetSeconds
  const session = await openSession(ports, { ...settings, certify: true })
  recordLostTrials(session)
  assertTimeForTrial(session, settings)
  if (!isCertifying(session.state)) ports.log.info('Every merge is certified already')
  const busy = await trainOnly(ports, session, {
    command: 'certify',
    deadlineSeconds,
    // A revert changes what to certify next.
    plan: () => (hasForgeWork(session) ? [] : session.spending.affordable(missingRuns(session))),
  })
  explainRest(session)
  const seconds = ports.clock.monotonicSeconds() - startSeconds
  return { session, times: { seconds, ...busy } }
}

function missingRuns({ state, certification, running }: Session) {
  return planCertification(state, certification).filter(({ id }) => !running.has(id))
}

/** Logs why certification still needs runs. */
function explainRest(session: Session): void {
  const { log, cancelled } = session.ports
  assertCertifiable(session)
  const missing = missingRuns(session)
  if (missing.length === 0 || cancelled.aborted) return
  if (session.spending.affordable(missing).length === 0)
    log.info(`Certification waits: ${session.spending.limitReached}`)
  else log.info('The time budget is used up; the next run continues')
}
