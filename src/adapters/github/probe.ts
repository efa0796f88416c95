// Finds out what a token may do on GitHub, by calls that cannot succeed: GitHub looks at the permission before it looks at
// the request, so the status of the refusal tells.
import type { BranchRules, Permission, Probe, WorkflowState } from '../../core/doctor/github.ts'
import { ForgeError } from '../../errors.ts'
import type { GitHubProbe } from '../../ports/doctor.ts'
import { means } from './answers.ts'
import { explainedBy, type GitHub } from './client.ts'
import { classicProtection, toRule } from './protection.ts'

/** A branch, a workflow and a commit that no repository has. */
const NOWHERE = 'autoresearch-doctor-looks-for-this'
const NO_COMMIT = '0'.repeat(40)

interface Call {
  method: 'POST' | 'PATCH'
  path: string
  body: object
}

const CALLS: Readonly<Record<Permission, Call>> = {
  contents: { method: 'PATCH', path: `/git/refs/heads/${NOWHERE}`, body: { sha: NO_COMMIT } },
  'pull-requests': { method: 'POST', path: '/pulls', body: { title: NOWHERE, head: NOWHERE, base: NOWHERE } },
  checks: {
    method: 'POST',
    path: '/check-runs',
    body: { name: 'autoresearch / doctor', head_sha: NO_COMMIT },
  },
  // An issue needs a title.
  issues: { method: 'POST', path: '/issues', body: { title: '' } },
  actions: { method: 'POST', path: `/actions/workflows/${NOWHERE}.yml/dispatches`, body: { ref: NOWHERE } },
}

const TIMEOUT_MILLISECONDS = 30_000

export function createProbe(github: GitHub): GitHubProbe {
  return {
    permission: (permission) => probe(github, permission),
    mayOpenPullRequests: () => mayOpenPullRequests(github),
    workflows: explainedBy(github)('list workflows', workflows),
    branchRules: explainedBy(github)('read the rules of a branch', branchRules),
  }
}

async function probe(github: GitHub, permission: Permission): Promise<Probe> {
  const refusal = await refusalOf(github, CALLS[permission])
  const { status } = refusal
  if (isSetting(refusal)) return { kind: 'granted' }
  // A workflow that does not exist is looked for after the permission.
  if (status === 422 || (status === 404 && permission === 'actions')) return { kind: 'granted' }
  if (status === 403 || status === 404) return { kind: 'missing' }
  if (status === 410) return { kind: 'unknown', reason: 'issues are disabled in this repository' }
  return { kind: 'unknown', reason: `GitHub answered ${status}: ${refusal.message}` }
}

async function mayOpenPullRequests(github: GitHub): Promise<'yes' | 'no' | 'unknown'> {
  const refusal = await refusalOf(github, CALLS['pull-requests'])
  if (isSetting(refusal)) return 'no'
  return refusal.status === 422 ? 'yes' : 'unknown'
}

interface Refusal {
  status: number
  message: string
}

/**
 * Not through the client, which would repeat some of these calls.
 *
 * @throws ForgeError when the token is not valid
 */
async function refusalOf({ options }: GitHub, { method, path, body }: Call): Promise<Refusal> {
  const response = await fetch(`${options.apiUrl}/repos/${options.repository}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${options.token}`,
      accept: 'application/vnd.github+json',
      'user-agent': 'autoresearch-action',
    },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
  })
  const text = await response.text()
  if (response.status !== 401) return { status: response.status, message: text.slice(0, 500) }
  throw new ForgeError('the token is not valid any more', {
    hint: 'Run the workflow again. A token of your own: make a new one.',
  })
}

function isSetting({ status, message }: Refusal): boolean {
  return status === 403 && /not permitted to create or approve pull requests/i.test(message)
}

async function workflows({ client, where }: GitHub): Promise<WorkflowState[] | undefined> {
  try {
    const all = await client.paginate(client.rest.actions.listRepoWorkflows, { ...where, per_page: 100 })
    return all.map(({ path, state }) => ({ path, state }))
  } catch (error) {
    if (means(error, 'token')) return undefined
    throw error
  }
}

async function branchRules(github: GitHub, branch: string): Promise<BranchRules> {
  const { client, where } = github
  const { data } = await client.rest.repos.getBranchRules({ ...where, branch, per_page: 100 })
  const classic = await classicProtection(github, branch)
  return { ...classic, rules: [...data.map(toRule), ...classic.rules] }
}
