// Reads from the kernel which AMD devices trials may use, and which processes already use them.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Device, selectDevices } from '../../core/trial/devices.ts'

/** The driver's folder, and the file with its version. */
interface AmdPlaces {
  kfd: string
  version: string
}
const HERE: AmdPlaces = { kfd: '/sys/class/kfd/kfd', version: '/sys/module/amdgpu/version' }
const IDLE_BYTES = 200 * 1024 ** 2

/** @param environment of the job: ROCR_VISIBLE_DEVICES selects devices, and HIP_VISIBLE_DEVICES selects among those */
export async function amdDevices(environment: NodeJS.ProcessEnv, places = HERE): Promise<Device[]> {
  const { ROCR_VISIBLE_DEVICES: rocr, HIP_VISIBLE_DEVICES: hip, CUDA_VISIBLE_DEVICES: cuda } = environment
  const given = selectDevices(await allDevices(places), rocr)
  return selectDevices(
    given.map((device, index) => ({ ...device, index: String(index) })),
    hip ?? cuda,
  )
}

/** The kernel lists processors as nodes as well; they have no SIMD units. */
async function allDevices({ kfd, version }: AmdPlaces): Promise<Device[]> {
  const folder = join(kfd, 'topology/nodes')
  const driver = (await read(version)) ?? 'of the kernel'
  const devices: Device[] = []
  for (const node of (await readdir(folder).catch(() => [])).toSorted((a, b) => Number(a) - Number(b))) {
    const properties = (await read(join(folder, node, 'properties'))) ?? ''
    const number = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(properties)?.[1] ?? 0)
    if (number('simd_count') === 0) continue
    const uuid = (await read(join(folder, node, 'gpu_id'))) ?? ''
    const name = `AMD ${architecture(number('gfx_target_version'))}`
    devices.push({ index: String(devices.length), uuid, name, driver })
  }
  return devices
}

/** The version holds two decimal digits each for major, minor and step; gfx names write the last two in hexadecimal: 90402 is gfx942, 90010 is gfx90a. */
function architecture(version: number): string {
  const [major, minor, step] = [Math.floor(version / 10_000), Math.floor(version / 100) % 100, version % 100]
  return `gfx${major}${minor.toString(16)}${step.toString(16)}`
}

/** Describes the processes that hold memory on these devices. Processes that only query a device do not count. */
export async function amdUsers(given: readonly Device[], { kfd } = HERE): Promise<string[]> {
  const users: string[] = []
  for (const id of given.length === 0 ? [] : await readdir(join(kfd, 'proc')).catch(() => [])) {
    const files = given.map(({ uuid }) => read(join(kfd, 'proc', id, `vram_${uuid}`)))
    const bytes = (await Promise.all(files)).map((text) => Number(text ?? 0))
    const name = (await read(`/proc/${id}/comm`)) ?? 'unknown'
    if (bytes.some((number) => number > IDLE_BYTES)) users.push(`${id}, ${name}`)
  }
  return users
}

async function read(path: string): Promise<string | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined)
  return text?.trim()
}
