// Runs commands in bubblewrap: finds it, checks that it works on this machine, and runs each command in a new sandbox.
import { totalmem } from 'node:os'
import { execa } from 'execa'
import { INSTALL, UPDATE } from '../../core/sandbox/refusal.ts'
import {
  bubblewrapArguments,
  type ExceededCap,
  insidePlaces,
  type Mount,
  placedEnvironment,
  type SandboxExit,
  SYNTHETIC_FILES,
  writableFolders,
} from '../../core/sandbox/sandbox.ts'
import { seccompFilter } from '../../core/sandbox/seccomp.ts'
import type { Exit } from '../../core/trial/metric.ts'
import { ended, exitOf, SandboxEnd } from './end.ts'
import { refusedBy, SandboxError } from './error.ts'
import { connect } from './output-lines.ts'
import { findProgram, pinToCores } from './programs.ts'
import type { Sandbox, SandboxRequest } from './request.ts'
import {
  type CapScope,
  findKernelCaps,
  type KernelCaps,
  SPARE_PROCESSES,
  thisMachine,
} from './resource-caps.ts'
import { entrance, fileDescriptors, SECCOMP, STATUS, type Started, startBubblewrap } from './start.ts'
import { machineMounts, sealedProc, secretProc, systemMounts, toolMounts } from './tool-mounts.ts'
import { usesMoreThan } from './watch/files.ts'
import type { Watched } from './watch/processes.ts'
import { watchSandbox } from './watch/watch.ts'

interface Installation {
  file: string
  system: readonly Mount[]
  seccomp: Uint8Array | undefined
  caps: KernelCaps
}

/** Time to read what is left in the pipes after every writer has ended. */
const DRAIN_MILLISECONDS = 2000
const MAX_TEMPORARY_BYTES = 2 * 1024 ** 3
const OLDEST = [0, 8]

/** @throws SandboxError when bubblewrap is missing, too old, or not permitted on this machine */
export async function openBubblewrap(): Promise<Sandbox> {
  const file = await findProgram('bwrap')
  if (file === undefined) throw new SandboxError(INSTALL)
  const version = await versionOf(file)
  const installation: Installation = {
    file,
    system: systemMounts(),
    seccomp: seccompFilter(process.arch),
    caps: await findKernelCaps(await thisMachine()),
  }
  const sandbox: Sandbox = {
    level: 'bubblewrap',
    description: `bubblewrap ${version}${installation.seccomp ? '' : ', without a filter for system calls'}; disk watched from outside, ${installation.caps.description}`,
    run: (request) => run(installation, request),
  }
  await prove(sandbox)
  return sandbox
}

async function versionOf(file: string): Promise<string> {
  const { stdout } = await execa(file, ['--version'], { reject: false, timeout: 10_000 })
  const version = /(\d+)\.(\d+)[.\d]*/.exec(stdout)
  const [major, minor] = [Number(version?.[1] ?? 0), Number(version?.[2] ?? 0)]
  if (major < (OLDEST[0] ?? 0) || (major === OLDEST[0] && minor < (OLDEST[1] ?? 0)))
    throw new SandboxError(UPDATE)
  return version?.[0] ?? ''
}

/** Runs an empty command in a real sandbox, which is the only way to know whether the machine permits one. */
async function prove(sandbox: Sandbox): Promise<void> {
  let printed = ''
  const exit = await sandbox.run({
    command: 'exit 0',
    places: { source: '/usr', out: '/usr' },
    outWritable: false,
    environment: { PATH: '/usr/bin:/bin' },
    timeoutSeconds: 30,
    caps: { outBytes: 1024 ** 2, processes: 64 },
    read: [],
    onOutput: (text) => {
      printed += text
    },
    signal: new AbortController().signal,
  })
  if (exit.code !== 0) throw refusedBy(printed)
}

async function run(installation: Installation, request: SandboxRequest): Promise<SandboxExit> {
  const tools = toolMounts(request.environment, request.read, request.command)
  const scope = await installation.caps.enter(request.caps)
  try {
    const pin = await pinToCores(request.cores)
    const line = [...pin, ...scope.launcher, installation.file, ...argumentsFor(installation, request, tools)]
    const inherited = {
      seccomp: installation.seccomp,
      files: syntheticFiles(request),
      hasInput: request.input !== undefined,
    }
    const started = await startBubblewrap(line, scope.environment, inherited, request.signal)
    if (!started) return { code: null, signal: 'SIGKILL', timedOut: false }
    return await supervise(started, request, scope)
  } finally {
    await scope.leave()
  }
}

function syntheticFiles({ files }: SandboxRequest): Record<string, string> {
  return { ...SYNTHETIC_FILES, ...files }
}

function argumentsFor(
  { system, seccomp }: Installation,
  request: SandboxRequest,
  tools: readonly Mount[],
): string[] {
  const { places, outWritable, accelerators, environment, caps, command, mounts = [] } = request
  const memoryBytes = caps.memoryBytes ?? totalmem()
  const machine = machineMounts(accelerators)
  const sealed = sealedProc(machine)
  return bubblewrapArguments({
    places,
    outWritable,
    system: [...system, ...machine],
    ...(sealed === undefined ? {} : { sealedProc: sealed }),
    hiddenProc: secretProc(),
    tools,
    mounts,
    environment: placedEnvironment(environment, insidePlaces(places)),
    temporaryBytes: Math.min(MAX_TEMPORARY_BYTES, Math.floor(memoryBytes / 4)),
    sharedMemoryBytes: Math.floor(memoryBytes / 2),
    descriptors: {
      status: STATUS,
      files: fileDescriptors(syntheticFiles(request)),
      ...(seccomp ? { seccomp: SECCOMP } : {}),
    },
    command: entrance(command, { fileBytes: caps.outBytes, processes: caps.processes + SPARE_PROCESSES }),
  })
}

/** Starts the command, waits for its end, and enforces the timeout and the caps. */
async function supervise(started: Started, request: SandboxRequest, scope: CapScope): Promise<SandboxExit> {
  const { child, init } = started
  const { places, outWritable, caps, filesBefore = 0, signal } = request
  const end = await SandboxEnd.of(child, init)
  const writable = writableFolders(places, outWritable)
  const watched = { init, caps, writable, filesBefore }
  const over = new AbortController()
  const watching = watchSandbox(watched, over.signal).finally(() =>
    // Also after a failed check: a command that cannot be watched must not run.
    over.signal.aborted ? undefined : end.kill(),
  )
  watching.catch(() => {})
  const connection = connect(child, request)
  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    end.terminate()
  }, request.timeoutSeconds * 1000)
  const onAbort = (): void => end.terminate(signal)
  signal.addEventListener('abort', onAbort, { once: true })
  started.begin()
  if (signal.aborted) onAbort()

  const [code, byName] = await ended(child)
  clearTimeout(timer)
  signal.removeEventListener('abort', onAbort)
  over.abort()
  await end.settle()
  await connection.close(DRAIN_MILLISECONDS)
  const exit = exitOf(code, byName, timedOut)
  const seen = await watching
  const exceeded = seen.exceeded ?? (await exceededAfterwards(exit, watched, scope))
  const peakMemoryBytes = (await scope.peakMemoryBytes()) ?? seen.peakMemoryBytes
  return {
    ...exit,
    ...(exceeded === undefined ? {} : { exceeded }),
    ...(peakMemoryBytes > 0 ? { peakMemoryBytes } : {}),
  }
}

/** A cap that was exceeded between two checks of the watcher, or that the kernel enforced. */
async function exceededAfterwards(
  { code, signal }: Exit,
  { writable, filesBefore, caps }: Watched,
  scope: CapScope,
): Promise<ExceededCap | undefined> {
  if (signal === 'SIGXFSZ') return 'disk'
  if (writable.length > 0 && (await usesMoreThan(writable, caps.outBytes, filesBefore))) return 'disk'
  return code === 0 ? undefined : scope.exceeded()
}
