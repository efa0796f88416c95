// Asks the driver of NVIDIA about the devices that trials are given: all there are, or those CUDA_VISIBLE_DEVICES names.
import { access, readdir, readFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { execa } from 'execa'
import { type Device, hidesDevices, partsOf, selectDevices } from '../../core/trial/devices.ts'
import { UserFacingError } from '../../errors.ts'

/** Where a container and WSL keep the driver's programs, which are often not on PATH. */
const DRIVER_FOLDERS = ['/usr/local/nvidia/bin', '/usr/lib/wsl/lib']
/** A context of CUDA alone takes more; an idle device may show a few. */
const IDLE_MEBIBYTES = 200
/** Shares a device between processes, and holds nothing itself that would falsify a number. */
const MPS_SERVER = /\bnvidia-cuda-mps-server$/

const DEVICES = '--query-gpu=index,uuid,name,driver_version,mig.mode.current'
const MEMORY = '--query-gpu=uuid,memory.used'
const USERS = '--query-compute-apps=gpu_uuid,pid,process_name'

/** Where the kernel shows the driver and its devices. */
interface NvidiaPlaces {
  dev: string
  proc: string
}
const HERE: NvidiaPlaces = { dev: '/dev', proc: '/proc/driver/nvidia' }

/**
 * What `nvidia-smi` says, a row for each line; none on a machine without a device.
 *
 * @throws UserFacingError when there is a device and the driver does not answer: training would go on without it
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
  const ended = timedOut ? 'it took longer than 30 s' : `exit code ${exitCode}${said && `: ${said}`}`
  const cause = code === 'ENOENT' ? 'it is neither on PATH nor in /usr/local/nvidia/bin' : ended
  throw new UserFacingError(`this machine has ${join(dev, node)}, but nvidia-smi failed (${cause})`, {
    hint: 'Run `nvidia-smi` on the runner: after an update of the driver the machine must be restarted. To train without the GPU, set CUDA_VISIBLE_DEVICES to nothing.',
  })
}

/** Starts a program of the driver. @param timeout in milliseconds; 0: none */
export function askDriver(program: string, args: readonly string[], timeout = 30_000) {
  const path = [process.env.PATH, ...DRIVER_FOLDERS].join(delimiter)
  return execa(program, args, { env: { PATH: path }, reject: false, timeout, buffer: timeout > 0 })
}

async function nodesIn(dev: string): Promise<string[]> {
  return (await readdir(dev)).filter((name) => /^nvidia\d+$/.test(name))
}

/** @param visible CUDA_VISIBLE_DEVICES */
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
 * Makes the node that CUDA needs besides the device's own: after a start of the machine it is missing until somebody
 * uses CUDA, and from inside a sandbox nobody can make it.
 *
 * @throws UserFacingError when it is missing and cannot be made
 */
export async function wakeNvidia({ dev } = HERE): Promise<void> {
  const node = join(dev, 'nvidia-uvm')
  if ((await nodesIn(dev)).length === 0 || (await exists(node))) return
  await askDriver('nvidia-modprobe', ['-u', '-c=0'])
  if (await exists(node)) return
  throw new UserFacingError(`this machine has an NVIDIA device but no ${node}, so CUDA does not work`, {
    hint: 'Run `sudo nvidia-modprobe -u -c=0` on the runner; in a container, give it that device too. To train without the GPU, set CUDA_VISIBLE_DEVICES to nothing.',
  })
}

/** What uses these devices already, in words. */
export async function nvidiaUsers(given: readonly Device[], places = HERE): Promise<string[]> {
  if (given.length === 0) return []
  const isGiven = ([uuid]: string[]): boolean => given.some((device) => device.uuid === uuid)
  const processes = (await rowsOf(USERS, places)).filter(isGiven)
  const users = processes.filter(([, , name = '']) => !MPS_SERVER.test(name))
  if (processes.length > 0) return users.map(([, ...user]) => user.join(', '))
  // The driver names no process of another container.
  const memory = await rowsOf(MEMORY, places)
  return memory
    .filter((row) => isGiven(row) && Number.parseInt(row[1] ?? '', 10) > IDLE_MEBIBYTES)
    .map(([uuid, used]) => `${used} of memory on ${uuid}, held by a process that this one cannot see`)
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
