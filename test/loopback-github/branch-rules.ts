/** Which rules hold for a branch, and the words GitHub refuses with; the same rules guard a push and a REST call. */
import { matchesGlob } from 'node:path'

export interface BranchRules {
  noDeletion?: boolean
  noForcePush?: boolean
  requirePullRequest?: boolean
  /** Every commit needs a verified signature: those that GitHub makes itself have one, pushed ones of ours have none. */
  requireSignatures?: boolean
  /** No merge commits. */
  requireLinearHistory?: boolean
  /** Only the merge queue merges. */
  mergeQueue?: boolean
  /** How many people must approve a pull request before it is merged. */
  requiredApprovals?: number
  /** The team or person who owns the code: their approval is needed, whatever a pull request changes. */
  codeOwner?: string
  /** Names of check runs that must have succeeded on a commit before it comes to the branch, by a push or by a merge. */
  requiredChecks?: string[]
}

export interface EffectiveRules extends Required<Omit<BranchRules, 'codeOwner'>> {
  readonly codeOwner: string | undefined
}

const REFUSALS = {
  noDeletion: 'Cannot delete this branch',
  noForcePush: 'Cannot force-push to this branch',
  requirePullRequest: 'Changes must be made through a pull request.',
  mergeQueue: 'Changes must be made through the merge queue',
} as const

export const UNSIGNED = 'Commits must have verified signatures.'
export const NOT_LINEAR = 'This branch must not contain merge commits.'

/** All rules whose pattern (`main`, `autoresearch/*`, `**`) matches the branch, together. None match what is no branch (''). */
export function rulesFor(rules: Readonly<Record<string, BranchRules>>, branch: string): EffectiveRules {
  const matching = Object.entries(rules)
    .filter(([pattern]) => branch !== '' && (pattern === branch || matchesGlob(branch, pattern)))
    .map(([, rule]) => rule)
  const has = (name: keyof BranchRules) => matching.some((rule) => Boolean(rule[name]))
  return {
    noDeletion: has('noDeletion'),
    noForcePush: has('noForcePush'),
    requirePullRequest: has('requirePullRequest'),
    requireSignatures: has('requireSignatures'),
    requireLinearHistory: has('requireLinearHistory'),
    mergeQueue: has('mergeQueue'),
    requiredApprovals: Math.max(0, ...matching.map((rule) => rule.requiredApprovals ?? 0)),
    codeOwner: matching.find((rule) => rule.codeOwner !== undefined)?.codeOwner,
    requiredChecks: matching.flatMap((rule) => rule.requiredChecks ?? []),
  }
}

export interface RefChange {
  readonly kind: 'create' | 'fast-forward' | 'force' | 'delete'
  readonly ref: string
}

/** The broken rules, in GitHub's words; empty when the change is allowed. */
export function ruleViolations(
  rules: Readonly<Record<string, BranchRules>>,
  { kind, ref }: RefChange,
): string[] {
  if (!ref.startsWith('refs/heads/')) return []
  const rule = rulesFor(rules, ref.slice('refs/heads/'.length))
  const broken: string[] = []
  if (kind === 'delete' && rule.noDeletion) broken.push(REFUSALS.noDeletion)
  if (kind === 'force' && rule.noForcePush) broken.push(REFUSALS.noForcePush)
  if (kind !== 'fast-forward' && kind !== 'force') return broken
  if (rule.requirePullRequest || rule.requiredApprovals > 0 || rule.codeOwner !== undefined)
    broken.push(REFUSALS.requirePullRequest)
  if (rule.mergeQueue) broken.push(REFUSALS.mergeQueue)
  return broken
}

/** Why a pull request may not be merged by a call, apart from its checks. */
export function mergeViolations(
  { mergeQueue, requiredApprovals, codeOwner }: EffectiveRules,
  approvals: number,
) {
  return [
    ...(mergeQueue ? [REFUSALS.mergeQueue] : []),
    ...(approvals < requiredApprovals
      ? [`At least ${requiredApprovals} approving review is required by reviewers with write access.`]
      : []),
    ...(codeOwner !== undefined && approvals === 0
      ? [`Waiting on code owner review from ${codeOwner}.`]
      : []),
  ]
}
