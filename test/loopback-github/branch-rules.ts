/** Which rules hold for a branch, and the words GitHub refuses with; the same rules guard a push and a REST call. */
import { matchesGlob } from 'node:path'

export interface BranchRules {
  noDeletion?: boolean
  noForcePush?: boolean
  requirePullRequest?: boolean
  /** Names of check runs that must have succeeded on the head of a pull request before it is merged. */
  requiredChecks?: string[]
}

export interface EffectiveRules extends Required<BranchRules> {}

const REFUSALS = {
  noDeletion: 'Cannot delete this branch',
  noForcePush: 'Cannot force-push to this branch',
  requirePullRequest: 'Changes must be made through a pull request.',
} as const

/** All rules whose pattern (`main`, `autoresearch/*`, `**`) matches the branch, together. */
export function rulesFor(rules: Readonly<Record<string, BranchRules>>, branch: string): EffectiveRules {
  const matching = Object.entries(rules)
    .filter(([pattern]) => pattern === branch || matchesGlob(branch, pattern))
    .map(([, rule]) => rule)
  return {
    noDeletion: matching.some((rule) => rule.noDeletion),
    noForcePush: matching.some((rule) => rule.noForcePush),
    requirePullRequest: matching.some((rule) => rule.requirePullRequest),
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
  if ((kind === 'fast-forward' || kind === 'force') && rule.requirePullRequest)
    broken.push(REFUSALS.requirePullRequest)
  return broken
}
