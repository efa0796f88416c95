// Claims the devices of a trial: checks that they respond, that nothing else uses them, and that none failed meanwhile.
import { type Device, type Pin, pinTo, visibleDevices } from '../../core/trial/devices.ts'
import { UserFacingError } from '../../errors.ts'
import type { Clock } from '../../ports/job.ts'
import { amdDevices, amdUsers } from './amd.ts'
import { nvidiaDevices, nvidiaUsers, wakeNvidia } from './nvidia.ts'

/** A driver needs time to free the memory of a killed process. */
const PAUSES_SECONDS = [1, 2, 4, 8, 15]

export interface DeviceOptions {
  /** The job's environment, which selects the devices for trials: CUDA_VISIBLE_DEVICES and similar variables. */
  environment: NodeJS.ProcessEnv
  clock: Pick<Clock, 'pause'>
  signal: AbortSignal
}

export interface Claim extends Pin {
  /** NVIDIA devices only. */
  devices: Device[]
  visible: string | undefined
}

/** Whether trials may use a device. One whose driver does not respond counts. */
export async function findsGpu(environment: NodeJS.ProcessEnv): Promise<boolean> {
  const devices = await nvidiaDevices(visibleDevices(environment)).catch(() => undefined)
  return devices === undefined || devices.length > 0 || (await amdDevices(environment)).length > 0
}

/** @throws UserFacingError when the driver does not respond, or another process uses a device */
export async function claimDevices(options: DeviceOptions): Promise<Claim> {
  const visible = visibleDevices(options.environment)
  const devices = await nvidiaDevices(visible)
  const amd = devices.length > 0 ? [] : await amdDevices(options.environment)
  if (devices.length > 0) await wakeNvidia()
  await assertIdle(async () => [...(await nvidiaUsers(devices)), ...(await amdUsers(amd))], options)
  return { devices, visible, ...pinTo(devices, visible) }
}

/**
 * @param look lists the processes that use the devices of trials; the machine's other devices do not matter
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
    hint: 'End these processes, or use CUDA_VISIBLE_DEVICES to give trials another device.',
  })
}

/**
 * Checks for devices that failed during the trial, because the trial may then have trained on the processor.
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
    { hint: 'Look for "Xid" in the kernel log (`sudo dmesg`), and restart the machine.' },
  )
}
