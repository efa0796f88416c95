// Claims the devices of a trial: they answer, nothing else uses them, and they are still the same ones afterwards.
import { type Device, type Pin, pinTo, visibleDevices } from '../../core/trial/devices.ts'
import { UserFacingError } from '../../errors.ts'
import type { Clock } from '../../ports.ts'
import { amdDevices, amdUsers } from './amd.ts'
import { nvidiaDevices, nvidiaUsers, wakeNvidia } from './nvidia.ts'

/** A driver needs a while to take back what a killed process had. */
const PAUSES_SECONDS = [1, 2, 4, 8, 15]

export interface DeviceOptions {
  /** The job's, which names the devices that trials are given: CUDA_VISIBLE_DEVICES and its like. */
  environment: NodeJS.ProcessEnv
  clock: Pick<Clock, 'pause'>
  signal: AbortSignal
}

export interface Claim extends Pin {
  /** Of NVIDIA. */
  devices: Device[]
  visible: string | undefined
}

/** @throws UserFacingError when the driver does not answer, or something else uses a device */
export async function claimDevices(options: DeviceOptions): Promise<Claim> {
  const visible = visibleDevices(options.environment)
  const devices = await nvidiaDevices(visible)
  const amd = devices.length > 0 ? [] : await amdDevices(options.environment)
  if (devices.length > 0) await wakeNvidia()
  await assertIdle(async () => [...(await nvidiaUsers(devices)), ...(await amdUsers(amd))], options)
  return { devices, visible, ...pinTo(devices, visible) }
}

/**
 * @param look finds who uses the devices that trials are given; others may use the rest
 * @throws UserFacingError naming the processes that use the devices
 */
export async function assertIdle(
  look: () => Promise<string[]>,
  { clock, signal }: Omit<DeviceOptions, 'environment'>,
): Promise<void> {
  let users = await look()
  for (const seconds of PAUSES_SECONDS) {
    if (users.length === 0) return
    await clock.pause(seconds, signal)
    users = await look()
  }
  if (users.length === 0) return
  throw new UserFacingError(`the device is in use by ${users.slice(0, 5).join('; ')}`, {
    hint: 'End these processes, or give trials a device of their own with CUDA_VISIBLE_DEVICES.',
  })
}

/**
 * A device that failed during a trial may have left it to train on the processor.
 *
 * @throws UserFacingError when one of the claimed devices is gone
 */
export async function assertStillThere({ devices, visible }: Claim): Promise<void> {
  if (devices.length === 0) return
  const present = new Set((await nvidiaDevices(visible)).map(({ uuid }) => uuid))
  const gone = devices.filter(({ uuid }) => !present.has(uuid))
  if (gone.length === 0) return
  throw new UserFacingError(
    `${gone.map(({ name, uuid }) => `${name} (${uuid})`).join(', ')} failed during a trial; its result is discarded`,
    { hint: 'Look for "Xid" in the log of the kernel (`sudo dmesg`), and restart the machine.' },
  )
}
