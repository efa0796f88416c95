// One attempt of a coding agent: writes its folder, runs it, and turns the folder's changes into a proposal.
import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Statement } from '../../core/propose/agent.ts'
import { cannotOf, readStatement } from '../../core/propose/hand-in.ts'
import { takeChanges } from '../../core/propose/left-behind.ts'
import { findRefusedAccess } from '../../core/propose/refused-access.ts'
import { agentTask } from '../../core/propose/task.ts'
import { type FileEdits, NO_USAGE, type Usage } from '../../core/record/candidate.ts'
import type { SandboxExit } from '../../core/sandbox/sandbox.ts'
import { visibleText } from '../../core/text/markdown.ts'
import { formatSeconds } from '../../core/text/numbers.ts'
import { SecretWatch } from '../../core/text/redaction.ts'
import type { NothingCause, ProposalRequest, ProposalResult } from '../../ports/proposer.ts'
import { makeFolder, removeFolder } from '../leftovers.ts'
import { readBoundedFile } from '../trainer/bounded-file.ts'
import { readFolder, writeFolder } from './folder.ts'
import { writePast } from './past-files.ts'
import { type AgentEnd, type AgentRun, runAgent } from './run-agent.ts'

export interface AttemptOptions extends Pick<AgentRun, 'sandbox' | 'settings' | 'environment'> {
  secrets: readonly string[]
  request: ProposalRequest
}

const MAX_STATEMENT_BYTES = 64 * 1024
const MAX_TOLD_CHARACTERS = 1000
const MAX_REASON_CHARACTERS = 500
const MAX_TAIL_CHARACTERS = 200
const ACCESS_WORDS = { key: 'its key or login was refused', money: 'its account has no money left' }

export class Attempt {
  readonly #options: AttemptOptions
  readonly #secrets: SecretWatch
  #usage: Usage = NO_USAGE
  /** Why the agent's change was refused, for its next attempt; undefined when it was not. */
  refusal: string | undefined

  constructor(options: AttemptOptions) {
    this.#options = options
    this.#secrets = new SecretWatch(options.secrets)
  }

  /** @param refused why the previous attempt was refused, if it was */
  async run(refused: string | undefined): Promise<ProposalResult> {
    const { request, ...same } = this.#options
    const scratch = await makeFolder(tmpdir(), 'agent')
    const out = join(scratch, 'out')
    try {
      await mkdir(join(out, 'tree'), { recursive: true })
      await writeFolder(join(out, 'tree'), request.files, request.executable)
      await writePast(join(scratch, 'past'), request.past)
      const task = agentTask(request.brief, request.checks, refused)
      const end = await runAgent({ ...same, task, scratch, signal: request.signal })
      return await this.#take(end, out)
    } finally {
      await removeFolder(scratch)
    }
  }

  async #take(end: AgentEnd, out: string): Promise<ProposalResult> {
    const { request, settings } = this.#options
    const { files: before, editable, addable } = request
    const left = await readFolder(join(out, 'tree'), before)
    const { files, problems } = takeChanges(before, editable, left, addable)
    const json = await readBoundedFile(join(out, 'proposal.json'), MAX_STATEMENT_BYTES)
    const handedIn = readStatement(json, this.#secrets.redact(end.output.text), before, files)
    // Recorded even when the agent failed, because its tokens were paid for. What it prints is better known than what its model says.
    this.#usage = end.output.usage ?? (handedIn.kind === 'statement' ? handedIn.usage : NO_USAGE)
    if (request.signal.aborted) return this.#nothing('stopped')
    const failure = failureOf(end.exit, settings.timeoutSeconds)
    if (failure) return this.#fail(end, `${failure}${this.#lastWords(end)}`)
    if (problems.length > 0) return this.#refuse(problems)
    if (files.size === 0) return this.#answer(end)
    if (handedIn.kind === 'malformed') return this.#refuse([handedIn.problem])
    return this.#review(files, handedIn.statement)
  }

  async #review(files: FileEdits, statement: Statement): Promise<ProposalResult> {
    for (const text of files.values()) this.#secrets.push(`${text ?? ''}\0`)
    if (this.#secrets.found) return this.#refuse(['The change contains a secret of this job.'])
    const problems = this.#options.request.review({ files })
    if (problems.length > 0) return this.#refuse(problems)
    const failed = await this.#failedCheck(files)
    if (failed !== undefined) return this.#refuse([failed])
    const told = (text: string) => this.#publishable(text, MAX_TOLD_CHARACTERS)
    const [title, hypothesis] = [told(statement.title), told(statement.hypothesis)]
    const { category } = statement
    const proposal = { title, hypothesis, category, expectedEffect: told(statement.expectedEffect), files }
    return { kind: 'proposal', proposal, usage: this.#usage }
  }

  /** What the quick checks say against the change; undefined when they pass, or fail without it as well. */
  async #failedCheck(files: FileEdits): Promise<string | undefined> {
    const { check } = this.#options.request
    const report = await check?.(files)
    if (check === undefined || report === undefined || report.passed) return undefined
    return (await check(new Map())).passed ? `The quick checks fail: ${report.text}` : undefined
  }

  #refuse(problems: readonly string[]): ProposalResult {
    this.refusal = this.#secrets.redact(problems.join(' '))
    return this.#nothing(`refused: ${problems.join(' ')}`)
  }

  /** @param reason why there is no change */
  #fail(end: AgentEnd, reason: string): ProposalResult {
    const access = findRefusedAccess(end.output.errors)
    const { reached, blocked, unreachable } = end.hosts
    const isCutOff = reached.length === 0
    const needsPerson = isMissing(end.exit) || access !== undefined || (isCutOff && blocked.length > 0)
    const quote = this.#publishable(access?.quote ?? '', MAX_TAIL_CHARACTERS)
    const words = access ? `${ACCESS_WORDS[access.kind]}: ${quote}; ${reason}` : reason
    if (needsPerson) return { ...this.#nothing(words, 'unreachable'), exhausted: true }
    return this.#nothing(reason, isCutOff && unreachable.length > 0 ? 'unreachable' : undefined)
  }

  /** An agent that changed nothing may answer that a person's request cannot be fulfilled. */
  #answer(end: AgentEnd): ProposalResult {
    const cannot = this.#options.request.personRequest === undefined ? undefined : cannotOf(end.output.text)
    if (cannot !== undefined) return this.#nothing(cannot, 'cannot')
    return this.#fail(end, `it changed nothing${this.#lastWords(end)}`)
  }

  #nothing(reason: string, cause?: NothingCause): Extract<ProposalResult, { kind: 'nothing' }> {
    const maxCharacters = cause === 'cannot' ? MAX_TOLD_CHARACTERS : MAX_REASON_CHARACTERS
    const shown = this.#publishable(reason, maxCharacters)
    return { kind: 'nothing', reason: shown, usage: this.#usage, exhausted: false, ...(cause && { cause }) }
  }

  /** Redacts secrets before the text is shortened, and again after invisible characters that could hide them are removed. */
  #publishable(text: string, maxCharacters: number): string {
    return this.#secrets.redact(visibleText(this.#secrets.redact(text), maxCharacters))
  }

  /** What helps a person to find out why an agent did nothing: hosts it did not reach, and the end of its output. */
  #lastWords({ output: { lastWords }, hosts: { blocked, unreachable } }: AgentEnd): string {
    const tail = this.#publishable(lastWords.slice(-MAX_TAIL_CHARACTERS * 4), MAX_TAIL_CHARACTERS * 4)
    const hosts = [
      blocked.length > 0 ? `; blocked hosts (add to \`hosts\`): ${blocked.join(', ')}` : '',
      unreachable.length > 0 ? `; hosts that could not be reached: ${unreachable.join(', ')}` : '',
    ].join('')
    return `${hosts}${tail === '' ? '' : `; end of its output: ${tail.slice(-MAX_TAIL_CHARACTERS)}`}`
  }
}

/** The shell's exit codes for a program that does not exist or is not executable. Only a person can fix that. */
function isMissing({ code }: SandboxExit): boolean {
  return code === 126 || code === 127
}

function failureOf(
  { code, signal, timedOut, exceeded }: SandboxExit,
  timeoutSeconds: number,
): string | undefined {
  if (timedOut) return `killed after ${formatSeconds(timeoutSeconds)}`
  if (exceeded !== undefined) return `stopped at the limit of ${exceeded}`
  if (code === 0) return undefined
  return code === null ? `ended by ${signal}` : `exit code ${code}`
}
