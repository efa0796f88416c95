// Where a job runs, as the runner describes it.
import { context } from '@actions/github'
import { ConfigError } from '../errors.ts'

/** What the runner tells every job about itself. */
export interface RunnerContext {
  /** `owner/name`. */
  repository: string
  serverUrl: string
  apiUrl: string
  workspace: string
  /** Emptied by the runner at the start of every job. */
  temporaryDirectory: string
  /** Kept between jobs on self-hosted machines. */
  cacheDirectory: string
  runUrl: string | undefined
  runId: string
  runAttempt: number
}

/** What `@actions/github` knows of the job; its numbers are NaN where the runner gives none. */
type JobContext = Pick<typeof context, 'repo' | 'serverUrl' | 'apiUrl' | 'runId' | 'runAttempt'>

/** @throws ConfigError outside a runner, where `context` would say that this is github.com */
export function readRunnerContext(environment: NodeJS.ProcessEnv, job: JobContext = context): RunnerContext {
  const required = (name: string): string => {
    const value = environment[name]
    if (value) return value
    throw new ConfigError(`${name} is not set`, {
      hint: 'This is a GitHub Action: run it in a workflow, or see `npm run demo`.',
    })
  }
  for (const name of ['GITHUB_REPOSITORY', 'GITHUB_SERVER_URL', 'GITHUB_API_URL']) required(name)
  const { repo, serverUrl, apiUrl, runId, runAttempt } = job
  const repository = `${repo.owner}/${repo.repo}`
  const temporaryDirectory = required('RUNNER_TEMP')
  const isRun = !Number.isNaN(runId)
  return {
    repository,
    serverUrl,
    apiUrl,
    workspace: required('GITHUB_WORKSPACE'),
    temporaryDirectory,
    cacheDirectory: environment.RUNNER_TOOL_CACHE ?? temporaryDirectory,
    runId: isRun ? String(runId) : '0',
    runAttempt: Number.isNaN(runAttempt) ? 1 : runAttempt,
    runUrl: isRun ? `${serverUrl}/${repository}/actions/runs/${runId}` : undefined,
  }
}
