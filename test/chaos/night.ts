// One night: jobs of the built action on one repository until all ideas are decided, while GitHub, the network, people, a second
// job and SIGKILL do what the seed says.
import { cp, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Candidate } from '../../src/core/record/candidate.ts'
import type { State } from '../../src/core/record/state.ts'
import { type GitHub, startGitHub } from '../loopback-github/index.ts'
import { USUAL_LAG } from '../loopback-github/lag.ts'
import type { Model } from '../model/server.ts'
import { type FinishedJob, type RunningJob, startJob } from '../runner.ts'
import { actAsPerson } from './acts.ts'
import { chooseTrouble, groupOf, type Trouble } from './faults.ts'
import { CRASHING, IDEAS, startIdeas, writeFiles } from './laboratory.ts'
import { readState } from './ledger.ts'
import { People } from './people.ts'
import { type Asking, heldViolations } from './people-invariants.ts'
import { type Draw, drawsOf } from './random.ts'

export const REPOSITORY = 'acme/night'
const SPEED = 10
const MAX_JOBS = 80
/** More troubles in a row are an outage, which ends a job with words. */
const MAX_IN_A_ROW = 2
const COMPILE_CACHE = fileURLToPath(
  new URL('../../node_modules/.cache/autoresearch-compile-cache', import.meta.url),
)
const FAST_TIME = fileURLToPath(new URL('fast-time.ts', import.meta.url))

export type Form = 'run' | 'jobs'

/** How much of each a night has. */
interface Weather {
  trouble: number
  kill: number
  person: number
  secondJob: boolean
  lagSeconds: number
  maxTroubles: number
}

const CALM: Weather = { trouble: 0, kill: 0, person: 0, secondJob: false, lagSeconds: 0, maxTroubles: 0 }

export interface EndedJob extends FinishedJob {
  name: string
  killed: boolean
}

export class Night implements AsyncDisposable {
  readonly seed: number
  readonly form: Form
  readonly #draw: Draw
  #weather: Weather
  readonly #epoch = Date.now()
  readonly jobs: EndedJob[] = []
  readonly troubles: string[] = []
  readonly askings: Asking[] = []
  readonly #keys = new Map<string, { name: string; began: number }>()
  /** What was wrong with merges that waited for a person. */
  held: readonly string[] = []
  readonly #running = new Map<string, { name: string; job: RunningJob | undefined; killed: boolean }>()
  readonly #inARow = new Map<string, number>()
  readonly #machines = new Set<string>()
  /** By job and kind of request: what else happens at the same time changes no draw. */
  readonly #requests = new Map<string, number>()
  readonly #started = new Map<string, number>()
  #second: Promise<EndedJob> | undefined
  #runs = 0
  #lagSeconds: number | undefined
  directory = ''
  github!: GitHub
  people!: People
  #model!: Model

  /** @param isCalm nothing happens but the night itself */
  static async begin(seed: number, form: Form, isCalm = false): Promise<Night> {
    const night = new Night(seed, form, isCalm)
    await night.#open()
    return night
  }

  private constructor(seed: number, form: Form, isCalm: boolean) {
    this.seed = seed
    this.form = form
    this.#draw = drawsOf(seed)
    this.#weather = isCalm ? CALM : weatherOf(this.#draw)
  }

  async #open(): Promise<void> {
    this.directory = await mkdtemp(join(tmpdir(), 'chaos-'))
    this.#model = await startIdeas((key = '') => {
      const asker = this.#keys.get(key)
      if (asker) this.askings.push({ job: asker.name, began: asker.began, at: Date.now() })
    })
    const { lagSeconds: seconds } = this.#weather
    if (seconds > 0) this.#lagSeconds = seconds
    this.github = await startGitHub({
      now: () => new Date(this.#epoch + (Date.now() - this.#epoch) * SPEED),
      ...(seconds > 0 && { lag: { reads: 1000, seconds } }),
      limits: {
        requestsPerHour: { actions: 1e6, app: 1e6, pat: 1e6 },
        contentPerHour: 1e6,
        contentPerMinute: 1e6,
        pointsPerMinute: 1e6,
      },
      chooseFault: (request) => this.#fault(request),
    })
    const from = join(this.directory, 'files')
    await writeFiles(from, this.#model.baseUrl)
    await this.github.createRepository(REPOSITORY, { from, allowActionsToCreatePullRequests: true })
    this.people = new People(this.github, REPOSITORY)
    await mkdir(COMPILE_CACHE, { recursive: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.github.close(), this.#model.close()])
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5 })
  }

  /** Jobs until every idea is decided, and at last one on every machine that nothing happens to. */
  async play(): Promise<void> {
    await this.#playUntilOver()
    this.held = heldViolations(this.people, this.github.repository(REPOSITORY), await this.state())
    this.#weather = { ...this.#weather, person: 0 }
    await this.people.finish()
    await this.#playUntilOver()
    this.#weather = CALM
    for (const machine of this.#machines) await this.#job('run', machine, { candidates: '0' })
  }

  async #playUntilOver(): Promise<void> {
    while (this.jobs.length < MAX_JOBS && !(await this.#isOver())) {
      if (this.form === 'run') await this.#job('run', 'one', { candidates: await this.#left() })
      else await this.#round()
      await this.#second
      if (this.#draw('resume', this.jobs.length) < 0.5) await this.people.resume()
    }
  }

  async #isOver(): Promise<boolean> {
    const state = await this.state()
    const last = this.jobs.at(-1)
    if (!state || !last || last.killed || last.exitCode !== 0) return false
    const { pulls } = this.github.repository(REPOSITORY)
    const waits = ({ refusal, pullRequest }: Candidate) =>
      refusal !== undefined && pulls.some(({ number, draft }) => draft && number === pullRequest)
    const candidates = [...state.candidates.values()]
    return candidates.length >= IDEAS.length && candidates.every((one) => one.end !== undefined || waits(one))
  }

  async #left(): Promise<string> {
    const state = await this.state()
    return String(Math.max(0, IDEAS.length - (state?.candidates.size ?? 0)))
  }

  /** For how long reads may show what was there before, in milliseconds of a real clock. */
  get lagMilliseconds(): number {
    return (1000 * this.lagSeconds) / SPEED
  }

  /** The same by GitHub's clock. */
  get lagSeconds(): number {
    return this.#lagSeconds ?? USUAL_LAG.seconds
  }

  state(): Promise<State | undefined> {
    return readState(this.github.repository(REPOSITORY).gitDir)
  }

  /** propose, train on two machines, judge. */
  async #round(): Promise<void> {
    this.#runs += 1
    const runId = String(this.#runs)
    const proposed = await this.#job('propose', 'hosted', { candidates: await this.#left() }, { runId })
    const batches = JSON.parse(proposed.outputs.trials ?? '[]') as { head: string }[]
    if (proposed.killed || proposed.exitCode !== 0 || batches.length === 0) return
    const results = join(this.directory, `results-${runId}`)
    await mkdir(results)
    const trainOn = async (machine: number): Promise<void> => {
      for (let index = machine; index < batches.length; index += 2) {
        const inputs = { token: '', trials: JSON.stringify(batches[index]) }
        const trained = await this.#job('train', `gpu${machine}`, inputs, {
          runId,
          ref: batches[index]?.head ?? '',
        })
        const from = trained.outputs.results ?? ''
        if (from !== '' && (await readdir(from).catch(() => [])).length > 0)
          await cp(from, join(results, `batch-${index}`), { recursive: true })
      }
    }
    await Promise.all([trainOn(0), trainOn(1)])
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const judged = await this.#job('judge', 'hosted', { results }, { runId })
      if (!judged.killed || this.#draw('judge again', this.#runs, attempt) < 0.5) return
    }
  }

  async #job(
    command: string,
    machine: string,
    inputs: Record<string, string>,
    options: { runId?: string; ref?: string } = {},
  ): Promise<EndedJob> {
    const place = `${command} on ${machine}`
    const name = `${place} ${nextOf(this.#started, place)}`
    this.#machines.add(machine)
    const { github, directory } = this
    const token = this.#issue('actions')
    const running: { name: string; job: RunningJob | undefined; killed: boolean } = {
      name,
      job: undefined,
      killed: false,
    }
    this.#running.set(token, running)
    const root = join(directory, machine)
    const [home, temporary, toolCache] = ['home', 'tmp', 'tool-cache'].map((folder) =>
      join(root, folder),
    ) as [string, string, string]
    for (const folder of [home, temporary, toolCache]) await mkdir(folder, { recursive: true })
    await symlink(COMPILE_CACHE, join(toolCache, 'autoresearch-compile-cache')).catch(() => undefined)
    const key = `sk-night-${this.#running.size}`
    this.#keys.set(key, { name, began: Date.now() })
    running.job = await startJob({
      serverUrl: github.url,
      apiUrl: github.apiUrl,
      repository: REPOSITORY,
      checkoutToken: this.#issue('actions'),
      inputs: { command, token, 'openai-api-key': key, 'time-budget': '5h', ...inputs },
      directory,
      machine,
      toolCache,
      runId: options.runId ?? String(1000 + this.#running.size),
      ...(process.env.CHAOS_VERBOSE && {
        onLine: (line: string) => console.log(((Date.now() - this.#epoch) / 1000).toFixed(1), name, line),
      }),
      ...(options.ref && { ref: options.ref }),
      environment: {
        HOME: home,
        TMPDIR: temporary,
        CHAOS_SPEED: String(SPEED),
        CHAOS_EPOCH: String(this.#epoch),
        NODE_OPTIONS: `--import=${FAST_TIME}`,
        NODE_NO_WARNINGS: '1',
      },
    })
    const killTraining =
      command === 'train' && this.#draw('kill train', name) < 10 * this.#weather.kill
        ? setTimeout(() => this.#kill(running), 800 * this.#draw('kill train when', name))
        : undefined
    const finished = await running.job.finished
    if (process.env.CHAOS_VERBOSE)
      console.log(name, finished.exitCode, finished.signal, finished.log.slice(-1500))
    clearTimeout(killTraining)
    const ended = { ...finished, name, killed: running.killed || finished.signal === 'SIGKILL' }
    this.jobs.push(ended)
    if (ended.exitCode === 1) await this.people.repair(ended.log, CRASHING)
    return ended
  }

  #issue(kind: 'actions'): string {
    const permissions = {
      contents: 'write',
      pull_requests: 'write',
      checks: 'write',
      issues: 'write',
    } as const
    return this.github.issueToken({ repository: REPOSITORY, kind, permissions })
  }

  #kill(running: { name: string; job: RunningJob | undefined; killed: boolean }): void {
    if (!running.job) return
    running.killed = true
    this.troubles.push(`${running.name} killed`)
    try {
      process.kill(running.job.pid, 'SIGKILL')
    } catch {
      // It has just ended.
    }
  }

  /** What happens to a request of a job; requests of people and of checkouts are left alone. */
  #fault({
    method,
    path,
    secret = '',
  }: {
    method: string
    path: string
    secret: string | undefined
  }): Trouble | undefined {
    const running = this.#running.get(secret)
    if (!running || this.#weather === CALM) return undefined
    const key = `${running.name} ${groupOf(method, path)}`
    const number = nextOf(this.#requests, key)
    const draw = (name: string) => this.#draw(name, key, number)
    const { kill, person, secondJob, trouble, maxTroubles } = this.#weather
    if (secondJob && !this.#second && draw('second') < 0.02) this.#startSecond()
    if (draw('person') < person)
      return { meanwhile: () => actAsPerson(this.people, (name) => draw(`person ${name}`)) }
    if (draw('kill') < kill) {
      this.troubles.push(`${running.name}: ${number} ${method} ${path}: kill`)
      return { meanwhile: () => this.#kill(running), dropResponse: draw('when') < 0.5 ? 'before' : 'after' }
    }
    const inARow = this.#inARow.get(key) ?? 0
    if (draw('trouble') >= trouble || inARow >= MAX_IN_A_ROW || this.troubles.length >= maxTroubles) {
      // A git command asks twice; only the end of its second request is the end of it.
      if (!path.endsWith('/info/refs')) this.#inARow.delete(key)
      return undefined
    }
    const found = chooseTrouble(method, path, draw)
    if (found.delayMs === undefined) this.#inARow.set(key, inARow + 1)
    this.troubles.push(`${running.name}: ${number} ${method} ${path}: ${JSON.stringify(found)}`)
    return found
  }

  #startSecond(): void {
    const command = this.form === 'run' || this.#draw('second command') < 0.5 ? 'run' : 'propose'
    this.troubles.push(`second job: ${command}`)
    this.#second = this.#left().then((candidates) => this.#job(command, 'two', { candidates }))
  }
}

function nextOf(counts: Map<string, number>, key: string): number {
  const next = (counts.get(key) ?? 0) + 1
  counts.set(key, next)
  return next
}

function weatherOf(draw: Draw): Weather {
  const has = (name: string, share: number) => draw(name) < share
  return {
    trouble: has('storm', 0.7) ? 0.02 + 0.1 * draw('trouble') : 0,
    kill: has('kills', 0.5) ? 0.005 + 0.02 * draw('kill rate') : 0,
    person: has('people', 0.4) ? 0.004 + 0.016 * draw('person rate') : 0,
    secondJob: has('second job', 0.4),
    lagSeconds: has('lag', 0.6) ? 1 + 9 * draw('lag seconds') : 0,
    maxTroubles: 40,
  }
}
