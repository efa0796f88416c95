// Queries the NVIDIA driver about the devices that trials may use: all devices, or those named by CUDA_VISIBLE_DEVICES.
import { access, readdir, readFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { execa } from 'execa'
import { type Device, hidesDevices, partsOf, selectDevices } from '../../core/trial/devices.ts'
import { UserFacingError } from '../../errors.ts'

/** Folders of the driver's programs in containers and in WSL, often missing from PATH. */
const DRIVER_FOLDERS = ['/usr/local/nvidia/bin', '/usr/lib/wsl/lib']
/** A CUDA context alone uses more than this; an idle device may report a few MiB. */
const IDLE_MEBIBYTES = 200
/** The Multi-Process Service shares a device between processes; it does no work that would disturb a measurement. */
const MPS_SERVER = /\bnvidia-cuda-mps-server$/

const DEVICES = '--query-gpu=index,uuid,name,driver_version,mig.mode.current'
const MEMORY = '--query-gpu=uuid,memory.used'
const USERS = '--query-compute-apps=gpu_uuid,pid,process_name'

/** The folders in which the kernel exposes the driver and its devices. */
interface NvidiaPlaces {
  dev: string
  proc: string
}
const HERE: NvidiaPlaces = { dev: '/dev', proc: '/proc/driver/nvidia' }

/**
 * Runs an `nvidia-smi` query and returns one row per line; none on a machine without a device.
 *
 * @throws UserFacingError when there is a device but the driver does not respond, because training would silently use the
 *   processor
 */
async function rowsOf(query: string, { dev }: NvidiaPlaces): Promise<string[][]> {
  const { exitCode, stdout, stderr, code, timedOut } = await askDriver('nvidia-smi', [
    query,
    '--format=csv,noheader',
  ])
  const lines = stdout.split('\n').filter((line) => line.includes(','))
  const answers = exitCode === 0 && (lines.length > 0 || query === USERS)
  if (answers) return lines.map((line) => line.split(',').map((field) => field.trim()))
  const node = (await nodesIn(dev))[0]
  if (node === undefined) return []
  const said = `${stdout}\n${stderr}`.trim().split('\n')[0] ?? ''
  const ended = timedOut ? 'no answer within 30 s' : `exit code ${exitCode}${said && `: ${said}`}`
  const cause = code === 'ENOENT' ? 'it is neither on PATH nor in /usr/local/nvidia/bin' : ended
  throw new UserFacingError(`this machine has ${join(dev, node)}, but nvidia-smi failed (${cause})`, {
    hint: 'Run `nvidia-smi` on the runner to see the problem. After a driver update, restart the machine. To train without the GPU, set CUDA_VISIBLE_DEVICES to an empty value.',
  })
}

/** Starts one of the driver's programs. @param timeout in milliseconds; 0 means no timeout */
export function askDriver(program: string, args: readonly string[], timeout = 30_000) {
  const path = [process.env.PATH, ...DRIVER_FOLDERS].join(delimiter)
  return execa(program, args, { env: { PATH: path }, reject: false, timeout, buffer: timeout > 0 })
}

async function nodesIn(dev: string): Promise<string[]> {
  return (await readdir(dev)).filter((name) => /^nvidia\d+$/.test(name))
}

/** @param visible the value of CUDA_VISIBLE_DEVICES */
export async function nvidiaDevices(visible: string | undefined, places = HERE): Promise<Device[]> {
  if (hidesDevices(visible)) return []
  const rows = await rowsOf(DEVICES, places)
  if (rows.length === 0) return []
  const minors = await minorsByUuid(places)
  const devices = rows.map(([index = '', uuid = '', name = '', driver = '', mig]): Device => {
    const minor = minors.get(uuid)
    const node = minor === undefined ? {} : { minor }
    return { index, uuid, name, driver, ...node, ...(mig === 'Enabled' ? { divided: true } : {}) }
  })
  const listing = visible?.includes('MIG-') ? (await askDriver('nvidia-smi', ['-L'])).stdout : ''
  return selectDevices([...devices, ...partsOf(devices, listing)], visible)
}

async function minorsByUuid({ proc }: NvidiaPlaces): Promise<Map<string, number>> {
  const folder = join(proc, 'gpus')
  const minors = new Map<string, number>()
  for (const bus of await readdir(folder).catch(() => [])) {
    const text = await readFile(join(folder, bus, 'information'), 'utf8').catch(() => '')
    const uuid = /^GPU UUID:\s*(GPU-\S+)$/m.exec(text)?.[1]
    const minor = /^Device Minor:\s*(\d+)$/m.exec(text)?.[1]
    if (uuid !== undefined && minor !== undefined) minors.set(uuid, Number(minor))
  }
  return minors
}

/**
 * Creates the device node /dev/nvidia-uvm, which CUDA needs. After a reboot it is missing until the first use of CUDA, and
 * a process inside a sandbox cannot create it.
 *
 * @throws UserFacingError when the node is missing and cannot be created
 */
export async function wakeNvidia({ dev } = HERE): Promise<void> {
  const node = join(dev, 'nvidia-uvm')
  if ((await nodesIn(dev)).length === 0 || (await exists(node))) return
  await askDriver('nvidia-modprobe', ['-u', '-c=0'])
  if (await exists(node)) return
  throw new UserFacingError(`this machine has an NVIDIA device but no ${node}, so CUDA does not work`, {
    hint: 'Run `sudo nvidia-modprobe -u -c=0` on the runner; if it runs in a container, pass that device to the container too. To train without the GPU, set CUDA_VISIBLE_DEVICES to an empty value.',
  })
}

/** Describes the processes that already use these devices. */
export async function nvidiaUsers(given: readonly Device[], places = HERE): Promise<string[]> {
  if (given.length === 0) return []
  const isGiven = ([uuid]: string[]): boolean => given.some((device) => device.uuid === uuid)
  const processes = (await rowsOf(USERS, places)).filter(isGiven)
  const users = processes.filter(([, , name = '']) => !MPS_SERVER.test(name))
  if (processes.length > 0) return users.map(([, ...user]) => user.join(', '))
  // The driver does not list processes of other containers, so memory in use is the only sign of them.
  const memory = await rowsOf(MEMORY, places)
  return memory
    .filter((row) => isGiven(row) && Number.parseInt(row[1] ?? '', 10) > IDLE_MEBIBYTES)
    .map(([uuid, used]) => `${used} of memory on ${uuid}, held by a process outside this container`)
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
