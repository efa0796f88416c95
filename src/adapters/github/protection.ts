// Reads the rules of rulesets and of classic branch protection, and names both in the words of rulesets.
import { RequestError } from '@octokit/request-error'
import type { BranchRule, BranchRules } from '../../core/doctor/github.ts'
import type { Answer, GitHub } from './client.ts'

export function toRule(rule: Answer<'repos', 'getBranchRules'>[number]): BranchRule {
  if (rule.type === 'required_status_checks')
    return {
      type: rule.type,
      checks: (rule.parameters?.required_status_checks ?? []).map(({ context }) => context),
    }
  if (rule.type !== 'pull_request') return { type: rule.type }
  const { required_approving_review_count: count = 0, require_code_owner_review: owner = false } =
    rule.parameters ?? {}
  return { type: rule.type, approvals: count + Number(owner) }
}

const NO_BRANCH = 'the branch does not exist yet, and its rules are shown only then'
const NO_ADMIN = 'the token may not read it, and the branch is protected'

/** Only the token of an administrator sees everything. To the others GitHub says whether a branch that exists is protected. */
export async function classicProtection(github: GitHub, branch: string): Promise<BranchRules> {
  const { client, where } = github
  const shown = await found(client.rest.repos.getBranch({ ...where, branch }))
  if (shown === undefined) return { rules: [], unseen: NO_BRANCH }
  if (shown.protection?.enabled !== true) return { rules: [] }
  const protection = await found(client.rest.repos.getBranchProtection({ ...where, branch }))
  if (protection) return { rules: rulesOf(protection) }
  return { rules: checksOf(shown.protection), unseen: NO_ADMIN }
}

/** Undefined where GitHub answers that there is nothing, or nothing that this token may see. */
async function found<T>(request: Promise<{ data: T }>): Promise<T | undefined> {
  try {
    return (await request).data
  } catch (error) {
    if (error instanceof RequestError && [403, 404].includes(error.status)) return undefined
    throw error
  }
}

type Protection = Answer<'repos', 'getBranchProtection'>

function rulesOf(protection: Protection): BranchRule[] {
  const { required_pull_request_reviews: reviews, restrictions } = protection
  const types = [
    [protection.required_signatures?.enabled, 'required_signatures'],
    [restrictions !== undefined || protection.lock_branch?.enabled, 'update'],
    [protection.allow_force_pushes?.enabled === false, 'non_fast_forward'],
    [protection.allow_deletions?.enabled === false, 'deletion'],
  ] as const
  const approvals =
    (reviews?.required_approving_review_count ?? 0) + Number(reviews?.require_code_owner_reviews ?? false)
  return [
    ...checksOf(protection),
    ...(reviews ? [{ type: 'pull_request', approvals }] : []),
    ...types.flatMap(([is, type]) => (is ? [{ type }] : [])),
  ]
}

function checksOf({
  required_status_checks: required,
}: Pick<Protection, 'required_status_checks'>): BranchRule[] {
  const checks = [
    ...new Set([...(required?.contexts ?? []), ...(required?.checks ?? []).map(({ context }) => context)]),
  ]
  return checks.length === 0 ? [] : [{ type: 'required_status_checks', checks }]
}
