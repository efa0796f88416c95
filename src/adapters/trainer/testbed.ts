// Describes the hardware and frameworks of this machine, so that only results with the same description are compared.
import { arch, cpus, platform } from 'node:os'
import { describeDevices, visibleDevices } from '../../core/trial/devices.ts'
import type { Slot } from '../../core/trial/slots.ts'
import { amdDevices } from './amd.ts'
import { describeFrameworks } from './frameworks.ts'
import { nvidiaDevices } from './nvidia.ts'

const MAX_CHARACTERS = 300

/**
 * Trials that run side by side share the machine's memory and its heat, so their number is part of the description.
 *
 * @param environment of the job
 * @param slots the parts of the machine; all have devices of the same model
 * @returns for example `1 × NVIDIA H100 80GB HBM3, driver 570.86, torch 2.9.1` or `2 × Intel Xeon, linux x64`
 */
export async function describeTestbed(
  environment = process.env,
  slots: readonly Pick<Slot, 'environment'>[] = [{ environment: {} }],
): Promise<string> {
  const ofTrial = { ...environment, ...slots[0]?.environment }
  const [nvidia, frameworks] = await Promise.all([
    nvidiaDevices(visibleDevices(ofTrial)),
    describeFrameworks(environment),
  ])
  const hardware = nvidia.length > 0 ? describeDevices(nvidia) : await describeOthers(ofTrial)
  const neighbours = slots.length > 1 ? [`${slots.length} trials side by side`] : []
  return [hardware, ...neighbours, ...frameworks].join(', ').slice(0, MAX_CHARACTERS)
}

/** Names AMD devices and processors: many AMD processors include a small device that training rarely uses. */
async function describeOthers(environment: NodeJS.ProcessEnv): Promise<string> {
  const devices = await amdDevices(environment)
  return [describeDevices(devices), describeProcessors()].filter((words) => words !== '').join(' and ')
}

function describeProcessors(): string {
  const processors = cpus()
  const model = processors[0]?.model.trim() ?? 'unknown processor'
  return `${processors.length} × ${model}, ${platform()} ${arch()}`
}
