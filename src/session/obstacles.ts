// Explains what stops a job: a baseline that does not train, a time budget in which no trial fits, a
// certification that is stuck, and trials that earlier jobs lost.
import { certificationFailure } from '../core/certify/certify.ts'
import { promotionFailure } from '../core/ladder/ladder.ts'
import { findBaselineFailure } from '../core/plan/broken-baseline.ts'
import { baselineAdvice, commitsSinceTrained, endOfOutput } from '../core/report/baseline-failure.ts'
import { formatSeconds } from '../core/text/numbers.ts'
import { lostOnMachine } from '../core/trial/lost.ts'
import { BaselineError, ConfigError } from '../errors.ts'
import type { Session } from './session.ts'

/** @throws BaselineError when the baseline cannot be measured */
export function assertBaselineTrains(session: Session): void {
  const { state, conditions, config, settings, trialsBefore } = session
  const failure = findBaselineFailure(state, conditions, trialsBefore)
  if (failure === undefined) return
  const since = commitsSinceTrained(state)
  throw new BaselineError(`${failure.words}${since}${endOfOutput(failure.run)}`, {
    hint: baselineAdvice(failure.run, config, settings.configPath, {
      isFinal: failure.isFinal,
      hasTrained: since !== '',
    }),
  })
}

/** @throws ConfigError when the time budget is too short for any trial */
export function assertTimeForTrial(
  { config, settings }: Session,
  { timeBudgetSeconds, endsWithToken }: { timeBudgetSeconds: number; endsWithToken?: true },
): void {
  const { timeoutSeconds } = config
  if (timeBudgetSeconds >= timeoutSeconds) return
  const [budget, timeout] = [timeBudgetSeconds, timeoutSeconds].map(formatSeconds)
  const timeoutHint = `lower \`timeout\` in ${settings.configPath} on the branch ${config.baseline}.`
  if (endsWithToken)
    throw new ConfigError(
      `nothing can be trained before the token ends in ${budget}, because one trial may take ${timeout}`,
      {
        hint: `An App's token lives one hour. Remove \`token:\` under \`with:\` to use GITHUB_TOKEN, which lives as long as the job, use the template swarm.yml, whose train jobs need no token, or ${timeoutHint}`,
      },
    )
  throw new ConfigError(`nothing can be trained in ${budget}, because one trial may take ${timeout}`, {
    hint: `Raise the input \`time-budget\` and \`timeout-minutes\` of the job, or ${timeoutHint}`,
  })
}

/** @throws BaselineError when certification cannot continue until a person acts */
export function assertCertifiable({ state, certification, config }: Session): void {
  const failure = certificationFailure(state, certification)
  if (failure === undefined) return
  throw new BaselineError(`certification cannot continue: ${failure}`, {
    hint: `Run \`certify.evaluate\`, or the training command, by hand on that commit and fix what fails. A push to ${config.baseline} restarts certification there.`,
  })
}

/** Warns when certification is due and cannot continue. Research continues without it. */
export function warnOfStuckCertification({ state, certification, ports }: Session): void {
  const failure = certificationFailure(state, certification)
  if (failure !== undefined) ports.log.warn(`Certification waits: ${failure}`)
}

/** @throws ConfigError when there is one scale */
export function assertLadder({ config, settings }: Session): void {
  if (config.ladder) return
  throw new ConfigError(`nothing can be promoted, because ${settings.configPath} has one scale`, {
    hint: `Write \`scales\` in ${settings.configPath} on the branch ${config.baseline}; docs/ladder.md shows how.`,
  })
}

/** Warns when a promotion cannot continue until a person acts. Research continues without it. */
export function warnOfStuckPromotions({ state, ladder, ports }: Session): void {
  for (const rung of ladder.rungs) {
    const failure = promotionFailure(state, ladder, rung)
    if (failure !== undefined) ports.log.warn(`Promotion waits: ${failure}`)
  }
}

/** Records the trials during which an earlier job stopped without reporting a result. */
export function recordLostTrials(session: Session): void {
  for (const { run, trials } of lostOnMachine(session.state)) {
    session.ports.log.warn(
      `Workflow run ${run} stopped during trial ${trials.join(', ')} without reporting a result`,
    )
    session.record([{ kind: 'lost', run, trials }])
  }
}
