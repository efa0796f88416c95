/** Workflow dispatches (recorded, nothing runs) and the workflow permissions of the repository. */
import { parse } from 'yaml'
import { noContent, notFound, ok, unprocessable } from '../answers.ts'
import type { Call, Route } from '../call.ts'
import type { Dispatch } from '../store.ts'

interface DispatchRequest {
  ref: string
  inputs?: Record<string, unknown>
  return_run_details?: boolean
}

async function dispatch(call: Call) {
  const { repository, store, token, params } = call
  const { ref, inputs = {}, return_run_details } = call.body as unknown as DispatchRequest
  const workflow = params.workflow_id ?? ''
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

/** As GitHub: the file must exist on the default branch, have the trigger, and know every input. */
async function refuseUndispatchable(
  { repository }: Call,
  sha: string,
  workflow: string,
  inputs: Record<string, unknown>,
) {
  const path = `.github/workflows/${workflow}`
  const [onDefault] = await repository.git.listTree(repository.defaultBranch, { path }).catch(() => [])
  if (onDefault === undefined) throw notFound()
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
  'actions/create-workflow-dispatch': { needs: [['actions', 'write']], answer: dispatch },
  'actions/get-github-actions-default-workflow-permissions-repository': {
    needs: [['administration', 'read']],
    answer: workflowPermissions,
  },
}
