// Translates a configuration into the rules for planning and deciding on one testbed: which numbers are comparable, how
// candidates are judged, how merges are certified, and when hopeless trials are cut.
import { certifyPolicy } from '../certify/certify.ts'
import type { CertifyPolicy } from '../certify/opinion.ts'
import type { Config } from '../config/config.ts'
import { measurementHash } from '../config/measurement.ts'
import { planCut } from '../judge/cutting.ts'
import type { Conditions } from '../judge/evidence.ts'
import type { JudgePolicy } from '../judge/policy.ts'
import type { State } from '../record/state.ts'
import type { CutPlan } from '../trial/curve.ts'

export interface Rules {
  conditions: Conditions
  policy: JudgePolicy
  certification: CertifyPolicy
}

/** @param testbed the testbed whose results count; undefined for all, or before the first trial */
export function rulesOf(config: Config, testbed: string | undefined): Rules {
  const { allowance, metric } = config
  const { direction } = metric
  return {
    conditions: { config: measurementHash(config), testbed, direction, allowance },
    policy: judgePolicy(config),
    certification: certifyPolicy(config, testbed),
  }
}

/** How candidates are judged. */
export function judgePolicy(config: Config): JudgePolicy {
  const { allowance, metric, replicates, mergeRisk, minGain, simplicity, reviewAbove, guards, guardRisk } =
    config
  const judged = guards.flatMap(({ name, direction, margin }) =>
    margin ? [{ name, direction, margin }] : [],
  )
  return {
    direction: metric.direction,
    baselineReplicates: replicates.baseline,
    candidateReplicates: replicates.candidate,
    mergeRisk,
    allowance,
    ...(metric.deterministic && { deterministic: true }),
    ...(minGain && { minGain }),
    ...(simplicity && { simplicity }),
    ...(judged.length > 0 && { guards: judged, guardRisk }),
    ...(reviewAbove && { reviewAbove }),
  }
}

/** When to stop first runs of candidates early; undefined when the configuration disables this. */
export function cutPlan(
  state: State,
  { cutBelow: chance }: Config,
  { conditions, policy }: Rules,
): CutPlan | undefined {
  return chance === undefined ? undefined : planCut(state, conditions, { ...policy, chance })
}
