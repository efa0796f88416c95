// Looks at the accelerator before a trial: what another trial left running there would falsify the next number.
import { readdir, readFile } from 'node:fs/promises'
import { UserFacingError } from '../../errors.ts'
import { nvidiaUsers } from './nvidia.ts'

/** Where the driver of AMD lists the processes that compute on a device. */
const ROCM_PROCESSES = '/sys/class/kfd/kfd/proc'

/**
 * @param visible CUDA_VISIBLE_DEVICES: others may use what trials are not given
 * @throws UserFacingError naming the processes that use the device
 */
export async function assertDeviceIdle(
  visible: string | undefined,
  rocmProcesses = ROCM_PROCESSES,
): Promise<void> {
  const users = [...(await nvidiaUsers(visible)), ...(await rocmUsers(rocmProcesses))]
  if (users.length === 0) return
  throw new UserFacingError(`the device is in use by ${users.slice(0, 5).join('; ')}`, {
    hint: 'End these processes, or give trials a device of their own with CUDA_VISIBLE_DEVICES.',
  })
}

async function rocmUsers(folder: string): Promise<string[]> {
  const ids = (await readdir(folder).catch(() => [])).filter((name) => /^\d+$/.test(name))
  const name = (id: string) => readFile(`/proc/${id}/comm`, 'utf8').catch(() => 'unknown')
  return Promise.all(ids.map(async (id) => `${id}, ${(await name(id)).trim()}`))
}
