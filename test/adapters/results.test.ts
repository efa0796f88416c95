import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { describe, expect, test } from 'vitest'
import { createResults } from '../../src/adapters/trainer/results.ts'
import { TRIAL_FILE } from '../../src/core/record/trial.ts'
import { aTrialResult } from '../factories.ts'
import { aDirectory } from '../scaffold.ts'

async function artifacts(files: Record<string, string> = {}) {
  const directory = await aDirectory()
  const put = async (path: string, content: string) => {
    await mkdir(dirname(join(directory, path)), { recursive: true })
    await writeFile(join(directory, path), content)
  }
  for (const [path, content] of Object.entries(files)) await put(path, content)
  return { directory, put, read: () => createResults(directory).read() }
}

const RESULT = aTrialResult()
const JSON_TEXT = JSON.stringify(RESULT)

async function problemOf(content: string): Promise<string> {
  const { read } = await artifacts({ [`a/${TRIAL_FILE}`]: content })
  const [file] = await read()
  return file?.kind === 'unreadable' ? file.problem : `not refused: ${file?.kind}`
}

describe('finding results', () => {
  test('no directory, no results', async () => {
    expect(await createResults('/no/such/directory').read()).toEqual([])
  })

  test('every trial.json of every artifact, in a stable order; other files are ignored', async () => {
    const { read } = await artifacts({
      [`b/${TRIAL_FILE}`]: JSON_TEXT,
      [`a/x/${TRIAL_FILE}`]: JSON_TEXT,
      [`a/x/y/${TRIAL_FILE}`]: JSON_TEXT,
      'a/x/log.txt': 'trial.json',
      'a/trial.json.bak': JSON_TEXT,
    })
    const files = await read()
    expect(files.map(({ name }) => name)).toEqual([
      `a/x/${TRIAL_FILE}`,
      `a/x/y/${TRIAL_FILE}`,
      `b/${TRIAL_FILE}`,
    ])
    expect(files[0]).toEqual({ name: `a/x/${TRIAL_FILE}`, kind: 'result', result: RESULT })
  })

  test('F62 nothing is looked for very deep down', async () => {
    const { read } = await artifacts({ [`${'d/'.repeat(30)}${TRIAL_FILE}`]: JSON_TEXT })
    expect(await read()).toEqual([])
  })

  test('F62 thousands of files neither exhaust the process nor push out a result without a word', async () => {
    const { read, put, directory } = await artifacts()
    await put(`trial-1/${TRIAL_FILE}`, JSON_TEXT)
    await Promise.all(
      Array.from({ length: 3000 }, async (_, index) => {
        await mkdir(join(directory, 'attack', String(index)), { recursive: true })
        await writeFile(join(directory, 'attack', String(index), TRIAL_FILE), '{}')
      }),
    )
    const files = await read()
    expect(files.find(({ name }) => name.startsWith('trial-1'))?.kind).toBe('result')
    expect(files.length).toBeLessThan(3001)
  })
})

describe('F62 hostile results are refused with a reason', () => {
  test('links, FIFOs, directories and ten gigabytes', async () => {
    const { directory, read, put } = await artifacts({ 'real.json': JSON_TEXT })
    for (const name of ['link', 'fifo', 'huge', 'linked-folder-target']) await mkdir(join(directory, name))
    await symlink('/etc/passwd', join(directory, 'link', TRIAL_FILE))
    await execa('mkfifo', [join(directory, 'fifo', TRIAL_FILE)])
    await put(`huge/${TRIAL_FILE}`, '')
    await truncate(join(directory, 'huge', TRIAL_FILE), 10 * 1024 ** 3)
    await mkdir(join(directory, 'folder', TRIAL_FILE), { recursive: true })
    const outside = await artifacts({ [TRIAL_FILE]: JSON_TEXT })
    await symlink(outside.directory, join(directory, 'linked-folder'))
    const files = await read()
    expect(files.map(({ name, kind }) => [dirname(name), kind])).toEqual([
      ['fifo', 'unreadable'],
      ['huge', 'unreadable'],
      ['link', 'unreadable'],
    ])
  })

  test.each([
    ['empty', ''],
    ['not JSON', '{"trial":'],
    ['a list', '[]'],
    ['an unknown field', JSON.stringify({ ...RESULT, verdict: 'merge' })],
    ['a missing field', JSON.stringify({ ...RESULT, outcome: undefined })],
    ['an unknown outcome', JSON.stringify({ ...RESULT, outcome: 'excellent' })],
    ['a value that is not finite', JSON_TEXT.replace('2.5', '1e999')],
    ['a value that is text', JSON.stringify({ ...RESULT, value: '0.01' })],
    ['a name that climbs', JSON.stringify({ ...RESULT, trial: { ...RESULT.trial, id: '../../etc/passwd' } })],
    [
      'a head that is an option',
      JSON.stringify({ ...RESULT, trial: { ...RESULT.trial, head: '--upload-pack=x' } }),
    ],
    ['a huge reason', JSON.stringify({ ...RESULT, reason: 'x'.repeat(501) })],
    ['a long curve', JSON.stringify({ ...RESULT, curve: Array(201).fill({ step: 1, value: 1 }) })],
    ['deep nesting', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    ['a prototype', `${JSON_TEXT.slice(0, -1)},"__proto__":{"value":0}}`],
  ])('%s', async (_, content) => {
    expect(await problemOf(content)).not.toContain('not refused')
  })

  test('the reason is one short line, whatever the file says', async () => {
    const problem = await problemOf(JSON.stringify({ ...RESULT, [`a\n::error::b${'x'.repeat(10_000)}`]: 1 }))
    expect(problem).not.toContain('\n')
    expect(problem.length).toBeLessThan(400)
  })
})
