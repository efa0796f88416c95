// Translates a configuration into the rules for planning and deciding on one testbed: which numbers are comparable, how
// candidates are judged, how merges are certified and promoted, and when hopeless trials are cut.
import { certificationConfig, certifyPolicy } from '../certify/certify.ts'
import type { CertifyPolicy } from '../certify/opinion.ts'
import type { Config } from '../config/config.ts'
import { measurementHash } from '../config/measurement.ts'
import { configAt } from '../config/scale.ts'
import { planCut } from '../judge/cutting.ts'
import type { Conditions } from '../judge/evidence.ts'
import { judgedGuards } from '../judge/guards.ts'
import type { JudgePolicy } from '../judge/policy.ts'
import type { LadderPolicy, Rung } from '../ladder/ladder.ts'
import { promotionPolicy } from '../ladder/promotion.ts'
import type { State } from '../record/state.ts'
import type { Protocol, Trial } from '../record/trial.ts'
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

/** How merges climb the ladder; without rungs when there is one scale. */
export function ladderPolicy(config: Config, small: Conditions): LadderPolicy {
  const larger = config.ladder?.larger ?? []
  const rungs = larger.map(({ name, merges, replicates, guards }, index): Rung => {
    const isLast = index === larger.length - 1
    return {
      scale: name,
      below: larger[index - 1]?.name,
      config: measurementHash(configAt(config, name) ?? config),
      merges,
      policy: promotionPolicy(replicates),
      guards: judgedGuards(guards),
      isPublished: isLast && config.promote !== undefined,
      undoes: config.promote?.undo === true,
    }
  })
  return { rungs, small }
}

/** The configuration that trials of a protocol run under; undefined when it has no such scale. */
export function configUnder(config: Config, { purpose, scale }: Protocol): Config | undefined {
  if (purpose === 'promote') return configAt(config, scale)
  return purpose === 'certify' ? certificationConfig(config) : config
}

/** Device time that a trial is expected to take. */
export function deviceSecondsOf(config: Config, { protocol }: Pick<Trial, 'protocol'>): number {
  const { budgetSeconds } = configUnder(config, protocol) ?? config
  const scale = config.ladder?.larger.find(({ name }) => name === protocol.scale)
  return budgetSeconds * (typeof scale?.devicesPerTrial === 'number' ? scale.devicesPerTrial : 1)
}

/** How candidates are judged. */
export function judgePolicy(config: Config): JudgePolicy {
  const { allowance, metric, replicates, mergeRisk, minGain, simplicity, reviewAbove, guards, guardRisk } =
    config
  const judged = judgedGuards(guards)
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
