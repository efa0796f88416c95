import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { assertDeviceIdle } from '../../src/adapters/trainer/device.ts'
import { UserFacingError } from '../../src/errors.ts'
import { aDirectory } from '../scaffold.ts'

/** Puts a program named nvidia-smi first on PATH: no test machine has a device. */
async function withNvidiaSmi(script: string): Promise<void> {
  const directory = await aDirectory()
  const path = join(directory, 'nvidia-smi')
  await writeFile(path, `#!/bin/sh\n${script}\n`)
  await chmod(path, 0o755)
  const before = process.env.PATH
  process.env.PATH = `${directory}:${before}`
  onTestFinished(() => {
    process.env.PATH = before
  })
}

test('F38 a process left on the device stops the next trial, and the message says whose it is', async () => {
  await withNvidiaSmi('echo "4242, /usr/bin/python3"')
  const failure = await assertDeviceIdle().catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(UserFacingError)
  expect(String(failure)).toContain('4242, /usr/bin/python3')
})

test.each([
  ['an idle device', 'exit 0'],
  ['a driver that does not answer', 'echo "Failed to initialize NVML" >&2; exit 9'],
])('%s lets the trial begin', async (_, script) => {
  await withNvidiaSmi(script)
  await expect(assertDeviceIdle()).resolves.toBeUndefined()
})
