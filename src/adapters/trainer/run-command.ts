// Runs one command of a trial in the sandbox: reads its output as it comes, and enforces the clock and the caps from outside.
import type { Trial } from '../../core/record/trial.ts'
import { defaultProcesses, type Places, writableFolders } from '../../core/sandbox/sandbox.ts'
import { SecretWatch } from '../../core/text/redaction.ts'
import type { Measurement } from '../../core/trial/metric.ts'
import { OutputReader } from '../../core/trial/output.ts'
import type { SandboxRequest } from '../sandbox/request.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { diskUse } from '../sandbox/watch/files.ts'
import type { TrialContext } from './context.ts'
import { CurveFollower, type EarlyEnd, type Goal } from './curve-follower.ts'
import { OFFLINE, trainingEnvironment, uvEnvironment } from './environment.ts'

export interface Ran {
  exit: Awaited<ReturnType<Sandbox['run']>>
  reader: OutputReader
  /** The output, without secrets. */
  log: string
  leaked: boolean
  wallSeconds: number
  firstPointSeconds: number | undefined
  /** Peak memory of the devices, where a command trains on some. */
  deviceMebibytes?: number | undefined
  /** Wall time of a first run that did not count. */
  discardedSeconds?: number
  /** Why the trainer ended the run early. */
  ended: Measurement | undefined
  /** The target that it should reach. */
  goal: Goal | undefined
}

/** A run that exceeded a cap does not count, even if it exited with 0. */
export function ranToItsEnd({ exit, ended }: Ran): boolean {
  return exit.code === 0 && !exit.timedOut && exit.exceeded === undefined && ended === undefined
}

/** Whether there is something to evaluate: not when the run should reach a target and did not. */
export function endedWell(ran: Ran): boolean {
  return ranToItsEnd(ran) && (ran.goal === undefined || ran.goal.watch.crossing !== undefined)
}

interface CommandRequest extends Pick<SandboxRequest, 'input' | 'output' | 'accelerators'> {
  command: string
  places: Places
  outWritable: boolean
  timeoutSeconds: number
  /** Default: that of the trial. */
  seed?: number
}

export async function runCommand(
  context: TrialContext,
  trial: Trial,
  signal: AbortSignal,
  /** Without `early` the command runs until it exits or times out. */
  { early, goal, ...request }: CommandRequest & { early?: EarlyEnd | undefined; goal?: Goal | undefined },
): Promise<Ran> {
  const { options, config, sandbox } = context
  let wallSeconds: number | undefined
  const seconds = () => wallSeconds ?? options.clock.monotonicSeconds() - begun
  const reader = new OutputReader(config.metric, config.progress?.pattern, config.guards, (line) => {
    const points = goal?.watch.read(line, seconds()) ?? []
    return config.progress ? [] : points.map(({ seconds, value }) => ({ step: seconds, value }))
  })
  const watch = new SecretWatch(options.secrets)
  const follower = new CurveFollower(reader, early, goal)
  const requested = await requestFor(context, trial, request)
  const begun = options.clock.monotonicSeconds()
  const exit = await sandbox.run({
    ...requested,
    onOutput: (text, stream) => {
      reader.push(text, stream)
      watch.push(text)
      follower.look(seconds())
    },
    signal: AbortSignal.any([signal, follower.signal]),
  })
  wallSeconds = seconds()
  reader.end()
  const { firstPointSeconds, ended } = follower
  const log = watch.redact(reader.log)
  const found = { firstPointSeconds, ended, goal }
  return {
    exit: follower.isAtTarget ? asEnded(exit) : exit,
    reader,
    log,
    leaked: watch.found,
    wallSeconds,
    ...found,
  }
}

/** A run that was ended at its target counts as one that ended by itself. */
function asEnded(exit: Ran['exit']): Ran['exit'] {
  return { ...exit, code: 0, signal: null, timedOut: false }
}

/** What the sandbox is asked for: the command, with the environment and the caps of every command of a trial. */
export async function requestFor(
  { options, config, sandbox, prepared, claim, slot, isShared }: TrialContext,
  trial: Trial,
  request: CommandRequest,
): Promise<Omit<SandboxRequest, 'onOutput' | 'signal'>> {
  const cores = slot.cores.length
  const { outBytes, processes = defaultProcesses(cores), read } = config.sandbox
  const memoryBytes = config.sandbox.memoryBytes ?? slot.memoryBytes
  const seed = String(request.seed ?? trial.seed)
  // Counted before the clock starts: `node_modules` may have a hundred thousand files.
  const { files: filesBefore } = await diskUse(writableFolders(request.places, request.outWritable))
  return {
    accelerators: claim,
    ...request,
    filesBefore,
    ...(isShared && { cores: slot.cores }),
    environment: {
      ...trainingEnvironment(options.environment, cores, claim.devices.length),
      ...claim.environment,
      ...(request.accelerators === false ? NO_DEVICES : {}),
      ...uvEnvironment(prepared.venv),
      ...(sandbox.level === 'none' ? {} : OFFLINE),
      AUTORESEARCH_SEED: seed,
      AUTORESEARCH_BUDGET_SECONDS: String(config.budgetSeconds),
      // The iteration order of Python's sets of strings depends on this seed.
      PYTHONHASHSEED: seed,
      PYTHONDONTWRITEBYTECODE: '1',
    },
    caps: { outBytes, processes, ...(memoryBytes === undefined ? {} : { memoryBytes }) },
    read,
  }
}

/** A framework must not look for devices that the sandbox does not show. */
const NO_DEVICES = { CUDA_VISIBLE_DEVICES: '', HIP_VISIBLE_DEVICES: '', ROCR_VISIBLE_DEVICES: '' }
