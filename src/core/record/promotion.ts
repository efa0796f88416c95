// A promotion as the ledger records it: merges that wait at one scale, tested together at the next.

/** Promotions to one scale are numbered from 1. */
export interface PromotionName {
  scale: string
  number: number
}

/** A merge that is tested at the larger scale. */
export interface StackMember {
  /** Its commit on the baseline branch. */
  merge: string
  /** Posterior of its gain at the small scale, in the metric's unit: mean and standard deviation. */
  gain: number
  deviation: number
  /** A kind of change that often depends on the scale. */
  scaleDependent?: true
}

export interface Promotion extends PromotionName {
  /** Hash of the configuration at this scale. A person who changes it ends the promotion. */
  config: string
  /** The promoted code that it starts from. */
  base: string
  /** In the order in which they were merged. */
  members: readonly StackMember[]
  /** Commits of the baseline that are part of every stack: what people pushed, and reverts of promoted merges. */
  follows: readonly string[]
  /** Merges that do not apply without others that were not promoted. */
  aside: readonly { merge: string; reason: string }[]
}

/** Code to train at the larger scale: the base, what follows, and some members. */
export interface Stack {
  /** The members that were asked for. */
  members: readonly string[]
  /** Those of them that apply without the others; absent when all do. */
  applied?: readonly string[]
  commit: string
  tree: string
}

export interface PromotionOutcome {
  /** The promoted code; absent when nothing holds. */
  promoted?: { commit: string; tree: string }
  /** One sentence for people. */
  reason: string
  /** Probability that the promoted members together gain more than 0. */
  confidence?: number
  /** Expected gain of the promoted members together, in the metric's unit. */
  gain?: number
  /** Standard deviation of one run at this scale, as assumed. */
  sigma: number
  /** What is believed of each member at this scale. */
  members: readonly MemberOutcome[]
  /** All runs, as losses: lower is better. A failed run counts with a loss that is far too high. */
  runs: readonly { members: readonly string[]; losses: readonly number[] }[]
  /** Members that were not promoted are reverted at the first scale, too. */
  undo?: true
}

export interface MemberOutcome {
  merge: string
  promoted: boolean
  /** Expected gain at this scale, in the metric's unit. */
  gain: number
  /** Probability that the gain is above 0. */
  positive: number
}

/** A promotion and what became of it. */
export interface KnownPromotion extends Promotion {
  stacks: readonly Stack[]
  outcome?: PromotionOutcome
  /** GitHub shows it; the pull request if there is one. */
  published?: { pullRequest?: number }
}

export function promotionKey({ scale, number }: PromotionName): string {
  return `${scale}/${number}`
}

/** The stack with these members, if it was built. Members are always in the order of their merges. */
export function stackOf(
  { stacks }: Pick<KnownPromotion, 'stacks'>,
  members: readonly string[],
): Stack | undefined {
  return stacks.find((stack) => stack.members.join() === members.join())
}
