// Files that are not in UTF-8, in real repositories.
import { expect, test } from 'vitest'
import { createRepository } from '../../src/adapters/git/repository.ts'
import { readConfig, readNamedFiles } from '../../src/session/read-config.ts'
import { configOf } from '../factories.ts'
import { aRemote, type Entry } from '../scaffold.ts'

const PATH = '.github/autoresearch.yml'
const CONFIG = `editable: [train.py, model.py]
program: program.md
train: python train.py
budget: 5m
metric: { name: loss, direction: minimize, pattern: 'loss (\\S+)' }
`
const LATIN = Buffer.from('lr = 1\n# caf\u00e9\n', 'latin1')
const WORDS = /is not UTF-8 but ISO-8859-1 or Windows-1252 \(line 2\); convert it: iconv -f WINDOWS-1252/

async function namedFiles(files: Record<string, Entry>) {
  const remote = await aRemote({ [PATH]: CONFIG, ...files })
  const place = { branch: 'main', commit: remote.base }
  return readNamedFiles(createRepository(remote.itself), configOf(CONFIG), place, PATH)
}

test('F82 an editable file and the program are named, and research goes on with the others', async () => {
  const warnings = await namedFiles({ 'train.py': LATIN, 'model.py': 'dim = 8\n', 'program.md': LATIN })
  expect(warnings).toEqual([expect.stringMatching(WORDS), expect.stringMatching(WORDS)])
  expect(warnings.join()).toMatch(/program\.md.*train\.py/s)
})

test('F82 without another editable file the job ends with its name', async () => {
  await expect(namedFiles({ 'train.py': LATIN, 'program.md': 'text' })).rejects.toThrow(
    /^editable: train\.py is not UTF-8/,
  )
})

test('F82 what is not editable may be any bytes', async () => {
  const files = { 'train.py': 'lr = 1\n', 'model.py': 'dim = 8\n', 'program.md': 'text' }
  const others = { 'data.csv': LATIN, 'logo.png': Buffer.from([0x89, 0x50, 0, 0xff]) }
  expect(await namedFiles({ ...files, ...others })).toEqual([])
})

test('F82 a configuration in UTF-16 is named with its encoding, not called absent', async () => {
  const remote = await aRemote({ [PATH]: Buffer.from(`\ufeff${CONFIG}`, 'utf16le') })
  const place = { branch: 'main', commit: remote.base }
  await expect(readConfig(createRepository(remote.itself), place, PATH)).rejects.toThrow(
    `${PATH} is not UTF-8 but UTF-16 LE`,
  )
})
