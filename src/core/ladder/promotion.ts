// Decides what to run next at the larger scale, and which merges to promote. The whole stack is tested first; when it does not
// hold, it is split where both sides are equally likely to hold the failure, and the suspects are dropped.
import { believeGains, type Episode, type GainBelief, type TransferBelief } from './transfer.ts'

export interface PromotionPolicy {
  /** Runs of the promoted code and of each tested stack before its first decision. */
  runs: { baseline: number; candidate: number }
  /** Further runs of each end of a stack while the first ones do not decide. */
  moreRuns: number
  /** Maximum runs of one promotion in all. */
  maxTotal: number
  /** Promote when the stack gains more than 0 with this probability. */
  confidence: number
  /** Drop a member of a stack that does not hold when its gain is 0 or less with more than this probability. */
  drop: number
}

/** @param runs before the first decision */
export function promotionPolicy(runs = { baseline: 2, candidate: 2 }): PromotionPolicy {
  const maxTotal = 12 * Math.max(runs.baseline, runs.candidate)
  return { runs, moreRuns: 1, maxTotal, confidence: 0.95, drop: 0.3 }
}

const PROMOTION = promotionPolicy()

export type PromotionStep =
  /** Run the promoted code with these members applied, each once, in this order. A later entry may be equal to an earlier one. */
  | { kind: 'run'; stacks: readonly (readonly string[])[] }
  | { kind: 'promote'; members: readonly string[]; dropped: readonly string[]; confidence: number }
  /** Nothing holds. */
  | { kind: 'refuse'; dropped: readonly string[] }

/** What an episode needs next. The same runs always give the same answer. */
export function nextPromotionStep(
  episode: Episode,
  transfer: TransferBelief,
  policy: PromotionPolicy = PROMOTION,
): PromotionStep {
  const belief = believeGains(episode, transfer)
  const all = episode.members.map(({ id }) => id)
  const whole = testStack(episode, belief, all, policy)
  if (whole.kind !== 'fails') return whole.step
  const suspects = all.filter((id) => 1 - belief.positive(new Set([id])) > policy.drop)
  const kept = applicable(
    episode,
    all.filter((id) => !suspects.includes(id)),
  )
  const dropped = all.filter((id) => !kept.includes(id))
  const isSpent = totalRuns(episode) >= policy.maxTotal
  if (!isSpent) {
    const split = informedSplit(episode, belief, all, policy)
    const isFound = kept.length > 0 && belief.positive(new Set(kept)) >= policy.confidence
    const mayNarrow = dropped.length > 1 && totalRuns(episode) < policy.maxTotal / 2
    if (split && (!isFound || mayNarrow)) return split
    const rest = kept.length === 0 ? undefined : testStack(episode, belief, kept, policy)
    if (rest && rest.kind !== 'fails') return withDropped(rest.step, dropped)
    if (split) return split
  }
  return bestMeasured(episode, belief, policy)
}

type Tested = { kind: 'continues'; step: PromotionStep } | { kind: 'fails' }

/** Runs both ends of a stack in turn until it holds or has had all its runs. */
function testStack(
  episode: Episode,
  belief: GainBelief,
  members: readonly string[],
  { runs, moreRuns, confidence }: PromotionPolicy,
): Tested {
  const missing = (more: number) =>
    inTurn(
      { members: [], count: runs.baseline + more - runsOf(episode, []) },
      { members, count: runs.candidate + more - runsOf(episode, members) },
    )
  const first = missing(0)
  if (first.length > 0) return { kind: 'continues', step: { kind: 'run', stacks: first } }
  const chance = belief.positive(new Set(members))
  if (chance >= confidence)
    return { kind: 'continues', step: { kind: 'promote', members, dropped: [], confidence: chance } }
  const [next] = missing(moreRuns)
  return next ? { kind: 'continues', step: { kind: 'run', stacks: [next] } } : { kind: 'fails' }
}

interface MissingRuns {
  members: readonly string[]
  count: number
}

/** Alternates, so that drift affects both ends equally; begins with the end that lacks more. */
function inTurn(one: MissingRuns, other: MissingRuns): (readonly string[])[] {
  const [long, short] = one.count >= other.count ? [one, other] : [other, one]
  return Array.from({ length: Math.max(0, long.count) }, (_, index) =>
    index < short.count ? [long.members, short.members] : [long.members],
  ).flat()
}

/**
 * Runs of the first members of the stack, up to the point at which the failure is equally likely on both sides; undefined when
 * every place between two members was measured.
 */
function informedSplit(
  episode: Episode,
  belief: GainBelief,
  stack: readonly string[],
  { runs }: PromotionPolicy,
): PromotionStep | undefined {
  const lacking = (count: number) => runs.candidate - runsOf(episode, stack.slice(0, count))
  const isMeasured = (count: number) => lacking(count) <= 0
  const runFirst = (count: number): PromotionStep => ({
    kind: 'run',
    stacks: Array.from({ length: lacking(count) }, () => stack.slice(0, count)),
  })
  const half = Array.from({ length: stack.length }, (_, index) => index).find(
    (count) => count > 0 && runsOf(episode, stack.slice(0, count)) > 0 && !isMeasured(count),
  )
  if (half !== undefined) return runFirst(half)
  const doubt = stack.map((id) => 1 - belief.positive(new Set([id])))
  const bounds = [0, ...[...stack.keys()].filter((count) => count > 0 && isMeasured(count)), stack.length]
  const segments = bounds.slice(1).map((to, index) => {
    const from = bounds[index] ?? 0
    return { from, to, mass: doubt.slice(from, to).reduce((sum, one) => sum + one, 0) }
  })
  const [worst] = segments.filter(({ from, to }) => to - from > 1).sort((a, b) => b.mass - a.mass)
  if (!worst) return undefined
  let mass = 0
  for (let count = worst.from + 1; count < worst.to; count++) {
    mass += doubt[count - 1] ?? 0
    if (mass >= worst.mass / 2 || count === worst.to - 1) return runFirst(count)
  }
  return undefined
}

/** The measured stack with the highest expected gain among those that hold. */
function bestMeasured(
  episode: Episode,
  belief: GainBelief,
  { runs, confidence }: PromotionPolicy,
): PromotionStep {
  const all = episode.members.map(({ id }) => id)
  const holding = episode.stacks
    .filter(({ members, losses }) => members.size > 0 && losses.length >= runs.candidate)
    .filter(({ members }) => belief.positive(members) >= confidence)
    .sort((a, b) => belief.expected(b.members) - belief.expected(a.members))
  const [best] = holding
  if (!best) return { kind: 'refuse', dropped: all }
  const members = all.filter((id) => best.members.has(id))
  const dropped = all.filter((id) => !best.members.has(id))
  return { kind: 'promote', members, dropped, confidence: belief.positive(best.members) }
}

/** Without the members that do not apply when the others are left out. */
function applicable({ inseparable = [] }: Episode, members: readonly string[]): readonly string[] {
  return inseparable.find(({ asked }) => asked.join() === members.join())?.applied ?? members
}

function withDropped(step: PromotionStep, dropped: readonly string[]): PromotionStep {
  return step.kind === 'promote' ? { ...step, dropped } : step
}

function runsOf({ stacks }: Episode, members: readonly string[]): number {
  const wanted = new Set(members)
  return stacks
    .filter(({ members: applied }) => applied.size === wanted.size && members.every((id) => applied.has(id)))
    .reduce((sum, { losses }) => sum + losses.length, 0)
}

function totalRuns({ stacks }: Episode): number {
  return stacks.reduce((sum, { losses }) => sum + losses.length, 0)
}
