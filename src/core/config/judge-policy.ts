// The only place where fields of the configuration become the judge's policy.
import type { JudgePolicy } from '../judge/policy.ts'
import type { Config } from './config.ts'

type JudgedFields = Pick<
  Config,
  'metric' | 'replicates' | 'mergeRisk' | 'minGain' | 'simplicity' | 'reviewAbove' | 'allowance'
>

export function judgePolicy(config: JudgedFields): JudgePolicy {
  const { metric, replicates, mergeRisk, minGain, simplicity, reviewAbove, allowance } = config
  return {
    direction: metric.direction,
    baselineReplicates: replicates.baseline,
    candidateReplicates: replicates.candidate,
    mergeRisk,
    allowance,
    ...(metric.deterministic && { deterministic: true }),
    ...(minGain && { minGain }),
    ...(simplicity && { simplicity }),
    ...(reviewAbove && { reviewAbove }),
  }
}
