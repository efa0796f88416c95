// Any coding agent as a proposer: runs its command in a sandbox whose only network is the model's host, and takes the
// difference it leaves as the proposal. Nothing of what it leaves is executed or given to git here.
import { existsSync, realpathSync } from 'node:fs'
import { mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { agentTask, readStatement, taskVariable } from '../../core/agent/hand-in.ts'
import { takeChanges } from '../../core/agent/left-behind.ts'
import { NO_USAGE, type Proposal, type Usage } from '../../core/candidate.ts'
import type { CommandConfig } from '../../core/config/config.ts'
import { visibleText } from '../../core/report/markdown.ts'
import { withoutTrust } from '../../core/sandbox/refusal.ts'
import type { Mount, SandboxExit } from '../../core/sandbox/sandbox.ts'
import { SecretWatch } from '../../core/secrets.ts'
import { formatSeconds } from '../../core/text.ts'
import type { ProposalRequest, ProposalResult, Proposer } from '../../ports.ts'
import { SandboxError } from '../sandbox/error.ts'
import { openSandbox, removeTree, type Sandbox } from '../sandbox/sandbox.ts'
import { readBoundedFile } from '../trainer/bounded-file.ts'
import { agentEnvironment } from '../trainer/environment.ts'
import { type AgentPlan, BRIDGE, INSIDE } from './bridge.ts'
import { readFolder, writeFolder } from './folder.ts'
import { type ModelProxy, startProxy } from './proxy.ts'

export interface CommandSettings extends Omit<CommandConfig, 'kind' | 'secrets'> {
  /** The agent's own secrets, by the name of their variable: nobody else gets them. */
  secrets: Readonly<Record<string, string>>
}

export interface CommandOptions {
  /** The environment of this process; an agent sees only the names on the allowlist. */
  environment: NodeJS.ProcessEnv
  /** Everything that must not be published, the agent's own secrets included. */
  jobSecrets: readonly string[]
}

const CAPS = { outBytes: 1024 ** 3, processes: 1024 }
const MAX_STATEMENT_BYTES = 64 * 1024
const MAX_OUTPUT_CHARACTERS = 32_000
const MAX_REASON_CHARACTERS = 500
const MAX_TAIL_CHARACTERS = 200

/** Programs that do not bring the certificates of authorities with them look for them here. */
const CERTIFICATES = ['/etc/ssl/certs', '/etc/pki/tls/certs', '/etc/pki/ca-trust/extracted']

/**
 * Makes a proposer that runs an agent. Whatever the agent does wrong is a `nothing`.
 *
 * @throws SandboxError when it is asked and there is no sandbox: an agent is never run without one
 */
export function createCommandProposer(settings: CommandSettings, options: CommandOptions): Proposer {
  let opened: Promise<Sandbox> | undefined
  /** Why the last attempt was refused: the agent cannot be told within one attempt. */
  let refused: string | undefined
  return {
    name: `command ${settings.name}`,
    propose: async (request) => {
      opened ??= openSandbox('bubblewrap')
      const sandbox = await opened.catch(explainMissing)
      const attempt = new Attempt(settings, options, request)
      const result = await attempt.run(sandbox, refused)
      refused = attempt.refusal
      return result
    },
  }
}

/** What helps a trial does not help here: there is no agent without a sandbox. */
function explainMissing(error: unknown): never {
  if (!(error instanceof SandboxError)) throw error
  throw new SandboxError(withoutTrust({ message: error.message, hint: error.hint }), error)
}

interface Ended {
  exit: SandboxExit
  /** The end of what it printed, without secrets. */
  output: string
  refusedHosts: readonly string[]
}

/** One candidate. */
class Attempt {
  readonly #settings: CommandSettings
  readonly #options: CommandOptions
  readonly #request: ProposalRequest
  readonly #secrets: SecretWatch
  #usage: Usage = NO_USAGE
  /** For the agent, when it left a change that could not be taken. */
  refusal: string | undefined

  constructor(settings: CommandSettings, options: CommandOptions, request: ProposalRequest) {
    this.#settings = settings
    this.#options = options
    this.#request = request
    this.#secrets = new SecretWatch([...options.jobSecrets, ...Object.values(settings.secrets)])
  }

  async run(sandbox: Sandbox, refused: string | undefined): Promise<ProposalResult> {
    const scratch = await mkdtemp(join(tmpdir(), 'autoresearch-agent-'))
    const out = join(scratch, 'out')
    try {
      await mkdir(join(out, 'tree'), { recursive: true })
      await writeFolder(join(out, 'tree'), this.#request.files)
      const proxy = await startProxy({ socketPath: join(scratch, 's'), hosts: this.#settings.hosts })
      const ended = await this.#start(sandbox, scratch, proxy, refused).finally(() => proxy.close())
      return await this.#take(ended, out)
    } finally {
      await removeTree(scratch)
    }
  }

  async #start(
    sandbox: Sandbox,
    scratch: string,
    { refused: refusedHosts }: ModelProxy,
    refused: string | undefined,
  ): Promise<Ended> {
    const task = agentTask(this.#request.brief, refused)
    const { read, timeoutSeconds } = this.#settings
    let output = ''
    const exit = await sandbox.run({
      command: `exec ${INSIDE.node} ${INSIDE.bridge}`,
      places: { source: join(scratch, 'out'), out: join(scratch, 'out') },
      outWritable: true,
      accelerators: false,
      environment: agentEnvironment(this.#options.environment),
      timeoutSeconds,
      caps: CAPS,
      read,
      mounts: [
        { kind: 'read', from: realpathSync(process.execPath), to: INSIDE.node },
        { kind: 'write', from: join(scratch, 's'), to: INSIDE.socket },
        ...CERTIFICATES.filter((path) => existsSync(path)).map(
          (path): Mount => ({ kind: 'read', from: realpathSync(path), to: path }),
        ),
      ],
      files: {
        [INSIDE.bridge]: BRIDGE,
        [INSIDE.brief]: task,
        [INSIDE.plan]: JSON.stringify(this.#plan(task)),
      },
      onOutput: (text) => {
        output = (output + text).slice(-MAX_OUTPUT_CHARACTERS)
      },
      signal: this.#request.signal,
    })
    return { exit, output: this.#secrets.redact(output.toWellFormed()), refusedHosts: [...refusedHosts] }
  }

  #plan(task: string): AgentPlan {
    const { run, env, secrets } = this.#settings
    return {
      command: run,
      environment: {
        ...env,
        ...secrets,
        AUTORESEARCH_BRIEF: taskVariable(task, INSIDE.brief),
        AUTORESEARCH_BRIEF_FILE: INSIDE.brief,
        AUTORESEARCH_PROPOSAL: INSIDE.proposal,
      },
    }
  }

  async #take(ended: Ended, out: string): Promise<ProposalResult> {
    if (this.#request.signal.aborted) return this.#nothing('stopped')
    const failure = failureOf(ended.exit, this.#settings.timeoutSeconds)
    if (failure) return this.#nothing(`${failure}${lastWords(ended)}`)
    const { files: before, editable } = this.#request
    const { files, problems } = takeChanges(before, editable, await readFolder(join(out, 'tree'), before))
    const json = await readBoundedFile(join(out, 'proposal.json'), MAX_STATEMENT_BYTES)
    const handedIn = readStatement(json, ended.output, before, files)
    if (handedIn.kind === 'statement') this.#usage = handedIn.usage
    if (problems.length > 0) return this.#refuse(problems)
    if (files.size === 0) return this.#nothing(`it changed nothing${lastWords(ended)}`)
    if (handedIn.kind === 'malformed') return this.#refuse([handedIn.problem])
    const told = Object.entries(handedIn.statement).map(([field, text]) => [
      field,
      this.#secrets.redact(text),
    ])
    return this.#review(files, { ...handedIn.statement, ...Object.fromEntries(told) })
  }

  #review(files: ReadonlyMap<string, string>, statement: Omit<Proposal, 'files'>): ProposalResult {
    for (const text of files.values()) this.#secrets.push(`${text}\0`)
    if (this.#secrets.found) return this.#refuse(['The change holds a secret of this job.'])
    const problems = this.#request.review({ files })
    if (problems.length > 0) return this.#refuse(problems)
    return { kind: 'proposal', proposal: { ...statement, files }, usage: this.#usage }
  }

  #refuse(problems: readonly string[]): ProposalResult {
    this.refusal = this.#secrets.redact(problems.join(' '))
    return this.#nothing(`refused: ${problems.join(' ')}`)
  }

  #nothing(reason: string): ProposalResult {
    const shown = visibleText(this.#secrets.redact(reason), MAX_REASON_CHARACTERS)
    return { kind: 'nothing', reason: shown, usage: this.#usage, exhausted: false }
  }
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

/** What a person needs to see why an agent did nothing. */
function lastWords({ output, refusedHosts }: Ended): string {
  const tail = visibleText(output.slice(-MAX_TAIL_CHARACTERS * 4), MAX_TAIL_CHARACTERS * 4).slice(
    -MAX_TAIL_CHARACTERS,
  )
  const hosts = refusedHosts.length > 0 ? `; it asked in vain for ${refusedHosts.join(', ')}` : ''
  return `${hosts}${tail === '' ? '' : `; its last words: ${tail}`}`
}
