// Whether a long job grows: many candidates in one process, on the loopback GitHub, with a training that takes no time.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { startGitHub } from '../test/loopback-github/index.ts'
import { checkout, type JobFiles, jobEnvironment } from '../test/runner.ts'
import { readArguments } from './arguments.ts'
import { median, ratio, round } from './numbers.ts'
import { Output } from './output.ts'
import { type Folders, type Holding, holdingOf } from './soak/process.ts'
import { writeRepository } from './soak/repository.ts'

const GROWTH_BAR = 1.1
const SAMPLE_MILLISECONDS = 1000
const REPOSITORY = 'acme/soak'
/** Far above GitHub's: here it is the job that is measured. */
const UNLIMITED = {
  requestsPerHour: { actions: 1e9, app: 1e9, pat: 1e9 },
  contentPerMinute: 1e9,
  contentPerHour: 1e9,
  pointsPerMinute: 1e9,
}

const options = readArguments({
  name: 'soak',
  measures: 'Memory, descriptors, temporary files and time per candidate of one long job, by quarter.',
  repetitions: 1,
  repetitionIs: 'jobs, one after another',
  seed: 1,
  seedDecides: 'nothing: each job draws its own',
  options: {
    candidates: { kind: 'count', help: 'candidates in one process', default: 500 },
    sandbox: { kind: 'text', help: 'bubblewrap or none', default: 'bubblewrap' },
    second: {
      kind: 'count',
      help: 'milliseconds for which the job waits for GitHub when a second is due',
      default: 20,
    },
  },
})

interface Sample extends Holding {
  seconds: number
  opened: number
}

interface Soak {
  samples: Sample[]
  exitCode: number | undefined
  log: string
}

async function soak(directory: string): Promise<Soak> {
  const files: JobFiles = {
    root: directory,
    workspace: join(directory, 'workspace'),
    temporary: join(directory, 'temp'),
    output: join(directory, 'output'),
    summary: join(directory, 'summary.md'),
  }
  const [source, system] = [join(directory, 'source'), join(directory, 'tmp')]
  for (const folder of [files.temporary, system, source]) await mkdir(folder, { recursive: true })
  await Promise.all([writeFile(files.output, ''), writeFile(files.summary, '')])
  await writeRepository(source, options.candidates, options.sandbox ?? '')
  await using github = await closing(await startGitHub({ limits: UNLIMITED }))
  await github.server.createRepository(REPOSITORY, { from: source, allowActionsToCreatePullRequests: true })
  const permissions = { contents: 'write', pull_requests: 'write', checks: 'write', issues: 'write' } as const
  const token = github.server.issueToken({ repository: REPOSITORY, kind: 'actions', permissions })
  const { url: serverUrl, apiUrl } = github.server
  const job = {
    serverUrl,
    apiUrl,
    repository: REPOSITORY,
    inputs: { token, command: 'run', 'time-budget': '23h' },
  }
  await checkout({ ...job, checkoutToken: token }, files.workspace)
  const env = { ...jobEnvironment(job, files), TMPDIR: system, SECOND_MILLISECONDS: String(options.second) }
  return await watch(startJob(files.workspace, env), {
    temporary: [files.temporary, system],
    git: join(files.workspace, '.git'),
  })
}

async function closing(server: Awaited<ReturnType<typeof startGitHub>>) {
  return { server, [Symbol.asyncDispose]: () => server.close() }
}

function startJob(cwd: string, env: Record<string, string>) {
  const script = fileURLToPath(new URL('soak/job.ts', import.meta.url))
  return execa(process.execPath, [script], { cwd, env, extendEnv: false, all: true, reject: false })
}

async function watch(child: ReturnType<typeof startJob>, folders: Folders): Promise<Soak> {
  const begin = performance.now()
  const samples: Sample[] = []
  let opened = 0
  const look = () => {
    const holding = child.pid === undefined ? undefined : holdingOf(child.pid, folders)
    if (holding) samples.push({ ...holding, opened, seconds: (performance.now() - begin) / 1000 })
  }
  const timer = setInterval(look, SAMPLE_MILLISECONDS)
  for await (const line of child.iterable({ from: 'all' }))
    if (String(line).startsWith('opened ')) opened += 1
  clearInterval(timer)
  const { exitCode, all } = await child
  return { samples, exitCode, log: String(all) }
}

/** The samples while each quarter of the candidates was opened. */
function rowsOf({ samples }: Soak, repetition: number) {
  const total = samples.at(-1)?.opened ?? 0
  return [1, 2, 3, 4].map((quarter) => {
    const [from, to] = [(total * (quarter - 1)) / 4, (total * quarter) / 4]
    const within = samples.filter(({ opened }) => opened >= from && (opened < to || quarter === 4))
    const middle = (name: keyof Holding) => round(median(within.map((sample) => sample[name])), 0)
    const seconds = (within.at(-1)?.seconds ?? 0) - (within[0]?.seconds ?? 0)
    return {
      repetition,
      quarter,
      candidates: Math.round(to - from),
      memoryMiB: middle('memoryMiB'),
      descriptors: middle('descriptors'),
      temporaryFiles: middle('temporaryFiles'),
      gitFiles: middle('gitFiles'),
      candidateSeconds: round(ratio(seconds, to - from), 2),
    }
  })
}

const output = new Output('soak', options)
const rows: ReturnType<typeof rowsOf> = []
let allSucceeded = true
for (let repetition = 1; repetition <= options.repetitions; repetition += 1) {
  const directory = await mkdtemp(join(tmpdir(), 'autoresearch-soak-'))
  try {
    const done = await soak(directory)
    rows.push(...rowsOf(done, repetition))
    if (done.exitCode !== 0) console.error(done.log.slice(-3000))
    allSucceeded &&= done.exitCode === 0
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
const memoryOf = (quarter: number) =>
  Math.max(...rows.filter((row) => row.quarter === quarter).map(({ memoryMiB }) => memoryMiB ?? Number.NaN))
const growth = round(ratio(memoryOf(4), memoryOf(2)), 3)
output.table('quarters', 'By quarter of the candidates; medians of a sample per second', rows)
output.fact('jobsSucceeded', allSucceeded)
output.fact('memoryGrowth', growth)
output.fact('memoryWithinBar', growth !== null && growth <= GROWTH_BAR)
output.end()
if (!allSucceeded || growth === null || growth > GROWTH_BAR) process.exitCode = 1
