import { expect, test } from 'vitest'
import { searchFiles } from '../../../src/core/propose/search.ts'
import { applyEdit, openWorkspace } from '../../../src/core/propose/workspace.ts'

const FILES = new Map([
  ['train.py', 'lr = 1\nwd = 1\n'],
  ['lib/model.py', 'depth = 4\nlr = None\n'],
  ['library.py', 'lr = 3\n'],
])
const WORKSPACE = openWorkspace(FILES, ['train.py'])

test.each([
  ['literal text', { text: 'lr = ' }, 'train.py:1: lr = 1\nlib/model.py:2: lr = None\nlibrary.py:1: lr = 3'],
  ['literal text that looks like a pattern', { text: '.*' }, 'no match in 3 files'],
  [
    'a pattern',
    { text: '^(lr|wd) = \\d$', regex: true },
    'train.py:1: lr = 1\ntrain.py:2: wd = 1\nlibrary.py:1: lr = 3',
  ],
  ['one file', { text: 'lr', path: 'train.py' }, 'train.py:1: lr = 1'],
  [
    'a folder, not other paths with the same prefix',
    { text: 'lr', path: 'lib' },
    'lib/model.py:2: lr = None',
  ],
  ['a folder with a slash', { text: 'lr', path: './lib/' }, 'lib/model.py:2: lr = None'],
])('finds %s', (_, query, text) => {
  expect(searchFiles(WORKSPACE, query)).toEqual({ kind: 'text', text })
})

test('searches edits', () => {
  const edited = applyEdit(WORKSPACE, { path: 'train.py', search: 'lr = 1', replace: 'rate = 1' })
  if (edited.kind === 'refused') throw new Error(edited.problem)
  expect(searchFiles(edited.workspace, { text: 'rate' })).toEqual({
    kind: 'text',
    text: 'train.py:1: rate = 1',
  })
})

test.each([
  ['an invalid pattern', { text: '(', regex: true }, 'not a valid JavaScript regular expression'],
  ['an unknown path', { text: 'lr', path: 'src' }, 'there is no file at "src"'],
])('refuses %s', (_, query, problem) => {
  expect(searchFiles(WORKSPACE, query)).toMatchObject({
    kind: 'refused',
    problem: expect.stringContaining(problem),
  })
})

test('shows the first 60 matches, shortened, and counts the rest', () => {
  const files = new Map([['long.txt', `${'x'.repeat(5000)}\n`.repeat(100)]])
  const found = searchFiles(openWorkspace(files, []), { text: 'x' })
  const lines = found.kind === 'text' ? found.text.split('\n') : []
  expect(lines).toHaveLength(61)
  expect(lines[0]?.length).toBeLessThan(260)
  expect(lines.at(-1)).toContain('40 more matches')
})
