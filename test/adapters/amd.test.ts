import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { systemClock } from '../../src/adapters/clock.ts'
import { amdDevices, amdUsers } from '../../src/adapters/trainer/amd.ts'
import { assertIdle } from '../../src/adapters/trainer/device.ts'
import { describeDevices } from '../../src/core/trial/devices.ts'
import { aDirectory } from '../scaffold.ts'
import { NO_PAUSE } from './device-lab.ts'

/** A machine with a processor, two MI300X and an MI250X, as the kernel shows it, and who has how many bytes on the first. */
async function aMachine(users: Record<string, number> = {}) {
  const directory = await aDirectory()
  const places = { kfd: join(directory, 'kfd'), version: join(directory, 'version') }
  const files: Record<string, string> = {
    version: '6.10.5\n',
    'kfd/topology/nodes/0/properties': 'cpu_cores_count 96\nsimd_count 0\ngfx_target_version 0\n',
  }
  for (const [index, version] of [90_402, 90_402, 90_010].entries()) {
    const node = `kfd/topology/nodes/${index + 1}`
    files[`${node}/properties`] = `cpu_cores_count 0\nsimd_count 1216\ngfx_target_version ${version}\n`
    files[`${node}/gpu_id`] = `${5000 + index}\n`
  }
  for (const [id, bytes] of Object.entries(users)) files[`kfd/proc/${id}/vram_5000`] = `${bytes}\n`
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, name)), { recursive: true })
    await writeFile(join(directory, name), text)
  }
  return places
}

test.each([
  [{}, '2 × AMD gfx942, driver 6.10.5 and 1 × AMD gfx90a, driver 6.10.5'],
  [{ ROCR_VISIBLE_DEVICES: '1,2' }, '1 × AMD gfx942, driver 6.10.5 and 1 × AMD gfx90a, driver 6.10.5'],
  [{ ROCR_VISIBLE_DEVICES: '1,2', HIP_VISIBLE_DEVICES: '1' }, '1 × AMD gfx90a, driver 6.10.5'],
  [{ CUDA_VISIBLE_DEVICES: '2' }, '1 × AMD gfx90a, driver 6.10.5'],
  [{ HIP_VISIBLE_DEVICES: '' }, ''],
])('with %j the devices of AMD are %s', async (environment, words) => {
  expect(describeDevices(await amdDevices(environment, await aMachine()))).toBe(words)
})

test('a machine without the driver of AMD has no device of AMD', async () => {
  const nowhere = { kfd: '/nowhere', version: '/nowhere' }
  expect(await amdDevices({}, nowhere)).toEqual([])
})

test('F38 a process with memory on a device of AMD stops the next trial', async () => {
  const places = await aMachine({ [process.pid]: 2 ** 30 })
  const devices = await amdDevices({}, places)
  const options = { clock: { ...systemClock, ...NO_PAUSE }, signal: new AbortController().signal }
  const idle = assertIdle(() => amdUsers(devices, places), options)
  await expect(idle).rejects.toThrow(`in use by ${process.pid}, `)
})

test.each([
  ['that only looks', {}, 4096],
  ['on another device', { ROCR_VISIBLE_DEVICES: '1' }, 2 ** 30],
])('a process %s lets it begin', async (_, environment, bytes) => {
  const places = await aMachine({ [process.pid]: bytes })
  expect(await amdUsers(await amdDevices(environment, places), places)).toEqual([])
})
