// Certification on one GPU machine: trains both ends of what was merged since the last certified commit side by side, and
// settles what comes of it. Killed anywhere and started again, it goes on where it was.

import { certificationFailure, planCertification } from '../core/certify/certify.ts'
import { isCertifying } from '../core/certify/stretch.ts'
import { describeTrial } from '../core/report/describe.ts'
import { BaselineError } from '../errors.ts'
import type { Trainer } from '../ports.ts'
import { openSession } from '../session/opening.ts'
import type { Ports, Session } from '../session/session.ts'
import { performSteps } from '../session/steps.ts'
import type { DeviceSummary, RunSettings } from './run.ts'

/**
 * Certifies every merge that is not certified yet, and undoes those that do not hold.
 *
 * @throws BaselineError when the last certified commit cannot be measured any more
 */
export async function certify(
  ports: Ports & { trainer: Trainer },
  settings: RunSettings,
): Promise<DeviceSummary> {
  const begunSeconds = ports.clock.monotonicSeconds()
  const session = await openSession(ports, { ...settings, certify: true })
  session.assertTimeForTrial(settings.timeBudgetSeconds)
  if (!isCertifying(session.state)) ports.log.info('Every merge is certified already')
  const busySeconds = await trainAll(session, ports.trainer, begunSeconds + settings.timeBudgetSeconds)
  await session.flushed()
  const seconds = ports.clock.monotonicSeconds() - begunSeconds
  return { session, times: { seconds, trainingSeconds: busySeconds, busySeconds } }
}

/** @returns how long the device trained */
async function trainAll(session: Session, trainer: Trainer, deadlineSeconds: number): Promise<number> {
  const { clock, log, cancelled } = session.ports
  let busySeconds = 0
  for (;;) {
    await performSteps(session)
    assertCertifiable(session)
    const planned = planCertification(session.state, session.certification)
    const [trial] = session.affordable(planned)
    if (cancelled.aborted || planned.length === 0) return busySeconds
    if (!trial) {
      log.info(`Certification waits: ${session.costLimitReached}`)
      return busySeconds
    }
    if (clock.monotonicSeconds() + session.config.timeoutSeconds > deadlineSeconds) {
      log.info('The time budget is used up; the next run goes on')
      return busySeconds
    }
    const result = await trainer.run(trial, cancelled)
    if (cancelled.aborted) return busySeconds
    busySeconds += result.deviceSeconds
    log.info(describeTrial(result))
    session.record([{ kind: 'trial', result }])
  }
}

function assertCertifiable(session: Session): void {
  const failure = certificationFailure(session.state, session.certification)
  if (failure === undefined) return
  throw new BaselineError(`the last certified commit cannot be measured: ${failure}`, {
    hint: 'Run `certify.evaluate`, or the training command, on the baseline branch by hand and mend it there.',
  })
}
