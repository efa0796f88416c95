/** Workflows: their list, dispatches (recorded, nothing runs), and the workflow permissions of the repository. */
import { parse } from 'yaml'
import { noContent, notFound, ok, pageOf, unprocessable } from '../answers.ts'
import type { Call, Route } from '../call.ts'
import { nodeId } from '../render/user.ts'
import type { Dispatch, Repository } from '../store.ts'

interface WorkflowFile {
  readonly id: number
  /** In `.github/workflows`. */
  readonly name: string
  readonly title: string
}

/** The workflows on the default branch, as GitHub lists them. */
async function workflowFiles({ git, defaultBranch }: Repository): Promise<WorkflowFile[]> {
  const folder = `${defaultBranch}:.github/workflows`
  const entries = (await git.object(folder)) ? await git.listTree(folder) : []
  const files = entries.filter(({ path }) => /\.ya?ml$/.test(path))
  return Promise.all(
    files.map(async ({ path, sha }) => {
      const { name } = (parse((await git.readBlob(sha)).toString('utf8')) ?? {}) as { name?: string }
      return { id: idOf(path), name: path, title: name ?? `.github/workflows/${path}` }
    }),
  )
}

/** Stays the same whatever other files there are. */
const idOf = (name: string) =>
  [...name].reduce((sum, character) => (31 * sum + character.charCodeAt(0)) % 90_000_000, 7)

/** By file name, as people write it, or by number, as `gh` asks. */
async function workflowOf({ repository, params }: Call): Promise<WorkflowFile> {
  const asked = params.workflow_id ?? ''
  const files = await workflowFiles(repository)
  const found = files.find(({ id, name }) => name === asked || String(id) === asked)
  if (found === undefined) throw notFound()
  return found
}

const renderWorkflow = (
  { apiUrl, htmlUrl, createdAt, defaultBranch, disabledWorkflows }: Repository,
  { id, name, title }: WorkflowFile,
) => ({
  id,
  node_id: nodeId('Workflow', id),
  name: title,
  path: `.github/workflows/${name}`,
  state: disabledWorkflows.get(name) ?? 'active',
  created_at: createdAt,
  updated_at: createdAt,
  url: `${apiUrl}/actions/workflows/${id}`,
  html_url: `${htmlUrl}/blob/${defaultBranch}/.github/workflows/${name}`,
  badge_url: `${htmlUrl}/workflows/${encodeURIComponent(title)}/badge.svg`,
})

async function listWorkflows({ repository, url }: Call) {
  const files = await workflowFiles(repository)
  const page = pageOf(files, url)
  const workflows = page.items.map((file) => renderWorkflow(repository, file))
  return { ...ok({ total_count: files.length, workflows }), headers: page.headers }
}

interface DispatchRequest {
  ref: string
  inputs?: Record<string, unknown>
  return_run_details?: boolean
}

async function dispatch(call: Call) {
  const { repository, store, token } = call
  const { ref, inputs = {}, return_run_details } = call.body as unknown as DispatchRequest
  const { name: workflow } = await workflowOf(call)
  const sha = await repository.git.resolve(ref.replace(/^refs\/(heads|tags)\//, ''))
  if (sha === undefined) throw unprocessable(`No ref found for: ${ref}`)
  await refuseUndispatchable(call, sha, workflow, inputs)
  const dispatched: Dispatch = {
    at: store.timestamp(),
    repository: repository.fullName,
    workflow,
    ref,
    inputs,
    token: token.name,
    runId: store.nextId(),
  }
  repository.dispatches.push(dispatched)
  return return_run_details === true ? ok(runDetails(call, dispatched)) : noContent()
}

/** As GitHub: the file must also exist on that branch, have the trigger, and know every input. */
async function refuseUndispatchable(
  { repository }: Call,
  sha: string,
  workflow: string,
  inputs: Record<string, unknown>,
) {
  const path = `.github/workflows/${workflow}`
  const [entry] = await repository.git.listTree(sha, { path })
  if (entry === undefined) throw unprocessable(`Workflow does not exist at ${workflow}`)
  const text = (await repository.git.readBlob(entry.sha)).toString('utf8')
  refuseByTrigger(triggerOf(parse(text)), inputs)
}

interface Trigger {
  inputs?: Record<string, { required?: boolean; default?: unknown } | null>
}

/** `on: workflow_dispatch`, `on: [workflow_dispatch]` or `on: { workflow_dispatch: { inputs } }`. */
function triggerOf({ on }: { on?: unknown }): Trigger | undefined {
  if (on === 'workflow_dispatch' || (Array.isArray(on) && on.includes('workflow_dispatch'))) return {}
  if (typeof on !== 'object' || on === null || !('workflow_dispatch' in on)) return undefined
  return (on.workflow_dispatch ?? {}) as Trigger
}

function refuseByTrigger(trigger: Trigger | undefined, given: Record<string, unknown>): void {
  if (trigger === undefined) throw unprocessable("Workflow does not have 'workflow_dispatch' trigger")
  const known = trigger.inputs ?? {}
  const unknown = Object.keys(given).filter((name) => !(name in known))
  if (unknown.length > 0) throw unprocessable(`Unexpected inputs provided: ${JSON.stringify(unknown)}`)
  const missing = Object.entries(known).find(
    ([name, input]) => input?.required === true && input.default === undefined && !(name in given),
  )
  if (missing !== undefined) throw unprocessable(`Required input '${missing[0]}' not provided`)
}

const runDetails = ({ repository }: Call, { runId }: Dispatch) => ({
  workflow_run_id: runId,
  run_url: `${repository.apiUrl}/actions/runs/${runId}`,
  html_url: `${repository.htmlUrl}/actions/runs/${runId}`,
})

const workflowPermissions = ({ repository }: Call) =>
  ok({
    default_workflow_permissions: 'read',
    can_approve_pull_request_reviews: repository.settings.allowActionsToCreatePullRequests,
  })

export const actionRoutes: Record<string, Route> = {
  'actions/get-workflow': {
    needs: [['actions', 'read']],
    answer: async (call) => ok(renderWorkflow(call.repository, await workflowOf(call))),
  },
  'actions/list-repo-workflows': { needs: [['actions', 'read']], answer: listWorkflows },
  'actions/create-workflow-dispatch': { needs: [['actions', 'write']], answer: dispatch },
  'actions/get-github-actions-default-workflow-permissions-repository': {
    needs: [['administration', 'read']],
    answer: workflowPermissions,
  },
}
