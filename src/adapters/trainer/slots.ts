// Looks at this machine and divides it into slots, one for each trial that runs side by side with others.
import { readFile } from 'node:fs/promises'
import { availableParallelism, totalmem } from 'node:os'
import { visibleDevices } from '../../core/trial/devices.ts'
import { type Division, divideMachine, type Machine, parseCores, type Slot } from '../../core/trial/slots.ts'
import { ConfigError } from '../../errors.ts'
import { amdDevices } from './amd.ts'
import { nvidiaDevices } from './nvidia.ts'

/**
 * @param environment of the job
 * @param warn told of devices that stay without work
 * @throws ConfigError when the machine does not have what is asked for
 */
export async function slotsOf(
  environment: NodeJS.ProcessEnv,
  division: Division,
  warn: (message: string) => void,
): Promise<readonly [Slot, ...Slot[]]> {
  const divided = divideMachine(await lookAt(environment), division)
  if (divided.kind === 'refused')
    throw new ConfigError(divided.words, {
      hint: 'Change the inputs `devices-per-trial` and `side-by-side` in the workflow, or CUDA_VISIBLE_DEVICES of the runner.',
    })
  const { slots, unused } = divided
  if (unused.length > 0)
    warn(
      `${unused.length} devices stay without work (${unused.map(({ name, uuid }) => `${name} ${uuid}`).join(', ')}): trials use devices of one model, \`devices-per-trial\` at a time`,
    )
  return slots
}

async function lookAt(environment: NodeJS.ProcessEnv): Promise<Machine> {
  const nvidia = await nvidiaDevices(visibleDevices(environment))
  const amd = nvidia.length > 0 ? [] : await amdDevices(environment)
  const vendor = nvidia.length > 0 ? 'nvidia' : amd.length > 0 ? 'amd' : undefined
  return { vendor, devices: [...nvidia, ...amd], cores: await usableCores(), memoryBytes: totalmem() }
}

export function wholeMachine(): Slot {
  return { environment: {}, cores: Array.from({ length: availableParallelism() }, (_, index) => index) }
}

/** The cores on which the kernel lets this process run. */
async function usableCores(): Promise<number[]> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '')
  const cores = parseCores(/^Cpus_allowed_list:\s*(.+)$/m.exec(status)?.[1] ?? '')
  return cores.length > 0 ? cores : [...wholeMachine().cores]
}
