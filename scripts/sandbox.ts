/**
 * Runs a command in the sandbox of a trial whose folder was kept:
 *   npm run sandbox -- TRIAL-FOLDER [--data FOLDER] [--budget SECONDS] COMMAND
 * TRIAL-FOLDER holds `source` and `out`. FOLDER is what `setup` prepared for training, when COMMAND needs it. SECONDS is what
 * COMMAND finds in AUTORESEARCH_BUDGET_SECONDS; it is killed at the default timeout for that budget.
 */
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { openSandbox } from '../src/adapters/sandbox/sandbox.ts'
import { trainingEnvironment } from '../src/adapters/trainer/environment.ts'

const GIBIBYTE = 1024 ** 3
const SHIM = fileURLToPath(new URL('../python', import.meta.url))

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { data: { type: 'string' }, budget: { type: 'string', default: '60' } },
})
const [folder, command] = positionals
if (folder === undefined || command === undefined) {
  console.error('Usage: npm run sandbox -- TRIAL-FOLDER [--data FOLDER] [--budget SECONDS] COMMAND')
  process.exit(2)
}

const cancelled = new AbortController()
process.once('SIGINT', () => cancelled.abort())
const sandbox = await openSandbox('bubblewrap')
const exit = await sandbox.run({
  command,
  places: {
    source: resolve(join(folder, 'source')),
    out: resolve(join(folder, 'out')),
    shim: SHIM,
    ...(values.data === undefined ? {} : { data: resolve(values.data) }),
  },
  outWritable: true,
  environment: {
    ...trainingEnvironment(process.env, availableParallelism()),
    AUTORESEARCH_SEED: '1',
    AUTORESEARCH_BUDGET_SECONDS: values.budget,
  },
  timeoutSeconds: 2 * Number(values.budget) + 60,
  caps: { outBytes: 10 * GIBIBYTE, processes: 4096 },
  read: [],
  onOutput: (text) => process.stdout.write(text),
  signal: cancelled.signal,
})
console.error(`${sandbox.description}\n${JSON.stringify(exit)}`)
process.exitCode = exit.code ?? 1
