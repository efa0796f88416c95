// What every sandbox test needs: places on disk, attacks to run in them, a second user, and a look at what is left.
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import { removeTree } from '../../src/adapters/remove-tree.ts'
import type { Sandbox, SandboxRequest } from '../../src/adapters/sandbox/request.ts'
import { openSandbox } from '../../src/adapters/sandbox/sandbox.ts'
import type { Places, SandboxExit } from '../../src/core/sandbox/sandbox.ts'

export const ATTACKS = join(import.meta.dirname, '../fixtures/attacks')
const PROGRAM = join(import.meta.dirname, 'sandbox-program.ts')
const NOBODY = 65534

const INSTALLED = spawnSync('bwrap', ['--version']).status === 0
/** A person without bubblewrap may run the other tests; on CI these must run. */
export const SKIP = !INSTALLED && process.env.CI !== 'true'
if (SKIP) console.warn('The sandbox is not tested: run `sudo apt-get install -y bubblewrap` first.')

/** Root is tested as root and as somebody else, because the kernel treats it differently. */
export const USERS = process.getuid?.() === 0 ? (['me', 'nobody'] as const) : (['me'] as const)
export type User = (typeof USERS)[number]

/** A folder that both users may work in. Whoever makes it removes it. */
export function sharedFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sandbox-test-'))
  chmodSync(folder, 0o777)
  return folder
}

/** The same, until the test is over. */
export function scratch(): string {
  const folder = sharedFolder()
  onTestFinished(() => removeTree(folder))
  return folder
}

export function somePlaces(user: User = 'me'): Places & { data: string; shim: string } {
  const folder = scratch()
  const at = (name: string): string => {
    const path = join(folder, name)
    mkdirSync(path)
    if (user === 'nobody') chownSync(path, NOBODY, NOBODY)
    return path
  }
  return { source: at('source'), data: at('data'), out: at('out'), shim: at('shim') }
}

export type Asked = Partial<Omit<SandboxRequest, 'places'>> & {
  command: string
  places?: Places
  user?: User
}

function complete({ user, ...asked }: Asked): SandboxRequest {
  return {
    places: somePlaces(user),
    outWritable: true,
    environment: { PATH: '/usr/bin:/bin' },
    timeoutSeconds: 30,
    caps: { outBytes: 20e6, processes: 64 },
    onOutput: () => {},
    signal: new AbortController().signal,
    ...asked,
    read: [ATTACKS, ...(asked.read ?? [])],
  }
}

let opened: Promise<Sandbox> | undefined

/** How a command ended, apart from how much memory it had: that differs from run to run. */
export interface Outcome {
  exit: SandboxExit
  output: string
  peakMemoryBytes: number | undefined
}

function apart({ exit: { peakMemoryBytes, ...exit }, output }: Pick<Outcome, 'exit' | 'output'>): Outcome {
  return { exit, output, peakMemoryBytes }
}

/** Runs a command in the sandbox, as this user or another one. */
export async function inSandbox(asked: Asked): Promise<Outcome> {
  if (asked.user === 'nobody') return asNobody(asked)
  opened ??= openSandbox('bubblewrap')
  const sandbox = await opened
  let output = ''
  const request = complete(asked)
  const onOutput: typeof request.onOutput = (piece, stream) => {
    output += piece
    request.onOutput(piece, stream)
  }
  const exit = await sandbox.run({ ...request, onOutput })
  return apart({ exit, output })
}

/** Runs a command in the sandbox, and keeps nothing of what it prints. */
export async function inSandboxUnkept(
  command: string,
  onOutput: (text: string) => void,
  timeoutSeconds = 60,
): Promise<Pick<Outcome, 'exit'>> {
  opened ??= openSandbox('bubblewrap')
  const sandbox = await opened
  const caps = { outBytes: 1e6, processes: 64 }
  return { exit: await sandbox.run(complete({ command, caps, timeoutSeconds, onOutput })) }
}

/** Runs a command with nothing around it: what an attack finds when it is not held back. */
export async function unprotected(asked: Asked): Promise<Outcome> {
  let output = ''
  const onOutput = (piece: string): void => {
    output += piece
  }
  const sandbox = await openSandbox('none')
  const exit = await sandbox.run({ ...complete(asked), onOutput })
  return apart({ exit, output })
}

/** Starts a process of its own that runs the command in the sandbox. */
export function startProgram(
  asked: Asked,
  inherited: readonly (number | 'ignore')[] = [],
): ReturnType<typeof spawn> {
  const as = asked.user === 'nobody' ? `setpriv --reuid ${NOBODY} --regid ${NOBODY} --clear-groups` : 'env'
  const [file = '', ...args] = as.split(' ')
  const child = spawn(file, [...args, process.execPath, PROGRAM], {
    cwd: '/',
    env: { ...process.env, HOME: '/nonexistent' },
    stdio: ['pipe', 'pipe', 'pipe', ...inherited],
  })
  child.stdin?.end(JSON.stringify(complete(asked)))
  return child
}

export async function outcomeOf(child: ReturnType<typeof spawn>): Promise<Outcome> {
  if (!child.stdout || !child.stderr) throw new Error('the program was started without pipes')
  const [answer, errors] = await Promise.all([text(child.stdout), text(child.stderr)])
  if (answer === '') throw new Error(`the program failed: ${errors}`)
  return apart(JSON.parse(answer) as Pick<Outcome, 'exit' | 'output'>)
}

async function asNobody(asked: Asked): Promise<Outcome> {
  return outcomeOf(startProgram(asked))
}

/** The host's processes that were started with this word among their arguments. */
export function survivors(marker: string): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(marker)
    } catch {
      return false
    }
  })
}
