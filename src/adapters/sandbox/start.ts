// Starts one bubblewrap process, and holds its command back until every restriction is in force.
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { Duplex, type Readable } from 'node:stream'
import { abandon } from './end.ts'
import { refusedBy } from './error.ts'

/** Numbers of the file descriptors that bubblewrap inherits. */
const HANDSHAKE = 3
export const STATUS = 4
export const SECCOMP = 5
const FIRST_FILE = 6
const START_MILLISECONDS = 30_000

/**
 * The first program inside. It reports that it runs and waits for a reply. If the action is killed before
 * `--die-with-parent` is in force, the reply never comes and the command never starts.
 * Arguments: the command, the maximum file size in blocks of 512 bytes, the maximum number of processes.
 */
const ENTRANCE = [
  `echo ready >&${HANDSHAKE}`,
  `read -r go <&${HANDSHAKE} || exit 125`,
  `exec ${HANDSHAKE}>&-`,
  'ulimit -c 0',
  'ulimit -f "$2" 2>/dev/null',
  'ulimit -n 65536 2>/dev/null',
  // The flag for the number of processes is -u in bash, and -p in dash and busybox.
  'for flag in u p; do (ulimit "-$flag" "$3") 2>/dev/null && ulimit "-$flag" "$3" && break; done',
  'command=$1; set --',
  // SIGTERM reaches all processes at once. If this shell died first, the others would have no time to end cleanly.
  'trap : TERM',
  'eval "$command"',
].join('\n')

/** @returns the command line that bubblewrap runs */
export function entrance(command: string, limits: { fileBytes: number; processes: number }): string[] {
  const blocks = Math.ceil(limits.fileBytes / 512)
  return ['/bin/sh', '-c', ENTRANCE, 'sh', command, String(blocks), String(limits.processes)]
}

/** The file descriptor from which bubblewrap reads each synthetic file. */
export function fileDescriptors(files: Readonly<Record<string, string>>): Record<string, number> {
  return Object.fromEntries(Object.keys(files).map((path, index) => [path, FIRST_FILE + index]))
}

/** The data that bubblewrap reads from its file descriptors. */
export interface Inherited {
  seccomp?: Uint8Array | undefined
  /** Contents of synthetic files, by their path inside the sandbox. */
  files: Readonly<Record<string, string>>
  /** Whether the command has a standard input. */
  hasInput?: boolean
}

export interface Started {
  child: ChildProcess
  /** The sandbox's first process, by its id on the host: when it ends, the kernel ends all others. */
  init: number
  outputs: readonly Readable[]
  /** Starts the command. */
  begin(): void
}

/**
 * Starts bubblewrap and waits until its entrance reports that it runs.
 *
 * @param line the program and its arguments
 * @param environment for the launcher; the sandbox can read it in /proc/1/environ
 * @returns undefined when `signal` aborted before the sandbox was ready
 * @throws SandboxError when bubblewrap could not create the sandbox
 */
export async function startBubblewrap(
  line: readonly string[],
  environment: Readonly<Record<string, string>>,
  { seccomp, files, hasInput = false }: Inherited,
  signal: AbortSignal,
): Promise<Started | undefined> {
  if (signal.aborted) return undefined
  const child = spawnSealed(line, environment, { hasInput, syntheticFiles: Object.keys(files).length })
  const [handshake, status, filter] = [HANDSHAKE, STATUS, SECCOMP].map((number) => pipeOf(child, number))
  filter?.end(seccomp)
  for (const [path, number] of Object.entries(fileDescriptors(files))) pipeOf(child, number).end(files[path])
  const outputs = [child.stdout, child.stderr].filter((stream) => stream !== null)
  const patience = AbortSignal.any([signal, AbortSignal.timeout(START_MILLISECONDS)])
  try {
    if (!handshake || !status) throw new Error('bubblewrap was started without its descriptors')
    const init = await standing(child, handshake, status, patience)
    return { child, init, outputs, begin: () => handshake.end('go\n') }
  } catch (error) {
    for (const stream of child.stdio) stream?.destroy()
    await abandon(child)
    if (signal.aborted) return undefined
    throw error
  }
}

/** Resolves to the sandbox's first process once the entrance has reported. */
function standing(
  child: ChildProcess,
  handshake: Readable,
  status: Readable,
  patience: AbortSignal,
): Promise<number> {
  return new Promise((resolve, reject) => {
    let [reported, printed, greeting] = ['', '', '']
    const look = (): void => {
      const init = /"child-pid": *(\d+)[,\s}]/.exec(reported)?.[1]
      if (init === undefined || !greeting.includes('ready')) return
      child.stderr?.off('data', onError).pause()
      resolve(Number(init))
    }
    const onError = (text: Buffer): void => {
      printed = (printed + text.toString()).slice(-2000)
    }
    child.stderr?.on('data', onError)
    status.on('data', (text: Buffer) => {
      reported += reported.length < 10_000 ? text.toString() : ''
      look()
    })
    handshake.on('data', (text: Buffer) => {
      greeting += greeting.length < 100 ? text.toString() : ''
      look()
    })
    child.once('error', reject)
    // `close`, not `exit`, because by then everything that bubblewrap printed has been read.
    child.once('close', () => reject(refusedBy(printed)))
    patience.addEventListener('abort', () => reject(refusedBy(printed)), {
      once: true,
    })
  })
}

function pipeOf(child: ChildProcess, number: number): Duplex {
  const stream: unknown = child.stdio[number]
  if (!(stream instanceof Duplex)) throw new Error(`descriptor ${number} is not a pipe`)
  // The reader may have ended already; its exit code reports the reason.
  stream.on('error', () => {})
  return stream
}

/**
 * Starts bubblewrap without foreign descriptors. Node passes on every descriptor that it inherited itself, and a descriptor
 * of a host folder would give access to the host.
 */
function spawnSealed(
  line: readonly string[],
  environment: Readonly<Record<string, string>>,
  { hasInput, syntheticFiles }: { hasInput: boolean; syntheticFiles: number },
): ChildProcess {
  const [file = '', ...args] = line
  const own = FIRST_FILE + syntheticFiles
  const nothing = openSync('/dev/null', 'r')
  try {
    const inherited = new Set(inheritedDescriptors())
    const last = Math.max(own - 1, ...inherited)
    const stdio = Array.from({ length: last + 1 }, (_, number) => {
      if (number === 0) return hasInput ? 'pipe' : 'ignore'
      if (number < own) return 'pipe'
      return inherited.has(number) ? nothing : 'ignore'
    })
    // Runs in `/`, because the sandbox can read the working folder's path in /proc/1/environ.
    return spawn(file, args, { cwd: '/', env: { ...environment }, stdio })
  } finally {
    closeSync(nothing)
  }
}

const CLOSE_ON_EXEC = 0o2000000

function inheritedDescriptors(): number[] {
  return readdirSync('/proc/self/fd')
    .map(Number)
    .filter((number) => {
      try {
        const flags = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${number}`, 'utf8'))?.[1]
        return flags !== undefined && (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0
      } catch {
        // The descriptor that listed the folder is closed by now.
        return false
      }
    })
}
