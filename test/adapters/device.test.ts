import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { assertDeviceIdle } from '../../src/adapters/trainer/device.ts'
import { UserFacingError } from '../../src/errors.ts'
import { aDirectory } from '../scaffold.ts'
import { withNvidiaSmi } from './device-lab.ts'

test('F38 a process left on the device stops the next trial, and the message says whose it is', async () => {
  await withNvidiaSmi('echo "4242, /usr/bin/python3"')
  const failure = await assertDeviceIdle().catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(UserFacingError)
  expect(String(failure)).toContain('4242, /usr/bin/python3')
})

test('F38 so does one on a device of AMD', async () => {
  const processes = await aDirectory()
  await mkdir(join(processes, String(process.pid)))
  await expect(assertDeviceIdle(processes)).rejects.toThrow(`in use by ${process.pid}, `)
})

test.each([
  ['an idle device', 'exit 0'],
  ['a driver that does not answer', 'echo "Failed to initialize NVML" >&2; exit 9'],
])('%s lets the trial begin', async (_, script) => {
  await withNvidiaSmi(script)
  await expect(assertDeviceIdle()).resolves.toBeUndefined()
})
