// A machine whose driver says what a test wants: no test machine has a device.
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { aDirectory } from '../scaffold.ts'

/** Puts a program named nvidia-smi first on PATH, until the test is over. */
export async function withNvidiaSmi(script: string): Promise<void> {
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
