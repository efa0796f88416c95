// What the runs of a promotion tell: the episode that is decided on, and what earlier promotions taught.
import { creditsOf, withinCredits } from '../judge/credits.ts'
import { type Conditions, noiseSigma } from '../judge/evidence.ts'
import { explainLostGuard, guardValues } from '../judge/guards.ts'
import type { JudgedGuard } from '../judge/policy.ts'
import type { KnownPromotion, Promotion } from '../record/promotion.ts'
import type { State } from '../record/state.ts'
import type { TrialResult } from '../record/trial.ts'
import { estimateNoise, mean, type Noise } from '../statistics/noise.ts'
import {
  type Episode,
  learnTransfer,
  type Member,
  type StackRuns,
  type TransferBelief,
  typicalGain,
  UNTESTED,
} from './transfer.ts'
import { promotionsTo } from './waiting.ts'

/** Runs of the promoted code that fail before its own failure counts as final. */
const MAX_BASE_FAILURES = 2
/** The noise of the small scale counts as much as so many degrees of freedom at the larger one. */
const PRIOR_DEGREES = 2
/** Runs of both ends before a guard is compared. */
const MIN_GUARD_RUNS = 2
/** A failed run is as bad as losing this many typical gains. */
const FAILED_GAINS = 10
/** Least noise, in typical gains: the calculation needs some. */
const LEAST_SIGMA = 1e-3

export interface PromotionEvidence {
  episode: Episode
  /** Why the promoted code cannot be measured at this scale. */
  stuck?: string
  /** Why stacks lost a guard. Their runs count as failed. */
  lost: readonly string[]
}

/**
 * @param small conditions of the research, whose noise is the best guess before the first runs
 * @param guards at this scale
 */
export function promotionEvidence(
  state: State,
  promotion: KnownPromotion,
  small: Conditions,
  guards: readonly JudgedGuard[] = [],
): PromotionEvidence {
  const runs = runsOf(state, promotion)
  const baseTree = promotion.stacks.find(({ members, applied = members }) => applied.length === 0)?.tree
  const credits = creditsOf(runs.filter(({ trial }) => trial.tree === baseTree))
  const results = runs.map((run) => withinCredits(run, credits))
  const byTree = Map.groupBy(results, ({ trial }) => trial.tree)
  const sign = small.direction === 'minimize' ? 1 : -1
  const lossesIn = (runs: readonly TrialResult[]) =>
    runs.flatMap(({ value }) => (value === undefined ? [] : [sign * value]))
  const members = promotion.members.map(toMember)
  const groups = Map.groupBy(promotion.stacks, ({ members: asked, applied = asked }) => applied.join())
  const measured = [...groups.values()].map(([stack]) => {
    const { members: asked = [], applied = asked, tree = '' } = stack ?? {}
    const runs = byTree.get(tree) ?? []
    return { applied, runs, losses: lossesIn(runs), failed: runs.filter(({ value }) => value === undefined) }
  })
  const before = byTree.get(baseTree ?? '') ?? []
  const sigmaOf = guardNoise(state, [...byTree.values()], small)
  const lostBy = (after: readonly TrialResult[], merges: number) =>
    merges > 0 && Math.min(before.length, after.length) >= MIN_GUARD_RUNS
      ? explainLostGuard(guards, { before, after, merges }, sigmaOf)
      : undefined
  const sigma = sigmaAt(state, promotion, small, members)
  const worst = Math.max(...measured.flatMap(({ losses }) => losses), Number.NEGATIVE_INFINITY)
  const penalty = (Number.isFinite(worst) ? worst : 0) + FAILED_GAINS * typicalGain(members, sigma)
  const lost: string[] = []
  const stacks = measured.map(({ applied, runs, losses, failed }): StackRuns => {
    const reason = lostBy(runs, applied.length)
    if (reason !== undefined) lost.push(reason)
    const failures = applied.length === 0 ? [] : failed.map(() => penalty)
    const counted = reason === undefined ? losses : losses.map(() => penalty)
    return { members: new Set(applied), losses: [...counted, ...failures] }
  })
  const inseparable = promotion.stacks.flatMap(({ members: asked, applied }) =>
    applied ? [{ asked, applied }] : [],
  )
  const base = measured.find(({ applied }) => applied.length === 0)
  const last = base?.failed.at(-1)
  const isStuck = base && base.losses.length === 0 && base.failed.length >= MAX_BASE_FAILURES
  return {
    episode: { members, stacks, sigma, inseparable },
    lost,
    ...(isStuck && {
      stuck: `${base.failed.length} runs ended ${last?.outcome}: ${last?.reason ?? 'no reason known'}`,
    }),
  }
}

/** The noise of guards at this scale, and at the first one while nothing ran twice here. */
function guardNoise(state: State, groups: readonly (readonly TrialResult[])[], small: Conditions) {
  return ({ name, direction }: JudgedGuard): number | undefined => {
    const values = groups.map((runs) => guardValues(runs, { name }))
    return estimateNoise(values)?.sigma ?? noiseSigma(state, { ...small, direction, guard: name })
  }
}

/** The runs of a promotion on the testbed that has most of them. */
function runsOf(state: State, promotion: Promotion): TrialResult[] {
  const all = [...state.trials.values()].filter(({ trial: { protocol }, config }) => {
    const isThere = protocol.purpose === 'promote' && protocol.scale === promotion.scale
    return isThere && protocol.promotion === promotion.number && config === promotion.config
  })
  const byTestbed = [...Map.groupBy(all, ({ testbed }) => testbed).values()]
  return byTestbed.sort((one, other) => other.length - one.length)[0] ?? []
}

/** The noise of one run at this scale, over all promotions to it on the same testbed. */
function sigmaAt(state: State, promotion: Promotion, small: Conditions, members: readonly Member[]): number {
  const testbed = runsOf(state, promotion)[0]?.testbed
  const alike = [...state.trials.values()].filter(
    ({ trial: { protocol }, ...result }) =>
      protocol.purpose === 'promote' &&
      protocol.scale === promotion.scale &&
      result.config === promotion.config &&
      result.testbed === testbed,
  )
  const groups = [...Map.groupBy(alike, ({ trial }) => trial.tree).values()]
  const guess = noiseSigma(state, small)
  const noise = estimateNoise(groups.map((runs) => runs.flatMap(({ value }) => value ?? [])))
  const typical = Math.sqrt(mean(members.map(({ gain }) => gain.mean ** 2)))
  const sigma = noise && guess !== undefined ? pooled(noise, guess) : (noise?.sigma ?? guess ?? typical)
  return Math.max(sigma, LEAST_SIGMA * typical, Number.EPSILON)
}

function pooled({ sigma, degreesOfFreedom }: Noise, guess: number): number {
  const squares = degreesOfFreedom * sigma ** 2 + PRIOR_DEGREES * guess ** 2
  return Math.sqrt(squares / (degreesOfFreedom + PRIOR_DEGREES))
}

/** What the decided promotions to a scale taught about how gains carry over. */
export function learnedAt(state: State, scale: string): TransferBelief {
  return promotionsTo(state, scale).reduce(
    (belief, { members, outcome }) =>
      outcome === undefined
        ? belief
        : learnOnce(
            belief,
            {
              members: members.map(toMember),
              stacks: outcome.runs.map(({ members: applied, losses }) => ({
                members: new Set(applied),
                losses,
              })),
              sigma: outcome.sigma,
            },
            outcome,
          ),
    UNTESTED,
  )
}

/** Outcomes never change, so what one taught on top of a belief is worked out once. */
const learned = new WeakMap<object, { before: TransferBelief; after: TransferBelief }>()

function learnOnce(before: TransferBelief, episode: Episode, outcome: object): TransferBelief {
  const known = learned.get(outcome)
  if (known?.before === before) return known.after
  const after = learnTransfer(before, episode)
  learned.set(outcome, { before, after })
  return after
}

function toMember({ merge, gain, deviation, scaleDependent }: Promotion['members'][number]): Member {
  return {
    id: merge,
    gain: { mean: gain, variance: deviation ** 2 },
    isScaleDependent: scaleDependent === true,
  }
}
