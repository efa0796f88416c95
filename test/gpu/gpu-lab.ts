// What the tests on a real GPU share: whether there is one, programs in a sandbox as a trial gets it, and its memory.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { removeTree } from '../../src/adapters/remove-tree.ts'
import type { SandboxRequest } from '../../src/adapters/sandbox/request.ts'
import { openSandbox, type Sandbox } from '../../src/adapters/sandbox/sandbox.ts'
import { trainingEnvironment } from '../../src/adapters/trainer/environment.ts'
import { nvidiaDevices } from '../../src/adapters/trainer/nvidia.ts'
import { defaultProcesses, type SandboxExit } from '../../src/core/sandbox/sandbox.ts'
import { pinTo } from '../../src/core/trial/devices.ts'

const HERE = import.meta.dirname
export const PROGRAMS = join(HERE, 'programs')
const SHIM = join(HERE, '../../python')
export const GIB = 1024 ** 3

/** One line of nvidia-smi a device; none without it. */
function ask(query: string): string[] {
  try {
    const text = execFileSync('nvidia-smi', [query, '--format=csv,noheader,nounits'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return text.split('\n').filter((line) => line !== '')
  } catch {
    return []
  }
}

export const UUIDS = ask('--query-gpu=uuid')
export const SKIP = UUIDS.length === 0
if (SKIP) console.warn('The GPU is not tested: nvidia-smi finds no device of NVIDIA on this machine.')

/** Memory in use on the first device. */
export function usedMebibytes(): number {
  return Number(ask('--query-gpu=memory.used')[0])
}

/** What a person should read afterwards: a passed test says little about a machine. */
export function saw(check: number, text: string): void {
  console.log(`[check ${check}] ${text.trim()}`)
}

export interface Asked extends Partial<Pick<SandboxRequest, 'accelerators' | 'timeoutSeconds'>> {
  memoryBytes?: number
  seed?: number
  /** The CUDA_VISIBLE_DEVICES of the job. */
  visible?: string
}

let opened: Promise<Sandbox> | undefined

function theSandbox(): Promise<Sandbox> {
  opened ??= openSandbox('bubblewrap')
  return opened
}

/** Runs a command in the folder of the programs, pinned to devices as a trial is. */
export async function onDevice(
  command: string,
  asked: Asked = {},
): Promise<{ exit: SandboxExit; output: string }> {
  const { memoryBytes, seed, visible, ...request } = asked
  const sandbox = await theSandbox()
  const devices = await nvidiaDevices(visible)
  const pin = pinTo(devices, visible)
  const [folder, cores] = [aFolder(), availableParallelism()]
  let output = ''
  const exit = await sandbox.run({
    command,
    places: { source: PROGRAMS, out: folder, shim: SHIM },
    outWritable: true,
    accelerators: pin,
    environment: {
      ...trainingEnvironment({ ...process.env, CUDA_VISIBLE_DEVICES: visible }, cores, devices.length),
      ...pin.environment,
      ...(seed === undefined ? {} : { AUTORESEARCH_SEED: String(seed) }),
    },
    timeoutSeconds: 120,
    caps: {
      outBytes: GIB,
      processes: defaultProcesses(cores),
      ...(memoryBytes === undefined ? {} : { memoryBytes }),
    },
    read: [],
    onOutput: (text) => {
      output += text
    },
    signal: new AbortController().signal,
    ...request,
  })
  return { exit, output }
}

/** Removed after the test. */
function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gpu-test-'))
  onTestFinished(() => removeTree(folder))
  const out = join(folder, 'out')
  mkdirSync(out)
  chmodSync(out, 0o777)
  return out
}

/** The first number after a word of an output. */
export function numberAfter(word: string, output: string): number {
  return Number(new RegExp(`\\b${word} (-?[\\d.]+)`).exec(output)?.[1] ?? Number.NaN)
}

/** A process outside every sandbox that holds memory of the device until the test is over. */
export async function anOutsider(mebibytes: number): Promise<ChildProcess> {
  const child = spawn('python3', ['cuda.py', 'hold', String(mebibytes), '60'], {
    cwd: PROGRAMS,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await gone
  })
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve())
    child.once('exit', (code) => reject(new Error(`the outside process ended with ${code}`)))
  })
  return child
}
