import { describe, expect, test } from 'vitest'
import {
  applyEdit,
  changedFiles,
  deleteFile,
  listFiles,
  MAX_FILE_BYTES,
  moveFile,
  openWorkspace,
  readFile,
  showDiff,
  type Workspace,
  writeFile,
} from '../../../src/core/propose/workspace.ts'

const FILES = { 'train.py': 'lr = 1\nwd = 1\n', 'lib/model.py': 'depth = 4\n', 'eval.py': 'score()\n' }

function aWorkspace(
  files: Record<string, string> = FILES,
  editable = ['train.py', 'lib/model.py'],
): Workspace {
  return openWorkspace(new Map(Object.entries(files)), editable)
}

function edited(workspace: Workspace, path: string, search: string, replace: string): Workspace {
  const result = applyEdit(workspace, { path, search, replace })
  if (result.kind === 'refused') throw new Error(result.problem)
  return result.workspace
}

describe('applyEdit', () => {
  test('replaces the only occurrence without changing the given workspace', () => {
    const before = aWorkspace()
    const after = edited(before, 'train.py', 'lr = 1', 'lr = 2')
    expect(changedFiles(after)).toEqual(new Map([['train.py', 'lr = 2\nwd = 1\n']]))
    expect(changedFiles(before)).toEqual(new Map())
  })

  test('builds on earlier edits', () => {
    const once = edited(aWorkspace(), 'train.py', 'lr = 1', 'lr = 2')
    const twice = edited(once, 'train.py', 'lr = 2', 'lr = 3')
    expect(changedFiles(twice).get('train.py')).toBe('lr = 3\nwd = 1\n')
  })

  test('takes the replacement literally', () => {
    const after = edited(aWorkspace(), 'train.py', 'lr = 1', "lr = '$& $1 $$'")
    expect(changedFiles(after).get('train.py')).toBe("lr = '$& $1 $$'\nwd = 1\n")
  })

  test('keeps Windows line ends', () => {
    const after = edited(aWorkspace({ 'train.py': 'a\r\nb\r\n' }), 'train.py', 'a\nb', 'a\nc\nb')
    expect(changedFiles(after).get('train.py')).toBe('a\r\nc\r\nb\r\n')
  })

  test.each([
    ['F6 missing text', 'train.py', 'lr = 7', 'x', 'is not in train.py'],
    ['F6 text that occurs twice', 'train.py', '= 1', '= 2', 'occurs 2 times in train.py'],
    ['F6 an empty search', 'train.py', '', 'x', 'search is empty'],
    ['F6 an edit that changes nothing', 'train.py', 'lr', 'lr', 'nothing would change'],
    [
      'F9 F65 a file that is not editable',
      'eval.py',
      'score',
      'x',
      'is not editable; editable files: train.py',
    ],
    ['F9 an unknown file', 'other.py', 'x', 'y', 'there is no file "other.py"'],
    ['F9 a path that climbs out', '../train.py', 'lr', 'x', 'is not a'],
    ['F9 a path that climbs inside', 'lib/../train.py', 'lr', 'x', 'is not a'],
    ['F9 an absolute path', '/etc/passwd', 'root', 'x', 'is not a'],
    ['F9 a drive', 'C:/train.py', 'lr', 'x', 'is not a'],
    ['F9 a backslash', 'lib\\model.py', 'depth', 'x', 'is not a'],
    ['half a surrogate pair', 'train.py', 'lr', '\ud800', 'not valid text'],
  ])('%s is refused, and nothing changes', (_, path, search, replace, problem) => {
    const workspace = aWorkspace()
    const result = applyEdit(workspace, { path, search, replace })
    expect(result).toEqual({ kind: 'refused', problem: expect.stringContaining(problem) })
    expect(changedFiles(workspace).size).toBe(0)
  })

  test('F65 removed: if the evaluator were editable, a model that obeys injected text could edit it', () => {
    const obeyed = { path: 'eval.py', search: 'score()', replace: 'print("val_bpb: 0")' }
    expect(applyEdit(aWorkspace(), obeyed).kind).toBe('refused')
    expect(applyEdit(aWorkspace(FILES, ['train.py', 'eval.py']), obeyed).kind).toBe('edited')
  })

  test('F6 counts overlapping occurrences, because either could have been meant', () => {
    const result = applyEdit(aWorkspace({ 'train.py': 'aaa' }), {
      path: 'train.py',
      search: 'aa',
      replace: 'b',
    })
    expect(result).toMatchObject({ problem: expect.stringContaining('2 times') })
  })

  test('F8 refuses a file above 256 KiB, counted in bytes', () => {
    const edit = (replace: string) =>
      applyEdit(aWorkspace({ 'train.py': 'x' }), { path: 'train.py', search: 'x', replace })
    expect(edit('é'.repeat(MAX_FILE_BYTES / 2)).kind).toBe('edited')
    expect(edit('é'.repeat(MAX_FILE_BYTES / 2 + 1))).toMatchObject({
      problem: expect.stringContaining('256 KiB'),
    })
  })
})

describe('writeFile', () => {
  test('replaces the content, keeps the line ends, and does not change the given workspace', () => {
    const before = aWorkspace({ 'train.py': 'a\r\nb\r\n' })
    const result = writeFile(before, 'train.py', 'c\nd\n')
    const after = result.kind === 'edited' ? result.workspace : before
    expect(changedFiles(after).get('train.py')).toBe('c\r\nd\r\n')
    expect(changedFiles(before).size).toBe(0)
  })

  test.each([
    ['F6 the same content', 'train.py', FILES['train.py'], 'already has this content'],
    ['F8 a file above 256 KiB', 'train.py', 'é'.repeat(MAX_FILE_BYTES / 2 + 1), '256 KiB'],
    ['F9 a file that is not editable', 'eval.py', 'x', 'is not editable'],
    ['F9 a new file', 'new.py', 'x', 'there is no file'],
    ['F9 a path that climbs out', '../train.py', 'x', 'is not a'],
    ['F9 an absolute path', '/etc/passwd', 'x', 'is not a'],
    ['half a surrogate pair', 'train.py', '\udc00', 'not valid text'],
  ])('%s is refused', (_, path, content, problem) => {
    expect(writeFile(aWorkspace(), path, content)).toEqual({
      kind: 'refused',
      problem: expect.stringContaining(problem),
    })
  })
})

describe('showDiff', () => {
  test('shows all changed files', () => {
    const once = edited(aWorkspace(), 'train.py', 'lr = 1', 'lr = 2')
    const twice = edited(once, 'lib/model.py', 'depth = 4', 'depth = 8')
    expect(showDiff(twice)).toMatch(
      /^--- a\/train\.py[\s\S]*\+lr = 2[\s\S]*--- a\/lib\/model\.py[\s\S]*-depth = 4/,
    )
  })

  test('says that there are no edits', () => {
    expect(showDiff(aWorkspace())).toBe('no edits yet')
  })

  test('cuts a long diff', () => {
    const long = aWorkspace({ 'train.py': 'x' })
    const result = writeFile(long, 'train.py', 'line\n'.repeat(20_000))
    const text = result.kind === 'edited' ? showDiff(result.workspace) : ''
    expect(text.length).toBeLessThan(24_100)
    expect(text).toMatch(/more characters …\]$/)
  })
})

describe('changedFiles', () => {
  test('ignores an edit that was undone', () => {
    const away = edited(aWorkspace(), 'train.py', 'lr = 1', 'lr = 2')
    const back = edited(away, 'train.py', 'lr = 2', 'lr = 1')
    expect(changedFiles(back).size).toBe(0)
  })
})

describe('readFile', () => {
  test('shows a file including edits', () => {
    const workspace = edited(aWorkspace(), 'train.py', 'lr = 1', 'lr = 2')
    expect(readFile(workspace, 'train.py')).toEqual({ kind: 'text', text: 'lr = 2\nwd = 1\n' })
    expect(readFile(workspace, 'eval.py')).toEqual({ kind: 'text', text: 'score()\n' })
  })

  test('shows only the requested lines', () => {
    const workspace = aWorkspace({ 'a.py': '1\n2\n3\n4\n' })
    expect(readFile(workspace, 'a.py', 2, 3)).toEqual({ kind: 'text', text: '2\n3' })
    expect(readFile(workspace, 'a.py', 3, 2)).toMatchObject({ kind: 'refused' })
    expect(readFile(workspace, 'a.py', 4, 99)).toEqual({ kind: 'text', text: '4\n' })
  })

  test('shows a long file in consecutive parts', () => {
    const text = Array.from({ length: 9000 }, (_, index) => `line ${index}`).join('\n')
    const workspace = aWorkspace({ 'long.py': text })
    const pieces: string[] = []
    for (let from = 1; from > 0; ) {
      const piece = readFile(workspace, 'long.py', from)
      const [shown = '', next] = (piece.kind === 'text' ? piece.text : '').split(
        /\n\[… cut: continue with from_line (\d+) of 9000 …\]/,
      )
      pieces.push(shown)
      from = Number(next ?? 0)
    }
    expect(pieces.length).toBeGreaterThan(1)
    expect(pieces.join('\n')).toBe(text)
  })

  test.each([
    ['F9 a path that climbs out', '../../etc/passwd', 1, 'is not a'],
    ['an unknown file', 'nope.py', 1, 'there is no file'],
    ['a line after the end', 'eval.py', 99, 'has only 2 lines'],
  ])('%s is refused', (_, path, fromLine, problem) => {
    expect(readFile(aWorkspace(), path, fromLine)).toEqual({
      kind: 'refused',
      problem: expect.stringContaining(problem),
    })
  })
})

describe('listFiles', () => {
  test('lists editable files first', () => {
    expect(listFiles(aWorkspace())).toBe('train.py (editable)\nlib/model.py (editable)\neval.py')
  })

  test('lists 500 files and counts the rest', () => {
    const many = Object.fromEntries(Array.from({ length: 700 }, (_, index) => [`f${index}`, '']))
    expect(listFiles(aWorkspace(many, []))).toMatch(/f499\n\[… 200 more files …\]$/)
  })
})

describe('F72 files that come and go', () => {
  const open = () =>
    openWorkspace(new Map(Object.entries(FILES)), ['train.py', 'lib/model.py'], ['train.py', 'lib/**'])
  const workspaceOf = (result: ReturnType<typeof writeFile>): Workspace => {
    if (result.kind === 'refused') throw new Error(result.problem)
    return result.workspace
  }

  test('a file is added, moved and deleted again', () => {
    const added = workspaceOf(writeFile(open(), 'lib/new.py', 'a = 1\n'))
    expect(changedFiles(added)).toEqual(new Map([['lib/new.py', 'a = 1\n']]))
    expect(listFiles(added)).toContain('lib/new.py (editable)')
    const moved = workspaceOf(moveFile(added, 'lib/new.py', 'lib/deep/new.py'))
    expect(changedFiles(moved)).toEqual(new Map([['lib/deep/new.py', 'a = 1\n']]))
    expect(changedFiles(workspaceOf(deleteFile(moved, 'lib/deep/new.py')))).toEqual(new Map())
  })

  test('a file of the baseline is moved', () => {
    const moved = workspaceOf(moveFile(open(), 'lib/model.py', 'lib/net.py'))
    expect(changedFiles(moved)).toEqual(
      new Map([
        ['lib/net.py', 'depth = 4\n'],
        ['lib/model.py', null],
      ]),
    )
    expect(readFile(moved, 'lib/model.py').kind).toBe('refused')
    expect(showDiff(moved)).toContain('-depth = 4')
  })

  test.each<[string, (workspace: Workspace) => ReturnType<typeof writeFile>]>([
    ['a file outside the globs is added', (at) => writeFile(at, 'numpy.py', 'x')],
    ['a file outside the globs is deleted', (at) => deleteFile(at, 'eval.py')],
    ['a file is moved over another', (at) => moveFile(at, 'lib/model.py', 'train.py')],
    ['a file is moved out', (at) => moveFile(at, 'lib/model.py', 'model.py')],
    ['a path leaves the repository', (at) => writeFile(at, 'lib/../../x.py', 'x')],
  ])('refused: %s', (_, act) => {
    expect(act(open()).kind).toBe('refused')
  })
})
