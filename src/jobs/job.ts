// What every job starts from: the inputs, and the context that the runner provides.
import { randomUUID } from 'node:crypto'
import { resolve } from 'node:path'
import { type Inputs, secretsOf } from '../adapters/actions.ts'
import type { GitContext } from '../adapters/git/git.ts'
import type { RunnerContext } from '../adapters/runner-context.ts'
import { secretValues } from '../core/text/redaction.ts'
import type { SessionSettings } from '../session/settings.ts'

export interface Job {
  inputs: Inputs
  runner: RunnerContext
  cancelled: AbortSignal
  /** Length of one second of waiting for GitHub, in milliseconds; `npm run soak` shortens it. */
  secondMilliseconds?: number
}

export function gitContext({ inputs, runner }: Job): GitContext {
  const remoteUrl = `${runner.serverUrl}/${runner.repository}.git`
  return { directory: runner.workspace, remoteUrl, ...(inputs.token ? { token: inputs.token } : {}) }
}

/** The secrets among the inputs, and the environment variables whose names mark them as secrets. */
export function secretsHere({ inputs }: Job): string[] {
  return [...secretsOf(inputs), ...secretValues(process.env)]
}

/** @param testbed description of this machine; only in jobs that train */
export function sessionSettings({ inputs, runner }: Job, testbed?: string): SessionSettings {
  const { configPath, newLedger, candidates, certify, promote, hypothesis, direction } = inputs
  return {
    configPath,
    newLedger,
    candidates,
    certify,
    promote,
    rootSeed: randomUUID(),
    testbed,
    runUrl: runner.runUrl,
    dispatch: { id: runner.runId, hypothesis, direction },
  }
}

export function resultsDirectory({ inputs, runner }: Job): string {
  return resolve(runner.temporaryDirectory, inputs.resultsDirectory)
}
