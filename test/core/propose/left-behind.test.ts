import { describe, expect, test } from 'vitest'
import { type LeftEntry, takeChanges } from '../../../src/core/propose/left-behind.ts'

const BEFORE = new Map([
  ['train.py', 'lr = 1\n'],
  ['eval.py', 'score()\n'],
])
const AS_BEFORE: LeftEntry[] = [...BEFORE].map(([path, text]) => ({ path, kind: 'text', text }))
const EDITED: LeftEntry = { path: 'train.py', kind: 'text', text: 'lr = 2\n' }

const take = (...left: LeftEntry[]) => takeChanges(BEFORE, ['train.py'], left)
const withBefore = (...left: LeftEntry[]) =>
  take(...left, ...AS_BEFORE.filter(({ path }) => !left.some((entry) => entry.path === path)))

describe('takeChanges', () => {
  test('takes edited files and ignores unchanged ones', () => {
    expect(withBefore(EDITED)).toEqual({ files: new Map([['train.py', 'lr = 2\n']]), problems: [] })
    expect(withBefore()).toEqual({ files: new Map(), problems: [] })
  })

  test.each<[string, LeftEntry[], string]>([
    ['F57 a file that is not editable', [{ path: 'eval.py', kind: 'text', text: '' }], 'is not editable'],
    [
      'F62 an entry that is not a file',
      [{ path: 'train.py', kind: 'other', what: 'a pipe' }],
      '"train.py" is a pipe.',
    ],
    ['a new file', [{ path: 'numpy.py', kind: 'new' }], '"numpy.py" was added'],
    ['a new file beside hidden ones', [{ path: 'a.b/c', kind: 'new' }], '"a.b/c" was added'],
    ['bytes that are not text', [{ path: 'train.py', kind: 'text', text: '\uFFFD' }], 'is not UTF-8 text'],
  ])('names %s', (_what, left, problem) => {
    expect(withBefore(...left).problems.join()).toContain(problem)
    expect(withBefore(...left).files.size).toBe(0)
  })

  test('F57 removed: if the evaluator were editable, its change would be taken', () => {
    const cheat: LeftEntry = { path: 'eval.py', kind: 'text', text: 'cheat()\n' }
    const left = [cheat, ...AS_BEFORE.slice(0, 1)]
    expect(takeChanges(BEFORE, [...BEFORE.keys()], left).files).toEqual(new Map([['eval.py', 'cheat()\n']]))
  })

  test('names deleted files that are not editable', () => {
    expect(take(EDITED).problems).toEqual(['"eval.py" was deleted, but is not editable.'])
  })

  test('F72 takes files that were added, deleted and renamed inside editable', () => {
    const before = new Map([
      ['src/a.py', 'a\n'],
      ['src/b.py', 'b\n'],
    ])
    const added: LeftEntry = { path: 'src/deep/c.py', kind: 'text', text: 'a\n' }
    const kept: LeftEntry = { path: 'src/b.py', kind: 'text', text: 'b\n' }
    const { files, problems } = takeChanges(before, [...before.keys()], [added, kept], ['src/**'])
    expect(problems).toEqual([])
    expect(files).toEqual(
      new Map([
        ['src/deep/c.py', 'a\n'],
        ['src/a.py', null],
      ]),
    )
  })

  test('a folder that is empty or cannot be read deletes nothing', () => {
    expect(takeChanges(BEFORE, [...BEFORE.keys()], [], ['**'])).toEqual({
      files: new Map(),
      problems: ['The folder is empty or cannot be read.'],
    })
  })

  test('ignores hidden files and caches', () => {
    const litter = ['.aider.chat.history.md', '.git/config', 'a/__pycache__/b.pyc'].map(
      (path): LeftEntry => ({ path, kind: 'new' }),
    )
    expect(withBefore(EDITED, ...litter).problems).toEqual([])
  })

  test('quotes names, and lists only the first of many problems', () => {
    const many = Array.from(
      { length: 9 },
      (_, index): LeftEntry => ({ path: `${index}\u202e\n`, kind: 'new' }),
    )
    const { problems } = withBefore(EDITED, ...many)
    expect(problems).toHaveLength(6)
    expect(problems[0]).toBe('"0" was added, but is not editable.')
    expect(problems[5]).toBe('And 4 more.')
  })
})
