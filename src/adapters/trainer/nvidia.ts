// Asks the driver of NVIDIA about the devices that trials are given: all there are, or those CUDA_VISIBLE_DEVICES names.
import { execa } from 'execa'
import { type Device, selectDevices } from '../../core/trial/devices.ts'

/** What `nvidia-smi` says, a row for each line; none where there is no driver, or it does not answer. */
async function rowsOf(query: string): Promise<string[][]> {
  const { exitCode, stdout } = await execa('nvidia-smi', [query, '--format=csv,noheader'], {
    reject: false,
    timeout: 30_000,
  })
  if (exitCode !== 0) return []
  const lines = stdout.split('\n').filter((line) => line.trim() !== '')
  return lines.map((line) => line.split(',').map((field) => field.trim()))
}

/** @param visible CUDA_VISIBLE_DEVICES */
export async function nvidiaDevices(visible: string | undefined): Promise<Device[]> {
  const rows = await rowsOf('--query-gpu=index,uuid,name,driver_version')
  const devices = rows.map(([index = '', uuid = '', name = '', driver = '']) => ({
    index,
    uuid,
    name,
    driver,
  }))
  return selectDevices(devices, visible)
}

/** The processes that compute on a device that trials are given, in words. */
export async function nvidiaUsers(visible: string | undefined): Promise<string[]> {
  const users = await rowsOf('--query-compute-apps=gpu_uuid,pid,process_name')
  const running = users.filter(([, pid = '']) => /^\d+$/.test(pid))
  if (running.length === 0) return []
  // A driver that does not name its devices tells nothing about whose they are.
  const given = visible === undefined ? undefined : await nvidiaDevices(visible)
  return running
    .filter(([uuid]) => given === undefined || given.some((device) => device.uuid === uuid))
    .map(([, ...user]) => user.join(', '))
}
