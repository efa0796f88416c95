// What killed jobs leave on a machine is removed at the next start, and nothing of a job that is alive.
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect, test } from 'vitest'
import { makeScratch, sweepScratch } from '../../src/adapters/scratch.ts'
import { aDirectory } from '../scaffold.ts'

/** A folder as a process would have made it that has ended since: same name, another start. */
async function leftBy(parent: string, purpose: string): Promise<string> {
  const own = await makeScratch(parent, purpose)
  const left = own.replace(/-(\d+)-(\w{6})$/, '-1-$2')
  await mkdir(left)
  await writeFile(join(left, 'checkpoint'), 'weights')
  return left
}

test('F121 folders of a job that was killed are removed', async () => {
  const parent = await aDirectory()
  const left = [await leftBy(parent, 'trial'), await leftBy(parent, 'git')]
  expect(new Set(await sweepScratch([parent]))).toEqual(new Set(left))
  expect(left.some((folder) => existsSync(folder))).toBe(false)
})

test('F121 a folder of a job that is alive stays, and so does what is not ours', async () => {
  const parent = await aDirectory()
  const alive = await makeScratch(parent, 'trial')
  const others = join(parent, 'autoresearch-notes')
  await mkdir(others)
  expect(await sweepScratch([parent, parent])).toEqual([])
  expect([existsSync(alive), existsSync(others)]).toEqual([true, true])
})

test('F121 training that a killed job left running is ended', async () => {
  const left = await leftBy(await aDirectory(), 'trial')
  const training = execa('sleep', ['600'], { cwd: left, reject: false })
  const told = execa('sleep', ['600'], { env: { AUTORESEARCH_OUT: join(left, 'out') }, reject: false })
  const neighbour = execa('sleep', ['600'], { reject: false })
  await sweepScratch([join(left, '..')])
  expect((await training).signal).toBe('SIGKILL')
  expect((await told).signal).toBe('SIGKILL')
  expect(neighbour.exitCode).toBeNull()
  neighbour.kill('SIGKILL')
})

test('a folder that does not exist has nothing to remove', async () => {
  expect(await sweepScratch([join(await aDirectory(), 'missing')])).toEqual([])
})
