import { existsSync } from 'node:fs'
import { readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { execa } from 'execa'
import { expect, onTestFinished, test } from 'vitest'
import { keepFolder, makeFolder, removeFolder, sweepLeftovers } from '../../src/adapters/leftovers.ts'
import { aDirectory } from '../scaffold.ts'

/** A folder whose note names a process that is dead. */
async function aLeftover(parent: string): Promise<string> {
  const folder = await makeFolder(parent, 'trial')
  const note = `${folder}.owner`
  await writeFile(note, (await readFile(note, 'utf8')).replace(/"began":"\d+"/, '"began":"1"'))
  return folder
}

/** A process that sleeps for ever in a session of its own, as a trainer without a sandbox may leave one. */
function aSleeper(options: { cwd?: string; env?: Record<string, string> }) {
  const child = execa('sleep', ['infinity'], { ...options, detached: true, reject: false, stdio: 'ignore' })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

test('F121 the folder of a killed job is removed, with its note', async () => {
  const parent = await aDirectory()
  const folder = await aLeftover(parent)
  await writeFile(join(folder, 'checkpoint'), 'x')
  expect(await sweepLeftovers([parent, parent])).toBe(1)
  expect([existsSync(folder), existsSync(`${folder}.owner`)]).toEqual([false, false])
})

test('F121 a job that was killed before it made the folder leaves nothing', async () => {
  const parent = await aDirectory()
  const folder = await aLeftover(parent)
  await rm(folder, { recursive: true })
  expect(await sweepLeftovers([parent])).toBe(1)
  expect(await readdir(parent)).toEqual([])
})

test('F121 a job that was killed while it wrote the note leaves nothing, and one that is writing it is left alone', async () => {
  const parent = await aDirectory()
  const [old, young] = ['old', 'young'].map((name) => join(parent, `autoresearch-${name}.owner`)) as [
    string,
    string,
  ]
  for (const note of [old, young]) await writeFile(note, '')
  await utimes(old, new Date(0), new Date(0))
  expect(await sweepLeftovers([parent])).toBe(1)
  expect(await readdir(parent)).toEqual(['autoresearch-young.owner'])
})

test('F121 a folder of a job that is alive stays, and so does what is not ours', async () => {
  const parent = await aDirectory()
  const folder = await makeFolder(parent, 'trial')
  await writeFile(join(parent, 'autoresearch-theirs'), 'x')
  await writeFile(join(parent, 'autoresearch-odd.owner'), 'no note')
  expect(await sweepLeftovers([parent, join(parent, 'no such folder')])).toBe(0)
  expect(existsSync(folder)).toBe(true)
  await removeFolder(folder)
  expect([existsSync(folder), existsSync(`${folder}.owner`)]).toEqual([false, false])
})

test('F121 a folder of another machine or container stays while its job may be alive', async () => {
  const parent = await aDirectory()
  const folder = await aLeftover(parent)
  const note = `${folder}.owner`
  await writeFile(note, (await readFile(note, 'utf8')).replace(/"place":"/, '"place":"another '))
  expect(await sweepLeftovers([parent])).toBe(0)
  expect(existsSync(folder)).toBe(true)
})

test('a folder that is kept for a person is not swept', async () => {
  const parent = await aDirectory()
  const folder = await aLeftover(parent)
  keepFolder(folder)
  expect(await sweepLeftovers([parent])).toBe(0)
  expect(existsSync(folder)).toBe(true)
})

test.runIf(process.platform === 'linux')(
  'F121 training that outlived its job is ended, and that of a job that is alive is not',
  async () => {
    const parent = await aDirectory()
    const [left, alive] = [await aLeftover(parent), await makeFolder(parent, 'home')]
    const inFolder = aSleeper({ cwd: left })
    const withHome = aSleeper({ env: { HOME: join(left, 'home') } })
    const other = aSleeper({ cwd: alive, env: { HOME: alive } })
    await Promise.all([inFolder, withHome, other].map(({ pid = 0 }) => begun(pid)))
    await sweepLeftovers([parent])
    expect((await Promise.all([inFolder, withHome])).map(({ signal }) => signal)).toEqual([
      'SIGKILL',
      'SIGKILL',
    ])
    expect(other.exitCode).toBeNull()
    await removeFolder(alive)
  },
)

/** Resolves when the process has become the program that it was started for. */
async function begun(pid: number): Promise<void> {
  while (!(await readFile(`/proc/${pid}/comm`, 'utf8')).startsWith('sleep')) await setTimeout(5)
}
