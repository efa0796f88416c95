/** Objects of one repository, read by one git process that lives as long as the server: a test asks for dozens. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { GIT_ENVIRONMENT } from './run-git.ts'

export interface GitObject {
  readonly sha: string
  readonly type: string
  readonly content: Buffer
}

const MISSING = / (?:missing|ambiguous)$/
const NEWLINE = 10

export class ObjectReader {
  readonly #directory: string
  readonly #waiting: { answer(object: GitObject | undefined): void; fail(error: Error): void }[] = []
  #process: ChildProcessByStdio<Writable, Readable, null> | undefined
  #unread: Buffer = Buffer.alloc(0)

  constructor(directory: string) {
    this.#directory = directory
  }

  /** @param name as `git rev-parse` takes it, without a line break: a SHA, a full ref, `SHA^{tree}` */
  read(name: string): Promise<GitObject | undefined> {
    if (name.includes('\n')) return Promise.resolve(undefined)
    return new Promise((answer, fail) => {
      this.#waiting.push({ answer, fail })
      this.#started().stdin.write(`${name}\n`)
    })
  }

  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    if (!this.#process) return
    this.#process.once('close', () => resolve())
    this.#process.stdin.end()
    await promise
  }

  #started() {
    if (this.#process) return this.#process
    const child = spawn('git', ['cat-file', '--batch'], {
      cwd: this.#directory,
      env: GIT_ENVIRONMENT,
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    child.stdin.on('error', () => undefined)
    child.stdout.on('data', (bytes: Buffer) => this.#receive(bytes))
    child.on('error', (error) => this.#end(error))
    child.on('close', () => this.#end(new Error(`git cat-file ended in ${this.#directory}`)))
    this.#process = child
    return child
  }

  #end(error: Error): void {
    this.#process = undefined
    for (const { fail } of this.#waiting.splice(0)) fail(error)
  }

  #receive(bytes: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, bytes])
    for (;;) {
      const end = this.#unread.indexOf(NEWLINE)
      if (end < 0) return
      const line = this.#unread.toString('utf8', 0, end)
      const [sha = '', type = '', size] = line.split(' ')
      const isMissing = MISSING.test(line)
      // The content is followed by a line break of its own.
      const next = isMissing ? end + 1 : end + 1 + Number(size) + 1
      if (this.#unread.length < next) return
      const content = this.#unread.subarray(end + 1, next - 1)
      this.#unread = this.#unread.subarray(next)
      this.#waiting.shift()?.answer(isMissing ? undefined : { sha, type, content })
    }
  }
}
