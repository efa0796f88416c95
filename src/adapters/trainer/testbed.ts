// Says in words what hardware this machine trains on, so that numbers from another machine are never compared with it.
import { arch, cpus, platform } from 'node:os'
import { describeDevices } from '../../core/devices.ts'
import { nvidiaDevices } from './nvidia.ts'

const MAX_CHARACTERS = 300

/**
 * @param visible CUDA_VISIBLE_DEVICES
 * @returns such as `1 × NVIDIA H100 80GB HBM3, driver 570.86` or `2 × Intel Xeon, linux x64`
 */
export async function describeTestbed(visible = process.env.CUDA_VISIBLE_DEVICES): Promise<string> {
  const devices = await nvidiaDevices(visible)
  if (devices.length > 0) return describeDevices(devices).slice(0, MAX_CHARACTERS)
  const processors = cpus()
  const model = processors[0]?.model.trim() ?? 'unknown processor'
  return `${processors.length} × ${model}, ${platform()} ${arch()}`.slice(0, MAX_CHARACTERS)
}
