// What the action costs around the training: whole jobs on the loopback GitHub whose trials sleep, beside a loop that asks for
// an idea, trains it, and asks for the next.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import type { LedgerEvent } from '../src/core/record/events.ts'
import type { Headlines } from '../src/core/report/headlines.ts'
import { readLedger } from '../test/dist/research.ts'
import { aRandom } from '../test/factories.ts'
import { startGitHub } from '../test/loopback-github/index.ts'
import { startModel } from '../test/model/server.ts'
import { checkout, type JobFiles, jobEnvironment, parseOutputs } from '../test/runner.ts'
import { readArguments } from './arguments.ts'
import { meanAndError, round } from './numbers.ts'
import { Output } from './output.ts'
import { ideas, writeRepository } from './overhead/repository.ts'

const REPOSITORY = 'acme/overhead'
const JOB = fileURLToPath(new URL('soak/job.ts', import.meta.url))

const options = readArguments({
  name: 'overhead',
  measures: 'Time and requests that the command run costs around the training, and what a serial loop costs.',
  repetitions: 2,
  repetitionIs: 'jobs for each number of slots',
  seed: 1,
  seedDecides: 'how long the model takes for each idea',
  options: {
    slots: { kind: 'counts', help: 'trials side by side', default: [1, 2, 4] },
    candidates: { kind: 'count', help: 'ideas in one job', default: 12 },
    'trial-seconds': { kind: 'count', help: 'how long a trial sleeps', default: 20 },
    'idea-milliseconds': {
      kind: 'count',
      help: 'mean time in which the model has an idea; each takes half of it to one and a half times as long',
      default: 4000,
    },
    'second-milliseconds': {
      kind: 'count',
      help: 'how long the job waits for GitHub when one second is due',
      default: 1000,
    },
    sandbox: { kind: 'text', help: 'bubblewrap or none', default: 'bubblewrap' },
  },
})

/** One candidate, or the baseline. */
interface Asked {
  latencySeconds: number
  runs: number
}

interface Job {
  summary: Headlines
  requests: number
  contentCreating: number
  candidates: number
  asked: Asked[]
  /** Operations of GitHub's description, one for each request. */
  operations: string[]
}

async function runJob(directory: string, slots: number, latencies: readonly number[]): Promise<Job> {
  await using model = await closing(await startModel({ conversations: ideas(latencies) }))
  await using github = await closing(await startGitHub())
  const { server } = github
  const source = join(directory, 'source')
  await writeRepository(source, {
    trialSeconds: options['trial-seconds'],
    candidates: latencies.length,
    sandbox: options.sandbox ?? '',
    modelUrl: model.server.baseUrl,
  })
  const { gitDir } = await server.createRepository(REPOSITORY, {
    from: source,
    allowActionsToCreatePullRequests: true,
  })
  const permissions = { contents: 'write', pull_requests: 'write', checks: 'write', issues: 'write' } as const
  const token = server.issueToken({ repository: REPOSITORY, kind: 'actions', permissions })
  const inputs = { token, command: 'run', 'time-budget': '23h', 'openai-api-key': 'sk-loopback' }
  const job = { serverUrl: server.url, apiUrl: server.apiUrl, repository: REPOSITORY, inputs }
  const files = await prepare(directory)
  await checkout({ ...job, checkoutToken: token }, files.workspace)
  const env = {
    ...jobEnvironment(job, files),
    SECOND_MILLISECONDS: String(options['second-milliseconds']),
    SLOTS: String(slots),
  }
  await execa(process.execPath, [JOB], { cwd: files.workspace, env, extendEnv: false })
  const { summary = '' } = parseOutputs(await readFile(files.output, 'utf8'))
  const events = await readLedger(gitDir)
  return {
    summary: JSON.parse(summary),
    requests: server.requests.length,
    contentCreating: server.requests.filter(({ contentCreating }) => contentCreating).length,
    candidates: events.filter(({ kind }) => kind === 'proposed').length,
    asked: askedIn(events, latencies),
    operations: server.requests.map(({ operation, method, path }) => operation ?? `${method} ${path}`),
  }
}

async function closing<Server extends { close(): Promise<void> }>(server: Server) {
  return { server, [Symbol.asyncDispose]: () => server.close() }
}

async function prepare(root: string): Promise<JobFiles> {
  const at = (name: string) => join(root, name)
  const files = {
    root,
    workspace: at('workspace'),
    temporary: at('temp'),
    output: at('output'),
    summary: at('summary.md'),
  }
  await mkdir(files.temporary, { recursive: true })
  await Promise.all([writeFile(files.output, ''), writeFile(files.summary, '')])
  return files
}

/** What the job asked the model for and trained, to be done again by the serial loop. */
function askedIn(events: readonly LedgerEvent[], latencies: readonly number[]): Asked[] {
  const trials = events.flatMap((event) => (event.kind === 'trial' ? [event.result.trial] : []))
  const runsOf = (id: string | null) => trials.filter(({ candidate }) => candidate === id).length
  const proposed = events.flatMap((event) => (event.kind === 'proposed' ? [event.candidate.id] : []))
  return [
    { latencySeconds: 0, runs: runsOf(null) },
    ...proposed.map((id, index) => ({ latencySeconds: latencies[index] ?? 0, runs: runsOf(id) })),
  ]
}

interface Measured {
  busyFraction: number
  /** Time of a slot in which it does not train. */
  overheadSecondsPerTrial: number
  contentCreatingRequestsPerCandidate: number
  restRequestsPerCandidate: number
  trials: number
  seconds: number
  /** The busy fraction of trials of five minutes with this overhead. */
  busyFractionOfFiveMinutes: number
}

function measured(slotSeconds: number, busySeconds: number, trials: number) {
  const overheadSecondsPerTrial = (slotSeconds - busySeconds) / trials
  return {
    busyFraction: busySeconds / slotSeconds,
    overheadSecondsPerTrial,
    busyFractionOfFiveMinutes: 300 / (300 + overheadSecondsPerTrial),
    trials,
  }
}

function measuredOf({ summary, requests, contentCreating, candidates }: Job, slots: number): Measured {
  const { busyFraction, seconds, trials } = summary
  return {
    ...measured(seconds * slots, seconds * slots * busyFraction, trials),
    contentCreatingRequestsPerCandidate: contentCreating / candidates,
    restRequestsPerCandidate: requests / candidates,
    seconds,
  }
}

/** Asks for an idea, trains it, and asks for the next: no pull request, no sandbox, one trial at a time. */
async function serialLoop(asked: readonly Asked[], program: string): Promise<Measured> {
  const begin = performance.now()
  let [busy, trials] = [0, 0]
  for (const { latencySeconds, runs } of asked) {
    await wait(1000 * latencySeconds)
    for (let run = 0; run < runs; run += 1) {
      const start = performance.now()
      await execa(process.execPath, [program], { env: { AUTORESEARCH_SEED: String(run) } })
      busy += (performance.now() - start) / 1000
      trials += 1
    }
  }
  const seconds = (performance.now() - begin) / 1000
  return {
    ...measured(seconds, busy, trials),
    contentCreatingRequestsPerCandidate: 0,
    restRequestsPerCandidate: 0,
    seconds,
  }
}

async function measure(repetition: number, root: string): Promise<Map<string, Measured>> {
  const random = aRandom(1000 * options.seed + repetition)
  const mean = options['idea-milliseconds'] / 1000
  const latencies = Array.from({ length: options.candidates }, () => mean * (0.5 + random()))
  const found = new Map<string, Measured>()
  const loops: Promise<void>[] = []
  for (const slots of options.slots) {
    const directory = join(root, `${repetition}-${slots}`)
    const job = await runJob(directory, slots, latencies)
    found.set(`run, slots: ${slots}`, measuredOf(job, slots))
    jobs.push(job)
    if (loops.length > 0) continue
    // It sleeps, and so do the jobs with more slots: neither disturbs the other.
    const looping = serialLoop(job.asked, join(directory, 'source/train.mjs'))
    loops.push(looping.then((measured) => void found.set('serial loop', measured)))
  }
  await Promise.all(loops)
  return found
}

const output = new Output('overhead', options)
const root = await mkdtemp(join(tmpdir(), 'autoresearch-overhead-'))
const repetitions: Map<string, Measured>[] = []
const jobs: Job[] = []
try {
  for (let repetition = 1; repetition <= options.repetitions; repetition += 1)
    repetitions.push(await measure(repetition, root))
} finally {
  await rm(root, { recursive: true, force: true, maxRetries: 3 })
}
const rows = [...(repetitions[0]?.keys() ?? [])].map((loop) => {
  const all = repetitions.flatMap((found) => found.get(loop) ?? [])
  const of = (name: keyof Measured, digits: number) => {
    const { mean, error } = meanAndError(all.map((one) => one[name]))
    return { [name]: round(mean, digits), [`${name}Error`]: round(error, digits) }
  }
  return {
    loop,
    ...of('busyFraction', 4),
    ...of('overheadSecondsPerTrial', 2),
    ...of('contentCreatingRequestsPerCandidate', 2),
    ...of('restRequestsPerCandidate', 2),
    ...of('trials', 1),
    ...of('seconds', 1),
    ...of('busyFractionOfFiveMinutes', 4),
  }
})
output.table('loops', 'By loop; errors are standard errors of the mean', rows)
const requests = Map.groupBy(
  jobs.flatMap(({ operations }) => operations),
  (operation) => operation,
)
const candidates = jobs.reduce((sum, job) => sum + job.candidates, 0)
output.table(
  'operations',
  'Requests per candidate, all jobs together',
  [...requests]
    .map(([operation, all]) => ({ operation, perCandidate: round(all.length / candidates, 2) }))
    .sort((a, b) => b.perCandidate - a.perCandidate),
)
output.end()
