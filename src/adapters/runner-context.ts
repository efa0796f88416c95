// The context of a job, as the runner provides it.
import { context } from '@actions/github'
import { ConfigError } from '../errors.ts'

/** Facts about the job and its machine that the runner provides in the environment. */
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

/** The fields of `@actions/github`'s context that we use; its numbers are NaN where the runner sets none. */
type JobContext = Pick<typeof context, 'repo' | 'serverUrl' | 'apiUrl' | 'runId' | 'runAttempt'>

/** @throws ConfigError outside a runner, where `context` would wrongly default to github.com */
export function readRunnerContext(environment: NodeJS.ProcessEnv, job: JobContext = context): RunnerContext {
  const required = (name: string): string => {
    const value = environment[name]
    if (value) return value
    throw new ConfigError(`${name} is not set`, {
      hint: 'This is a GitHub Action: run it in a workflow, or try it with `npm run demo`.',
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
