/** The repository, its branches and the rules on them, and the rate limit. */
import { GitHubError, listed, ok } from '../answers.ts'
import { rulesFor } from '../branch-rules.ts'
import type { Call, Route } from '../call.ts'
import { renderCommit } from '../render/commit.ts'
import { isProtected, renderFullRepository, renderProtection } from '../render/repository.ts'
import { renderUser } from '../render/user.ts'

const READ = [['contents', 'read']] as const

async function listBranches({ repository, url }: Call) {
  const refs = await repository.git.refs('refs/heads/')
  const branches = [...refs].map(([ref, sha]) => ({ name: ref.slice('refs/heads/'.length), sha }))
  const only = url.searchParams.get('protected')
  const shown = branches.filter(
    ({ name }) => only === null || isProtected(repository.rules, name) === (only === 'true'),
  )
  return listed(shown, url, ({ name, sha }) => ({
    name,
    commit: { sha, url: `${repository.apiUrl}/commits/${sha}` },
    protected: isProtected(repository.rules, name),
  }))
}

async function getBranch({ repository, params }: Call) {
  const { branch = '' } = params
  const sha = await repository.git.readRef(`refs/heads/${branch}`)
  if (sha === undefined) throw new GitHubError(404, 'Branch not found')
  const self = `${repository.apiUrl}/branches/${encodeURIComponent(branch)}`
  return ok({
    name: branch,
    commit: renderCommit(repository, await repository.git.readCommit(sha)),
    _links: { self, html: `${repository.htmlUrl}/tree/${branch}` },
    protected: isProtected(repository.rules, branch),
    protection: renderProtection(repository, branch),
    protection_url: `${self}/protection`,
  })
}

function getBranchProtection({ repository, params }: Call) {
  const protection = repository.classicProtection.get(params.branch ?? '')
  if (protection === undefined) throw new GitHubError(404, 'Branch not protected')
  return ok(protection)
}

const REVIEW_PARAMETERS = {
  dismiss_stale_reviews_on_push: false,
  require_code_owner_review: false as boolean,
  require_last_push_approval: false,
  required_approving_review_count: 0 as number,
  required_review_thread_resolution: false,
}

const QUEUE_PARAMETERS = {
  check_response_timeout_minutes: 60,
  grouping_strategy: 'ALLGREEN',
  max_entries_to_build: 5,
  max_entries_to_merge: 5,
  merge_method: 'SQUASH',
  min_entries_to_merge: 1,
  min_entries_to_merge_wait_minutes: 5,
}

function getBranchRules({ repository, params, url }: Call) {
  const rules = rulesFor(repository.rules, params.branch ?? '')
  const active: { type: string; parameters?: object }[] = []
  if (rules.noDeletion) active.push({ type: 'deletion' })
  if (rules.noForcePush) active.push({ type: 'non_fast_forward' })
  if (rules.requireSignatures) active.push({ type: 'required_signatures' })
  if (rules.requireLinearHistory) active.push({ type: 'required_linear_history' })
  if (rules.mergeQueue) active.push({ type: 'merge_queue', parameters: QUEUE_PARAMETERS })
  if (rules.requirePullRequest || rules.requiredApprovals > 0 || rules.codeOwner !== undefined) {
    const parameters = {
      ...REVIEW_PARAMETERS,
      require_code_owner_review: rules.codeOwner !== undefined,
      required_approving_review_count: rules.requiredApprovals,
    }
    active.push({ type: 'pull_request', parameters })
  }
  if (rules.requiredChecks.length > 0) {
    const required = rules.requiredChecks.map((context) => ({ context }))
    const parameters = { strict_required_status_checks_policy: false, required_status_checks: required }
    active.push({ type: 'required_status_checks', parameters })
  }
  return listed(active, url, (rule) => ({
    ...rule,
    ruleset_source_type: 'Repository',
    ruleset_source: repository.fullName,
    ruleset_id: repository.id,
  }))
}

const LEGACY = { admin: 'admin', maintain: 'write', write: 'write', triage: 'read', read: 'read' } as const

/** Maintain is shown as write and triage as read; who is no collaborator has what the repository's visibility gives. */
function getPermission({ repository, params }: Call) {
  const { username = '' } = params
  const given = repository.collaborators.get(username.toLowerCase())
  const role = given ?? (repository.settings.private ? undefined : 'read')
  const roles = ['read', 'triage', 'write', 'maintain', 'admin']
  const has = (least: string) => role !== undefined && roles.indexOf(role) >= roles.indexOf(least)
  const permissions = {
    pull: has('read'),
    triage: has('triage'),
    push: has('write'),
    maintain: has('maintain'),
    admin: has('admin'),
  }
  const user = renderUser({ login: username, id: 1, type: 'User' }, repository.site)
  const role_name = role ?? 'none'
  return ok({
    permission: role === undefined ? 'none' : LEGACY[role],
    role_name,
    user: { ...user, permissions, role_name },
  })
}

function getRateLimit({ limiter, token }: Call) {
  const core = limiter.budget(token)
  const search = { limit: 30, used: 0, remaining: 30, reset: core.reset }
  return ok({ resources: { core, search }, rate: core })
}

export const repositoryRoutes: Record<string, Route> = {
  'repos/get': {
    needs: [],
    answer: ({ repository, token }) => ok(renderFullRepository(repository, token)),
  },
  'repos/list-branches': { needs: READ, answer: listBranches },
  'repos/get-branch': { needs: READ, answer: getBranch },
  'repos/get-branch-protection': { needs: [['administration', 'read']], answer: getBranchProtection },
  'repos/get-branch-rules': { needs: [], answer: getBranchRules },
  'repos/get-collaborator-permission-level': { needs: [], answer: getPermission },
  'rate-limit/get': { needs: [], answer: getRateLimit },
}
