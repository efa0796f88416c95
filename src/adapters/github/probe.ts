// Finds out what a token may do on GitHub, by calls that cannot succeed: GitHub looks at the permission before it looks at
// the request, so the status of the refusal tells.
import { RequestError } from '@octokit/request-error'
import type { BranchRule, Permission, Probe } from '../../core/doctor/github.ts'
import type { GitHubProbe } from '../../ports.ts'
import { type Answer, explainedBy, type GitHub } from './client.ts'

/** A branch, a workflow and a commit that no repository has. */
const NOWHERE = 'autoresearch-doctor-looks-for-this'
const NO_COMMIT = '0'.repeat(40)

const CALLS: Readonly<Record<Permission, (github: GitHub) => Promise<unknown>>> = {
  contents: ({ client, where }) =>
    client.rest.git.updateRef({ ...where, ref: `heads/${NOWHERE}`, sha: NO_COMMIT }),
  'pull-requests': openPullRequestOfNothing,
  checks: ({ client, where }) =>
    client.rest.checks.create({ ...where, name: 'autoresearch / doctor', head_sha: NO_COMMIT }),
  // An issue needs a title.
  issues: ({ client, where }) => client.rest.issues.create({ ...where, title: '' }),
  actions: ({ client, where }) =>
    client.rest.actions.createWorkflowDispatch({
      ...where,
      workflow_id: `${NOWHERE}.yml`,
      ref: NOWHERE,
    }),
}

export function createProbe(github: GitHub): GitHubProbe {
  const explained = explainedBy(github)
  return {
    permission: explained('probe a permission', probe),
    mayOpenPullRequests: explained('probe the setting for pull requests', mayOpenPullRequests),
    branchRules: explained('read the rules of a branch', branchRules),
  }
}

async function probe(github: GitHub, permission: Permission): Promise<Probe> {
  const refusal = await refusalOf(() => CALLS[permission](github))
  if (refusal === undefined)
    return { kind: 'unknown', reason: 'GitHub accepted a request that it should refuse' }
  if (isSetting(refusal)) return { kind: 'granted' }
  if (refusal.status === 403) return { kind: 'missing' }
  // A workflow that does not exist is looked for after the permission.
  if (refusal.status === 422 || (refusal.status === 404 && permission === 'actions'))
    return { kind: 'granted' }
  if (refusal.status === 404) return { kind: 'missing' }
  if (refusal.status === 410) return { kind: 'unknown', reason: 'issues are disabled in this repository' }
  throw refusal
}

async function mayOpenPullRequests(github: GitHub): Promise<'yes' | 'no' | 'unknown'> {
  const refusal = await refusalOf(() => openPullRequestOfNothing(github))
  if (refusal && isSetting(refusal)) return 'no'
  return refusal?.status === 422 ? 'yes' : 'unknown'
}

/** A pull request from the default branch into itself. */
async function openPullRequestOfNothing({ client, where }: GitHub): Promise<unknown> {
  const { default_branch: branch } = (await client.rest.repos.get(where)).data
  const request = { ...where, head: branch, base: branch, title: NOWHERE, draft: true }
  return client.rest.pulls.create({ ...request, request: { retries: 0 } })
}

async function refusalOf(call: () => Promise<unknown>): Promise<RequestError | undefined> {
  try {
    await call()
    return undefined
  } catch (error) {
    if (error instanceof RequestError) return error
    throw error
  }
}

function isSetting({ status, message }: RequestError): boolean {
  return status === 403 && /not permitted to create or approve pull requests/i.test(message)
}

async function branchRules({ client, where }: GitHub, branch: string): Promise<BranchRule[]> {
  const { data } = await client.rest.repos.getBranchRules({ ...where, branch, per_page: 100 })
  return data.map(toRule)
}

function toRule(rule: Answer<'repos', 'getBranchRules'>[number]): BranchRule {
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
