/**
 * Runs a command in the sandbox of a trial whose folder was kept:
 *   npm run sandbox -- TRIAL-FOLDER [--data FOLDER] [--budget SECONDS] COMMAND
 * TRIAL-FOLDER holds the trial's own copies of the source and of its home, and `out`; COMMAND may change them. FOLDER is the
 * folder `data` that `setup` prepared, when COMMAND needs that or what setup left elsewhere. SECONDS is what COMMAND finds in AUTORESEARCH_BUDGET_SECONDS; it is killed at the default timeout for that budget.
 */
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { openSandbox } from '../src/adapters/sandbox/sandbox.ts'
import { OFFLINE, trainingEnvironment, uvEnvironment } from '../src/adapters/trainer/environment.ts'

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

const trial = (name: string) => resolve(join(folder, name))
const data = values.data === undefined ? undefined : resolve(values.data)
/** What `setup` left stands beside the data. */
const left = (name: string) => join(dirname(data ?? ''), name)
const setup = { source: left('source'), home: left('home') }
const hasSetup = data !== undefined && existsSync(setup.source)
// A trial that ended early may lack them.
for (const name of ['home', 'compiled', 'out']) await mkdir(trial(name), { recursive: true })

const cancelled = new AbortController()
process.once('SIGINT', () => cancelled.abort())
const sandbox = await openSandbox('bubblewrap')
const exit = await sandbox.run({
  command,
  places: {
    source: trial('source'),
    out: trial('out'),
    shim: SHIM,
    ...(data === undefined ? {} : { data }),
    own: { home: trial('home'), compiled: trial('compiled'), ...(hasSetup && { setup }) },
  },
  outWritable: true,
  environment: {
    ...trainingEnvironment(process.env, availableParallelism()),
    ...uvEnvironment(hasSetup && existsSync(left('venv')) ? left('venv') : undefined),
    ...OFFLINE,
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
