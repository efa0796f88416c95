/** Check runs: only apps write them, and only their own. */
import { created, GitHubError, notFound, ok, pageOf, unprocessable } from '../answers.ts'
import type { Call, Route } from '../call.ts'
import { renderCheckRun } from '../render/check-run.ts'
import type { App, CheckOutput, CheckRun } from '../store.ts'

const READ = [['checks', 'read']] as const
const WRITE = [['checks', 'write']] as const

interface CheckFields {
  name?: string
  head_sha?: string
  details_url?: string
  external_id?: string
  status?: string
  started_at?: string
  conclusion?: string
  completed_at?: string
  output?: { title?: string; summary?: string; text?: string; annotations?: unknown[] }
}

function appOf({ token }: Call): App {
  if (token.app === undefined) throw new GitHubError(403, 'You must authenticate via a GitHub App.')
  return token.app
}

async function createCheckRun(call: Call) {
  const { repository, store } = call
  const app = appOf(call)
  const fields = call.body as unknown as CheckFields & { name: string; head_sha: string }
  const sha = await repository.git.resolve(fields.head_sha)
  if (sha === undefined || !repository.replica.knows(sha))
    throw unprocessable(`No commit found for SHA: ${fields.head_sha}`)
  const id = store.nextId()
  const run: CheckRun = {
    id,
    suiteId: suiteOf(call, sha, app) ?? store.nextId(),
    headSha: sha,
    app,
    name: fields.name,
    status: 'queued',
    conclusion: null,
    externalId: '',
    detailsUrl: `${repository.htmlUrl}/runs/${id}`,
    startedAt: store.timestamp(),
    completedAt: null,
    output: { title: null, summary: null, text: null, annotationsCount: 0 },
  }
  change(call, run, fields)
  repository.checkRuns.push(run)
  return created(renderCheckRun(repository, run))
}

/** Runs of one app on one commit share a suite. */
const suiteOf = ({ repository }: Call, sha: string, app: App) =>
  repository.checkRuns.find((run) => run.headSha === sha && run.app.id === app.id)?.suiteId

function change({ store }: Call, run: CheckRun, fields: CheckFields): void {
  if (fields.status === 'completed' && fields.conclusion === undefined && run.conclusion === null)
    throw unprocessable(`Invalid request.\n\n"conclusion" wasn't supplied.`)
  if (fields.details_url !== undefined && !/^https?:/.test(fields.details_url))
    throw unprocessable('Invalid request.\n\ndetails_url must use http or https scheme')
  run.status = fields.conclusion === undefined ? (fields.status ?? run.status) : 'completed'
  run.conclusion = run.status === 'completed' ? (fields.conclusion ?? run.conclusion) : null
  run.completedAt = run.status === 'completed' ? (fields.completed_at ?? store.timestamp()) : null
  run.startedAt = fields.started_at ?? run.startedAt
  run.name = fields.name ?? run.name
  run.detailsUrl = fields.details_url ?? run.detailsUrl
  run.externalId = fields.external_id ?? run.externalId
  if (fields.output !== undefined) run.output = changedOutput(run.output, fields.output)
}

/** Annotations of several updates add up; texts replace each other. */
const changedOutput = (before: CheckOutput, output: NonNullable<CheckFields['output']>): CheckOutput => ({
  title: output.title ?? before.title,
  summary: output.summary ?? before.summary,
  text: output.text ?? before.text,
  annotationsCount: before.annotationsCount + (output.annotations?.length ?? 0),
})

function runOf({ repository, params }: Call): CheckRun {
  const run = repository.checkRuns.find(({ id }) => id === Number(params.check_run_id))
  if (run === undefined) throw notFound()
  return run
}

function updateCheckRun(call: Call) {
  const app = appOf(call)
  const run = runOf(call)
  if (run.app.id !== app.id)
    throw new GitHubError(
      403,
      `Invalid app_id \`${app.id}\` - check run can only be modified by the GitHub App that created it.`,
    )
  change(call, run, call.body as CheckFields)
  return ok(renderCheckRun(call.repository, run))
}

async function listForRef({ repository, params, url }: Call) {
  const sha = await repository.git.resolve(params.ref ?? '')
  if (sha === undefined || !repository.replica.knows(sha))
    throw unprocessable(`No commit found for SHA: ${params.ref}`)
  const query = url.searchParams
  const matching = repository.checkRuns.filter(
    (run) =>
      run.headSha === sha &&
      [null, run.name].includes(query.get('check_name')) &&
      [null, run.status].includes(query.get('status')) &&
      [null, String(run.app.id)].includes(query.get('app_id')),
  )
  const shown = query.get('filter') === 'all' ? matching : latestOf(matching)
  const page = pageOf(shown.toReversed(), url)
  const check_runs = page.items.map((run) => renderCheckRun(repository, run))
  return { ...ok({ total_count: shown.length, check_runs }), headers: page.headers }
}

/** The newest run of each name and app. */
const latestOf = (runs: readonly CheckRun[]) => [
  ...new Map(runs.map((run) => [`${run.app.id} ${run.name}`, run])).values(),
]

export const checkRoutes: Record<string, Route> = {
  'checks/create': { needs: WRITE, answer: createCheckRun, ignores: ['actions'] },
  'checks/update': { needs: WRITE, answer: updateCheckRun, ignores: ['actions'] },
  'checks/get': { needs: READ, answer: (call) => ok(renderCheckRun(call.repository, runOf(call))) },
  'checks/list-for-ref': { needs: READ, answer: listForRef },
}
