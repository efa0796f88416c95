// Climbing the ladder: when a promotion begins, which code it needs, what runs next at the larger scale, and its outcome.
import { isCertifying } from '../certify/ranges.ts'
import type { Conditions } from '../judge/evidence.ts'
import type { JudgedGuard } from '../judge/policy.ts'
import { type KnownPromotion, type PromotionOutcome, type Stack, stackOf } from '../record/promotion.ts'
import type { State } from '../record/state.ts'
import type { Protocol, Trial } from '../record/trial.ts'
import { formatNumber } from '../text/numbers.ts'
import { explainLoss } from '../trial/lost.ts'
import { trialId, trialSeed } from '../trial/protocol.ts'
import { learnedAt, promotionEvidence } from './evidence.ts'
import { nextPromotionStep, type PromotionPolicy, type PromotionStep } from './promotion.ts'
import { believeGains, type Episode, type TransferBelief } from './transfer.ts'
import { promotionsTo, type Waiting, waitingAt } from './waiting.ts'

/** A scale above the first. */
export interface Rung {
  scale: string
  /** The scale before it, unless that is the first. */
  below: string | undefined
  /** Hash of the configuration at this scale. */
  config: string
  /** Waiting merges that start a promotion. */
  merges: number
  policy: PromotionPolicy
  /** Numbers that merges must not make worse at this scale. */
  guards: readonly JudgedGuard[]
  /** What is promoted to it is published. */
  isPublished: boolean
  /** What does not transfer is reverted at the first scale. */
  undoes: boolean
}

export interface LadderPolicy {
  rungs: readonly Rung[]
  /** Conditions of the research. */
  small: Conditions
}

/** An action on git or GitHub that a promotion needs. */
export type PromotionAction =
  | { kind: 'begin-promotion'; rung: Rung; number: number; waiting: Waiting }
  /** The code with these members does not exist yet. */
  | { kind: 'build-stack'; promotion: KnownPromotion; members: readonly string[] }
  | { kind: 'conclude-promotion'; promotion: KnownPromotion; outcome: PromotionOutcome }
  /** GitHub does not show yet what was promoted. */
  | { kind: 'publish-promotion'; promotion: KnownPromotion }

/** What is due now, most urgent first. */
export function promotionActions(state: State, ladder: LadderPolicy): PromotionAction[] {
  return ladder.rungs.flatMap((rung) => {
    const promotion = activePromotion(state, rung)
    const due = promotion ? advance(state, ladder, rung, promotion) : begin(state, rung)
    return [...publications(state, rung), ...due]
  })
}

/** The promotion that is being decided. One whose configuration a person changed is given up. */
function activePromotion(state: State, rung: Pick<Rung, 'scale' | 'config'>): KnownPromotion | undefined {
  const last = promotionsTo(state, rung.scale).at(-1)
  return last && last.outcome === undefined && last.config === rung.config ? last : undefined
}

/** Waits while certification may still undo merges. */
function begin(state: State, rung: Rung): PromotionAction[] {
  const waiting = waitingAt(state, rung)
  const { length } = waiting.members
  const isDue = length >= rung.merges || (length > 0 && isRequested(state, waiting))
  if (!isDue || isCertifying(state)) return []
  const number = promotionsTo(state, rung.scale).length + 1
  return [{ kind: 'begin-promotion', rung, number, waiting }]
}

function isRequested(state: State, { members: [first] }: Waiting): boolean {
  const place = (commit: string) => state.baselines.findIndex((baseline) => baseline.commit === commit)
  return [...state.promoteRequests].some((commit) => first && place(commit) >= place(first.merge))
}

function advance(
  state: State,
  ladder: LadderPolicy,
  rung: Rung,
  promotion: KnownPromotion,
): PromotionAction[] {
  const decision = decide(state, ladder, rung, promotion)
  if (decision.kind === 'stuck') return []
  const { step } = decision
  if (step.kind !== 'run')
    return [{ kind: 'conclude-promotion', promotion, outcome: concluded(promotion, decision, step, rung) }]
  const missing = step.stacks.find((members) => stackOf(promotion, members) === undefined)
  return missing ? [{ kind: 'build-stack', promotion, members: missing }] : []
}

function publications(state: State, rung: Rung): PromotionAction[] {
  const last = promotionsTo(state, rung.scale).findLast(({ outcome }) => outcome?.promoted)
  return rung.isPublished && last && !last.published ? [{ kind: 'publish-promotion', promotion: last }] : []
}

interface Decision {
  kind: 'next'
  step: PromotionStep
  episode: Episode
  transfer: TransferBelief
  /** What was said of guards that stacks lost. */
  lost: readonly string[]
}

type Decided = Decision | { kind: 'stuck'; reason: string }

function decide(
  state: State,
  { small }: Pick<LadderPolicy, 'small'>,
  { policy, guards }: Rung,
  promotion: KnownPromotion,
): Decided {
  const { episode, stuck, lost } = promotionEvidence(state, promotion, small, guards)
  if (stuck !== undefined) return { kind: 'stuck', reason: stuck }
  const transfer = learnedAt(state, promotion.scale)
  return { kind: 'next', step: stepOnce(episode, transfer, policy), episode, transfer, lost }
}

/** The last answers by what they are based on: the state changes far more often than the runs of a promotion. */
const answers = new Map<string, { transfer: TransferBelief; step: PromotionStep }>()
const MAX_ANSWERS = 8

function stepOnce(episode: Episode, transfer: TransferBelief, policy: PromotionPolicy): PromotionStep {
  const stacks = episode.stacks.map(({ members, losses }) => [[...members], losses])
  const key = JSON.stringify([{ ...episode, stacks }, policy])
  const known = answers.get(key)
  if (known?.transfer === transfer) return known.step
  const step = nextPromotionStep(episode, transfer, policy)
  if (answers.size >= MAX_ANSWERS) answers.clear()
  answers.set(key, { transfer, step })
  return step
}

function concluded(
  promotion: KnownPromotion,
  { episode, transfer, lost }: Decision,
  step: Exclude<PromotionStep, { kind: 'run' }>,
  { undoes }: Pick<Rung, 'undoes'>,
): PromotionOutcome {
  const belief = believeGains(episode, transfer)
  const kept = new Set(step.kind === 'promote' ? step.members : [])
  const stack = step.kind === 'promote' ? stackWith(promotion, step.members) : undefined
  const members = promotion.members.map(({ merge }) => ({
    merge,
    promoted: kept.has(merge),
    gain: belief.expected(new Set([merge])),
    positive: Math.min(1, belief.positive(new Set([merge]))),
  }))
  const runs = episode.stacks
    .filter(({ losses }) => losses.length > 0)
    .map(({ members: applied, losses }) => ({ members: [...applied], losses }))
  const gain = belief.expected(kept)
  const count = runs.reduce((sum, { losses }) => sum + losses.length, 0)
  const words = { promoted: kept.size, of: members.length, runs: count, scale: promotion.scale, gain }
  return {
    ...(stack && { promoted: { commit: stack.commit, tree: stack.tree } }),
    reason: [outcomeWords(words), ...lost.slice(0, 1)].join('; '),
    ...(step.kind === 'promote' && { confidence: Math.min(1, step.confidence), gain }),
    sigma: episode.sigma,
    members,
    runs,
    ...(undoes && { undo: true }),
  }
}

function stackWith({ stacks }: KnownPromotion, members: readonly string[]): Stack | undefined {
  return stacks.find(({ members: asked, applied = asked }) => applied.join() === members.join())
}

interface OutcomeFigures {
  promoted: number
  of: number
  runs: number
  scale: string
  gain: number
}

function outcomeWords({ promoted, of, runs, scale, gain }: OutcomeFigures): string {
  const merges = of === 1 ? '1 merge' : `${of} merges`
  const found = `over ${runs} runs at ${scale}`
  if (promoted === 0) return `${merges} do${of === 1 ? 'es' : ''} not transfer ${found}`
  const what = promoted === of ? merges : `${promoted} of ${merges}`
  return `${what} promoted: expected gain ${formatNumber(gain)} ${found}`
}

/** The runs at larger scales that are worth doing now, each as if nothing was running. None while code is missing or stuck. */
export function planPromotions(state: State, ladder: LadderPolicy): Trial[] {
  return ladder.rungs.flatMap((rung) => {
    const promotion = activePromotion(state, rung)
    if (!promotion || promotionFailure(state, ladder, rung) !== undefined) return []
    return missingRuns(state, ladder, rung, promotion)
  })
}

function missingRuns(state: State, ladder: LadderPolicy, rung: Rung, promotion: KnownPromotion): Trial[] {
  const decision = decide(state, ladder, rung, promotion)
  if (decision.kind === 'stuck' || decision.step.kind !== 'run') return []
  const { scale, number } = promotion
  const protocol: Protocol = { purpose: 'promote', scale, promotion: number }
  const replicates = lastReplicates(state, scale)
  return decision.step.stacks.flatMap((members) => {
    const stack = stackOf(promotion, members)
    if (!stack) return []
    const { commit, tree } = stack
    const replicate = (replicates.get(tree) ?? 0) + 1
    replicates.set(tree, replicate)
    const id = trialId(tree, replicate, protocol)
    const seed = trialSeed(state.rootSeed, tree, replicate, protocol)
    return [{ id, candidate: null, base: commit, head: commit, tree, replicate, seed, protocol }]
  })
}

/** The last replicate of each tree at a scale. The count goes on through all promotions, so that seeds are always new. */
function lastReplicates(state: State, scale: string): Map<string, number> {
  const archived = Object.entries(state.archive.replicates)
  const last = new Map(archived.map(([tree, { promote = 0 }]) => [tree, promote]))
  for (const { trial } of state.trials.values())
    if (trial.protocol.purpose === 'promote' && trial.protocol.scale === scale)
      last.set(trial.tree, Math.max(last.get(trial.tree) ?? 0, trial.replicate))
  return last
}

/** Why the promotion to a scale cannot continue, as a sentence; undefined while it can. */
export function promotionFailure(state: State, ladder: LadderPolicy, rung: Rung): string | undefined {
  const promotion = activePromotion(state, rung)
  if (!promotion) return undefined
  const decision = decide(state, ladder, rung, promotion)
  if (decision.kind === 'stuck')
    return `the promoted code cannot be measured at ${rung.scale}: ${decision.reason}`
  for (const { id, head, replicate } of missingRuns(state, ladder, rung, promotion)) {
    const loss = explainLoss(state, id)
    if (loss !== undefined) return `run ${replicate} of ${head.slice(0, 7)} at ${rung.scale} is ${loss}`
  }
  return undefined
}

/** Requests promotion of all merges so far; no event when it is already requested or there is no larger scale. */
export function requestPromotion(
  state: State,
  { rungs }: Pick<LadderPolicy, 'rungs'>,
): { kind: 'promote'; to: string }[] {
  const isWaiting = rungs.some((rung) => waitingAt(state, rung).members.length > 0)
  return isWaiting && state.baseline ? [{ kind: 'promote', to: state.baseline.commit }] : []
}
