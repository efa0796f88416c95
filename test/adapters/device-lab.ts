// A machine whose driver says what a test wants: no test machine has a device.
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { aDirectory } from '../scaffold.ts'

/** For a clock: nothing is waited for. */
export const NO_PAUSE = { pause: async () => {} }

/** Puts a program named nvidia-smi first on PATH, until the test is over. */
export function withNvidiaSmi(script: string): Promise<void> {
  return withProgram('nvidia-smi', script)
}

/** Puts a program of this name first on PATH, until the test is over. */
export async function withProgram(name: string, script: string): Promise<void> {
  const directory = await aDirectory()
  const path = join(directory, name)
  await writeFile(path, `#!/bin/sh\n${script}\n`)
  await chmod(path, 0o755)
  const before = process.env.PATH
  process.env.PATH = `${directory}:${before}`
  onTestFinished(() => {
    process.env.PATH = before
  })
}

/** What the kernel shows of a driver: these nodes, and what `describeDevice` says of a device. */
export async function aDriver(...nodes: string[]) {
  const directory = await aDirectory()
  const places = { dev: join(directory, 'dev'), proc: join(directory, 'proc') }
  await mkdir(places.dev)
  for (const node of nodes) await writeFile(join(places.dev, node), '')
  const describeDevice = async (bus: string, uuid: string, minor: number) => {
    const folder = join(places.proc, 'gpus', bus)
    await mkdir(folder, { recursive: true })
    const lines = ['Model: \t\t NVIDIA H100', `GPU UUID: \t ${uuid}`, `Device Minor: \t ${minor}`]
    await writeFile(join(folder, 'information'), `${lines.join('\n')}\n`)
  }
  return { places, describeDevice }
}
