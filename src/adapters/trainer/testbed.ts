// Says in words what this machine trains on and with, so that numbers from another one are never compared with its own.
import { arch, cpus, platform } from 'node:os'
import { describeDevices, visibleDevices } from '../../core/trial/devices.ts'
import { amdDevices } from './amd.ts'
import { describeFrameworks } from './frameworks.ts'
import { nvidiaDevices } from './nvidia.ts'

const MAX_CHARACTERS = 300

/**
 * @param environment that of the job
 * @returns such as `1 × NVIDIA H100 80GB HBM3, driver 570.86, torch 2.9.1` or `2 × Intel Xeon, linux x64`
 */
export async function describeTestbed(environment = process.env): Promise<string> {
  const [nvidia, frameworks] = await Promise.all([
    nvidiaDevices(visibleDevices(environment)),
    describeFrameworks(environment),
  ])
  const hardware = nvidia.length > 0 ? describeDevices(nvidia) : await describeOthers(environment)
  return [hardware, ...frameworks].join(', ').slice(0, MAX_CHARACTERS)
}

/** Many processors of AMD have a small device in them that few train on, so that both are named. */
async function describeOthers(environment: NodeJS.ProcessEnv): Promise<string> {
  const devices = await amdDevices(environment)
  return [describeDevices(devices), describeProcessors()].filter((words) => words !== '').join(' and ')
}

function describeProcessors(): string {
  const processors = cpus()
  const model = processors[0]?.model.trim() ?? 'unknown processor'
  return `${processors.length} × ${model}, ${platform()} ${arch()}`
}
