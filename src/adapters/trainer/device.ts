// Looks at the accelerator before a trial: what another trial left running there would falsify the next number.
import { readdir, readFile } from 'node:fs/promises'
import { execa } from 'execa'
import { UserFacingError } from '../../errors.ts'

/** Where the driver of AMD lists the processes that compute on a device. */
const ROCM_PROCESSES = '/sys/class/kfd/kfd/proc'

/** @throws UserFacingError naming the processes that use the device */
export async function assertDeviceIdle(rocmProcesses = ROCM_PROCESSES): Promise<void> {
  const users = [...(await nvidiaUsers()), ...(await rocmUsers(rocmProcesses))]
  if (users.length === 0) return
  throw new UserFacingError(`the device is in use by ${users.slice(0, 5).join('; ')}`, {
    hint: 'End these processes, or give trials a device of their own with CUDA_VISIBLE_DEVICES.',
  })
}

async function nvidiaUsers(): Promise<string[]> {
  const query = ['--query-compute-apps=pid,process_name', '--format=csv,noheader']
  const { exitCode, stdout } = await execa('nvidia-smi', query, { reject: false, timeout: 30_000 })
  return exitCode === 0 ? stdout.split('\n').filter((line) => /^\d+/.test(line.trim())) : []
}

async function rocmUsers(folder: string): Promise<string[]> {
  const ids = (await readdir(folder).catch(() => [])).filter((name) => /^\d+$/.test(name))
  const name = (id: string) => readFile(`/proc/${id}/comm`, 'utf8').catch(() => 'unknown')
  return Promise.all(ids.map(async (id) => `${id}, ${(await name(id)).trim()}`))
}
