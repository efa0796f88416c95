// Looks at the accelerator before a trial: what another trial left running there would falsify the next number.
import { execa } from 'execa'
import { UserFacingError } from '../../errors.ts'

/** @throws UserFacingError naming the processes that use the device */
export async function assertDeviceIdle(): Promise<void> {
  const query = ['--query-compute-apps=pid,process_name', '--format=csv,noheader']
  const { exitCode, stdout } = await execa('nvidia-smi', query, { reject: false, timeout: 30_000 })
  if (exitCode !== 0) return
  const users = stdout.split('\n').filter((line) => /^\d+/.test(line.trim()))
  if (users.length === 0) return
  throw new UserFacingError(`the device is in use by ${users.slice(0, 5).join('; ')}`, {
    hint: 'End these processes, or give trials a device of their own with CUDA_VISIBLE_DEVICES.',
  })
}
