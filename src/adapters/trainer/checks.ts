// Runs a repository's quick checks on an agent's edits, in a sandbox, on the same sealed tree that a trial would train.
import { mkdir } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Config } from '../../core/config/config.ts'
import {
  CHECKS_SECONDS,
  type CheckRun,
  describeCheck,
  offersChecks,
  passes,
} from '../../core/propose/checks.ts'
import type { FileEdits } from '../../core/record/candidate.ts'
import { defaultProcesses, type Places } from '../../core/sandbox/sandbox.ts'
import { SecretWatch } from '../../core/text/redaction.ts'
import type { Clock } from '../../ports/job.ts'
import type { Checker } from '../../ports/proposer.ts'
import type { GitRepository } from '../git/repository.ts'
import { makeFolder, removeFolder } from '../leftovers.ts'
import { openSandbox, type Sandbox } from '../sandbox/sandbox.ts'
import { trainingEnvironment } from './environment.ts'

export interface CheckerOptions {
  repository: GitRepository
  clock: Clock
  /** The action's `python/` folder, as in a trial. */
  shimDirectory: string
  /** The environment of this process; checks see only the names on the allowlist. */
  environment: NodeJS.ProcessEnv
  /** Secrets that must not reach a model. */
  secrets: readonly string[]
}

const MAX_OUTPUT_CHARACTERS = 16_000
/** Checks run at the lowest priority, because a trial may be measured at the same time. */
const LOWEST_PRIORITY = 'renice -n 19 -p $$ > /dev/null 2>&1;'

export function createChecker(options: CheckerOptions): Checker {
  let opened: Promise<Sandbox> | undefined
  return {
    async check(config, base, files, signal) {
      if (!offersChecks(config)) throw new Error('quick checks never run without a sandbox')
      opened ??= openSandbox('bubblewrap')
      const sandbox = await opened
      const scratch = await makeFolder(tmpdir(), 'check')
      const places = { source: join(scratch, 'source'), out: join(scratch, 'out') }
      try {
        for (const directory of Object.values(places)) await mkdir(directory)
        await exportSealed(options.repository, base, files, config.editable, places.source)
        return await runAll({ options, sandbox, config, signal }, { ...places, shim: options.shimDirectory })
      } finally {
        await removeFolder(scratch)
      }
    },
  }
}

/** Exports through git objects that no branch refers to, so that checks see exactly the files that would be trained. */
async function exportSealed(
  repository: GitRepository,
  base: string,
  files: FileEdits,
  editable: readonly string[],
  directory: string,
): Promise<void> {
  const { commit } = await repository.commit({ base, files, message: 'Check' })
  await repository.exportTree(await repository.sealedTree(base, commit, editable), directory)
}

/** Everything that one call of `check` needs. */
interface CheckContext {
  options: CheckerOptions
  sandbox: Sandbox
  config: Pick<Config, 'checks' | 'sandbox'>
  signal: AbortSignal
}

/** Runs the checks one after another and stops at the first failure. */
async function runAll(context: CheckContext, places: Places): Promise<{ passed: boolean; text: string }> {
  const { clock } = context.options
  const deadline = clock.monotonicSeconds() + CHECKS_SECONDS
  const texts: string[] = []
  for (const command of context.config.checks ?? []) {
    const left = Math.max(0.1, deadline - clock.monotonicSeconds())
    const run = await runOne(context, places, command, left)
    texts.push(describeCheck(run))
    if (!passes(run)) return { passed: false, text: texts.join('\n') }
  }
  return { passed: true, text: texts.join('\n') }
}

async function runOne(
  { options, sandbox, config, signal }: CheckContext,
  places: Places,
  command: string,
  timeoutSeconds: number,
): Promise<CheckRun> {
  const watch = new SecretWatch(options.secrets)
  const cores = availableParallelism()
  const { memoryBytes, outBytes, processes = defaultProcesses(cores), read } = config.sandbox
  let output = ''
  const exit = await sandbox.run({
    command: `${LOWEST_PRIORITY} ${command}`,
    places,
    outWritable: true,
    accelerators: false,
    environment: {
      ...trainingEnvironment(options.environment, cores),
      PYTHONDONTWRITEBYTECODE: '1',
      // `py_compile` ignores PYTHONDONTWRITEBYTECODE, and the source is read-only.
      PYTHONPYCACHEPREFIX: '/tmp/pycache',
    },
    timeoutSeconds,
    caps: { outBytes, processes, ...(memoryBytes === undefined ? {} : { memoryBytes }) },
    read,
    onOutput: (text) => {
      watch.push(text)
      output = (output + text).slice(-MAX_OUTPUT_CHARACTERS)
    },
    signal,
  })
  return { command, exit, output: watch.found ? 'its output contained a secret of this job' : output }
}
