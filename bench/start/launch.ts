// Starts the action as the runner does and times its first lines. Its `git` refuses at once, so that no time is that of a
// network or of other processes: the first line it writes for people is the end of loading, and an error.
import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { groupTrials } from '../../src/core/trial/batch.ts'
import { aTrial } from '../../test/factories.ts'
import { jobEnvironment } from '../../test/runner.ts'

/** Milliseconds from the call that starts the process. */
export interface StartTimes {
  /** First line of any kind. */
  firstLine: number
  /** First line that people see in the log; null if there was none. */
  message: number | null
  end: number
}

/** Runner commands that hide a secret: nobody sees them, and they may come before a command's own modules are loaded. */
const UNSEEN = '::add-mask::'
const TIMEOUT_MILLISECONDS = 60_000
/** Not an outage, which the action might wait out. */
const GIT = `#!/bin/sh\necho "fatal: Authentication failed for 'http://127.0.0.1'" >&2\nexit 128\n`

/** A machine that jobs are started on, one after the other. */
export class Machine {
  readonly #root = mkdtempSync(join(tmpdir(), 'bench-start-'))
  readonly #bin = join(this.#root, 'bin')
  readonly #keepsCaches: boolean
  #started = 0

  /** @param keepsCaches what one start leaves in the home, tool cache and temporary directory is there for the next */
  constructor(keepsCaches: boolean) {
    this.#keepsCaches = keepsCaches
    mkdirSync(this.#bin)
    writeFileSync(join(this.#bin, 'git'), GIT)
    chmodSync(join(this.#bin, 'git'), 0o755)
  }

  /** A script of this machine, to be started without the action. */
  script(name: string, source: string): string {
    const path = join(this.#root, name)
    writeFileSync(path, source)
    return path
  }

  start(script: string, command: string): Promise<StartTimes> {
    this.#started += 1
    const job = this.#makeFolder(`job-${this.#started}`)
    const caches = this.#makeFolder(this.#keepsCaches ? 'caches' : `caches-${this.#started}`)
    const environment = this.#environment(job, caches, command)
    return timeStart(script, { cwd: environment.GITHUB_WORKSPACE ?? job, env: environment })
  }

  remove(): void {
    rmSync(this.#root, { recursive: true, force: true })
  }

  #makeFolder(name: string): string {
    const path = join(this.#root, name)
    for (const inside of ['workspace', 'temp', 'tool-cache', 'home'])
      mkdirSync(join(path, inside), { recursive: true })
    return path
  }

  #environment(job: string, caches: string, command: string): Record<string, string> {
    const files = {
      root: job,
      workspace: join(job, 'workspace'),
      temporary: join(job, 'temp'),
      output: join(job, 'output'),
      summary: join(job, 'summary.md'),
    }
    for (const file of [files.output, files.summary]) writeFileSync(file, '')
    const runner = {
      // Nobody listens at this port.
      serverUrl: 'http://127.0.0.1:9',
      apiUrl: 'http://127.0.0.1:9',
      repository: 'acme/research',
      inputs: inputsOf(command),
      toolCache: join(caches, 'tool-cache'),
    }
    return {
      ...jobEnvironment(runner, files),
      PATH: this.#bin,
      HOME: join(caches, 'home'),
      TMPDIR: join(caches, 'temp'),
    }
  }
}

/** Every command gets a token and a model's key except `train`, which gets a trial. */
function inputsOf(command: string): Record<string, string> {
  if (command !== 'train') return { command, token: 'ghs_start', 'openai-api-key': 'sk-start' }
  return { command, 'agent-environment': 'KEY=sk-start', trials: JSON.stringify(groupTrials([aTrial()])[0]) }
}

/**
 * @returns when the process has ended; it is killed once it has said something to people
 * @throws Error when it says nothing at all, or hangs
 */
function timeStart(
  script: string,
  options: { cwd: string; env: Readonly<Record<string, string>> },
): Promise<StartTimes> {
  return new Promise((resolve, reject) => {
    const begun = performance.now()
    const child = spawn(process.execPath, [script], { ...options, timeout: TIMEOUT_MILLISECONDS })
    const elapsed = () => performance.now() - begun
    let [output, errors] = ['', '']
    let firstLine: number | undefined
    let message: number | null = null
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk
      const lines = output.split('\n').slice(0, -1)
      if (lines.length > 0) firstLine ??= elapsed()
      if (message !== null || lines.every((line) => line.startsWith(UNSEEN))) return
      message = elapsed()
      child.kill('SIGKILL')
    })
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      errors += chunk
    })
    child.on('error', reject)
    child.on('close', (code, signal) => {
      const end = elapsed()
      if (firstLine !== undefined) return resolve({ firstLine, message, end })
      reject(new Error(`${script} ended with ${code ?? signal} and wrote no line: ${errors.trim()}`))
    })
  })
}
