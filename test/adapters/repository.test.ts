import { chmod, lstat, mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type GitContext, git } from '../../src/adapters/git/git.ts'
import { createRepository } from '../../src/adapters/git/repository.ts'
import { aDirectory, aRemote, type Entry, gitIn } from '../scaffold.ts'

const FILES = { 'train.js': 'lr = 1\n', 'evaluate.js': 'honest\n', 'README.md': '# Model\n' }

async function here(files: Record<string, Entry> = FILES, ...options: string[]) {
  const remote = await aRemote(files)
  const context = await remote.clone(...options)
  return { remote, context, repository: createRepository(context) }
}

describe('branches of the remote', () => {
  test('are all there, and the default branch need not be called main', async () => {
    const remote = await aRemote(FILES, 'trunk')
    const head = await remote.commit({ 'train.js': 'lr = 2\n' }, { parent: remote.base, branch: 'a/b' })
    const repository = createRepository(await remote.clone())
    const { defaultBranch, commits } = await repository.remoteBranches()
    expect(defaultBranch).toBe('trunk')
    expect([...commits]).toEqual([
      ['a/b', head],
      ['trunk', remote.base],
    ])
  })

  test('are read from the remote, not from what the clone knew', async () => {
    const { remote, repository } = await here()
    const head = await remote.commit({ 'train.js': 'lr = 2\n' }, { branch: 'main' })
    expect((await repository.remoteBranches()).commits.get('main')).toBe(head)
  })

  test('an empty repository has none', async () => {
    const directory = await aDirectory()
    await gitIn(directory, ['init', '--quiet', '--bare'])
    const repository = createRepository({ directory, remoteUrl: `file://${directory}` })
    expect((await repository.remoteBranches()).commits.size).toBe(0)
  })
})

describe('reading files', () => {
  test('text is there in full, what is binary, huge, a link or a submodule is left out', async () => {
    const { remote, repository } = await here({
      ...FILES,
      'bom.txt': '\uFEFFkept\r\n',
      'empty.txt': '',
      'weights.bin': Buffer.from([1, 0, 2]),
      'latin1.txt': Buffer.from([0x63, 0x61, 0x66, 0xe9]),
      'corpus.txt': 'x'.repeat(512 * 1024 + 1),
      'limit.txt': 'x'.repeat(512 * 1024),
      'link.txt': { mode: '120000', content: 'train.js' },
      vendored: { submodule: '1'.repeat(40) },
    })
    const files = await repository.readFiles(remote.base)
    expect([...files.keys()].sort()).toEqual(
      ['README.md', 'bom.txt', 'empty.txt', 'evaluate.js', 'limit.txt', 'train.js'].sort(),
    )
    expect(files.get('bom.txt')).toBe('\uFEFFkept\r\n')
  })

  test('names with spaces, tabs, newlines and other scripts are kept', async () => {
    const names = ['two words.py', 'tab\tbed.py', 'new\nline.py', 'прогноз.py', '"quoted".py']
    const { remote, repository } = await here(Object.fromEntries(names.map((name) => [name, `${name}!`])))
    const files = await repository.readFiles(remote.base)
    expect(Object.fromEntries(files)).toEqual(Object.fromEntries(names.map((name) => [name, `${name}!`])))
  })

  test('one file is read at a commit; undefined when there is none, or it is a folder', async () => {
    const { remote, repository } = await here({ ...FILES, 'sub/a.txt': 'a' })
    expect(await repository.readFile(remote.base, 'train.js')).toBe('lr = 1\n')
    expect(await repository.readFile(remote.base, 'missing.js')).toBeUndefined()
    expect(await repository.readFile(remote.base, 'sub')).toBeUndefined()
  })
})

describe('changes between two commits', () => {
  test('have the new mode, null for a deletion, and text on the sides that are text', async () => {
    const { remote, repository } = await here({ ...FILES, 'old.bin': Buffer.from([0, 1]) })
    const head = await remote.commit({
      'train.js': { mode: '100755', content: 'lr = 2\n' },
      'evaluate.js': null,
      'README.md': { mode: '120000', content: '/etc/passwd' },
      'old.bin': 'text now\n',
      'new.bin': Buffer.from([0, 2]),
      vendored: { submodule: '1'.repeat(40) },
    })
    const changes = await repository.changes(remote.base, head)
    expect(changes.sort((a, b) => (a.path < b.path ? -1 : 1))).toEqual([
      { path: 'README.md', mode: '120000', before: '# Model\n', after: '/etc/passwd' },
      { path: 'evaluate.js', mode: null, before: 'honest\n' },
      { path: 'new.bin', mode: '100644' },
      { path: 'old.bin', mode: '100644', after: 'text now\n' },
      { path: 'train.js', mode: '100755', before: 'lr = 1\n', after: 'lr = 2\n' },
      { path: 'vendored', mode: '160000' },
    ])
  })

  test('a rename is a deletion and an addition', async () => {
    const { remote, repository } = await here()
    const head = await remote.commit({ 'train.js': null, 'moved.js': 'lr = 1\n' })
    expect(await repository.changes(remote.base, head)).toEqual([
      { path: 'moved.js', mode: '100644', after: 'lr = 1\n' },
      { path: 'train.js', mode: null, before: 'lr = 1\n' },
    ])
  })

  test('of a mode alone are seen', async () => {
    const { remote, repository } = await here()
    const head = await remote.commit({ 'train.js': { mode: '100755', content: 'lr = 1\n' } })
    expect(await repository.changes(remote.base, head)).toEqual([
      { path: 'train.js', mode: '100755', before: 'lr = 1\n', after: 'lr = 1\n' },
    ])
  })

  test('names of any kind are kept apart', async () => {
    const { remote, repository } = await here()
    const names = ['a b.py', 'a\tb.py', 'a\nb.py', 'ä.py', 'a\u0308.py']
    const head = await remote.commit(Object.fromEntries(names.map((name) => [name, name])))
    const changes = await repository.changes(remote.base, head)
    expect(changes.map(({ path, after }) => [path, after]).sort()).toEqual(
      names.map((name) => [name, name]).sort(),
    )
  })
})

describe('making a commit', () => {
  test('puts whole files on top of the base, in this clone only', async () => {
    const { remote, context, repository } = await here()
    const files = new Map([
      ['train.js', 'lr = 2\n'],
      ['sub/new.js', '// ünï\n'],
    ])
    const made = await repository.commit({ base: remote.base, files, message: 'Idea\n\nBecause.' })
    expect(await repository.treeOf(made.commit)).toBe(made.tree)
    expect(await repository.changes(remote.base, made.commit)).toEqual([
      { path: 'sub/new.js', mode: '100644', after: '// ünï\n' },
      { path: 'train.js', mode: '100644', before: 'lr = 1\n', after: 'lr = 2\n' },
    ])
    const shown = await git(context, ['log', '-1', '--format=%an|%P|%B', made.commit])
    expect(shown.trim()).toBe(`autoresearch[bot]|${remote.base}|Idea\n\nBecause.`)
    await expect(remote.git('cat-file', '-e', made.commit)).rejects.toThrow()
  })

  test('changes neither the work tree nor the index of the clone', async () => {
    const { remote, context, repository } = await here()
    await repository.commit({
      base: remote.base,
      files: new Map([['train.js', 'lr = 2\n']]),
      message: 'Idea',
    })
    expect(await gitIn(context.directory, ['status', '--porcelain'])).toBe('')
  })
})

test('F72 a commit may add, delete and rename files, and replace a file by a folder', async () => {
  const { remote, repository } = await here({ ...FILES, 'src/a.js': 'a\n', 'src/b': 'b\n' })
  const files = new Map([
    ['src/b/c.js', 'c\n'],
    ['src/a.js', null],
    ['src/moved.js', 'a\n'],
    ['src/b', null],
  ])
  const { commit, tree } = await repository.commit({ base: remote.base, files, message: 'Move' })
  expect(
    (await repository.listFiles(commit)).map(({ path }) => path).filter((path) => path.startsWith('src/')),
  ).toEqual(['src/b/c.js', 'src/moved.js'])
  expect(await repository.sealedTree(remote.base, commit, ['src/**'])).toBe(tree)
})

describe('replaying a change on another base', () => {
  const LONG = Array.from({ length: 30 }, (_, index) => `line ${index}`)
  const withLine = (index: number, text: string) => `${LONG.with(index, text).join('\n')}\n`

  async function moved(ours: string, theirs: Entry, before = withLine(0, 'line 0')) {
    const { remote, context, repository } = await here({ ...FILES, 'train.js': before })
    const onto = await remote.commit({ 'train.js': theirs }, { branch: 'main' })
    const head = await remote.commit(
      { 'train.js': ours },
      { parent: remote.base, message: 'Idea\n\nBecause.' },
    )
    return { remote, context, repository, onto, head, replayed: await repository.rebase(head, onto) }
  }

  test('is clean when the changes are apart, and keeps the message', async () => {
    const { context, repository, onto, replayed } = await moved(withLine(2, 'ours'), withLine(25, 'theirs'))
    if (replayed.kind !== 'rebased') throw new Error('unexpected conflict')
    expect(await repository.readFile(replayed.commit, 'train.js')).toBe(
      `${LONG.with(2, 'ours').with(25, 'theirs').join('\n')}\n`,
    )
    expect(await repository.treeOf(replayed.commit)).toBe(replayed.tree)
    const shown = await git(context, ['log', '-1', '--format=%P|%B', replayed.commit])
    expect(shown.trim()).toBe(`${onto}|Idea\n\nBecause.`)
  })

  test('is clean when neighbouring lines were changed', async () => {
    const { repository, replayed } = await moved(withLine(10, 'ours'), withLine(11, 'theirs'))
    if (replayed.kind !== 'rebased') throw new Error('unexpected conflict')
    expect(await repository.readFile(replayed.commit, 'train.js')).toBe(
      `${LONG.with(10, 'ours').with(11, 'theirs').join('\n')}\n`,
    )
  })

  test('is a conflict when both changed the same line', async () => {
    expect((await moved(withLine(2, 'ours'), withLine(2, 'theirs'))).replayed).toEqual({ kind: 'conflict' })
  })

  test('is a conflict when the changed line is gone, even if an equal line stands elsewhere', async () => {
    const twins = LONG.with(2, 'lr = 1').with(20, 'lr = 1')
    const text = (lines: string[]) => `${lines.join('\n')}\n`
    const { replayed } = await moved(
      text(twins.with(2, 'lr = 2')),
      text(twins.with(2, 'lr = 3')),
      text(twins),
    )
    expect(replayed).toEqual({ kind: 'conflict' })
  })

  test('is a conflict when the file is gone', async () => {
    expect((await moved(withLine(2, 'ours'), null)).replayed).toEqual({ kind: 'conflict' })
  })

  test('leaves the tree of the base when the base already contains it', async () => {
    const { repository, onto, replayed } = await moved(withLine(2, 'same'), withLine(2, 'same'))
    expect(replayed).toMatchObject({ kind: 'rebased', tree: await repository.treeOf(onto) })
  })

  test('brings back nothing when the baseline was set back to an earlier commit', async () => {
    const { remote, repository } = await here({ ...FILES, 'train.js': withLine(0, 'line 0') })
    const merged = await remote.commit({ 'train.js': withLine(25, 'withdrawn') }, { parent: remote.base })
    const both = `${LONG.with(25, 'withdrawn').with(2, 'ours').join('\n')}\n`
    const head = await remote.commit({ 'train.js': both }, { parent: merged })
    const replayed = await repository.rebase(head, remote.base)
    if (replayed.kind !== 'rebased') throw new Error('unexpected conflict')
    expect(await repository.readFile(replayed.commit, 'train.js')).toBe(withLine(2, 'ours'))
  })
})

describe('undoing a merge', () => {
  const LONG = Array.from({ length: 30 }, (_, index) => `line ${index}`)
  const text = (edits: Record<number, string>) =>
    `${LONG.map((line, index) => edits[index] ?? line).join('\n')}\n`

  /** A merge that changes line 2, by a commit with two parents, and what came after it. */
  async function merged(later: Record<string, Entry>, ...clone: string[]) {
    const remote = await aRemote({ ...FILES, 'train.js': text({}), 'old.js': 'old\n' })
    const change = { 'train.js': text({ 2: 'bad' }), 'new.js': 'new\n', 'old.js': null }
    const head = await remote.commit(change, { parent: remote.base })
    const tree = await remote.git('rev-parse', `${head}^{tree}`)
    const identity = { GIT_COMMITTER_DATE: '2026-11-01T00:00:00Z', GIT_AUTHOR_DATE: '2026-11-01T00:00:00Z' }
    const args = ['commit-tree', tree, '-p', remote.base, '-p', head, '-m', 'Merge']
    const merge = await gitIn(remote.directory, args, { env: identity })
    const onto = await remote.commit(later, { parent: merge, branch: 'main' })
    const context = await remote.clone(...clone)
    const repository = createRepository(context)
    const message = 'Revert "Bad"\n\nIt does not hold.'
    const undone = await repository.revert({ commit: merge, onto, message })
    return { remote, context, repository, merge, onto, message, undone }
  }

  test.each([
    ['in a full clone', []],
    ['in a shallow one, which lacks the merge and its parent', ['--depth=1']],
  ])('takes back its lines, its new files and its deletions, and nothing else, %s', async (_, clone) => {
    const later = { 'train.js': text({ 2: 'bad', 25: 'good' }), 'README.md': '# Newer\n' }
    const { context, repository, onto, message, undone } = await merged(later, ...clone)
    if (undone.kind === 'conflict') throw new Error('unexpected conflict')
    const changes = await repository.changes(onto, undone.commit)
    expect(changes.map(({ path, after }) => [path, after])).toEqual([
      ['new.js', undefined],
      ['old.js', 'old\n'],
      ['train.js', text({ 25: 'good' })],
    ])
    expect(await repository.treeOf(undone.commit)).toBe(undone.tree)
    const shown = await git(context, ['log', '-1', '--format=%P|%B', undone.commit])
    expect(shown.trim()).toBe(`${onto}|${message}`)
  })

  test('of the newest merge gives the tree that was there before', async () => {
    const { remote, repository, merge } = await merged({ 'README.md': '# Newer\n' })
    const undone = await repository.revert({ commit: merge, onto: merge, message: 'Revert' })
    expect(undone).toMatchObject({ kind: 'rebased', tree: await repository.treeOf(remote.base) })
  })

  test('gives the tree of the base when it was taken back already', async () => {
    const back = { 'train.js': text({}), 'new.js': null, 'old.js': 'old\n', 'README.md': '# Newer\n' }
    const { repository, onto, undone } = await merged(back)
    expect(undone).toMatchObject({ kind: 'rebased', tree: await repository.treeOf(onto) })
  })

  test.each([
    ['in a full clone', []],
    ['in a shallow one', ['--depth=1']],
  ])('a change of several commits is applied again as one, %s', async (_, clone) => {
    const later = { 'README.md': '# Newer\n' }
    const { remote, repository, onto } = await merged(later, ...clone)
    const other = await remote.commit(
      { 'train.js': text({ 25: 'ours' }) },
      { parent: remote.base, branch: 'ours' },
    )
    const applied = await repository.reapply({ from: remote.base, to: onto, onto: other })
    if (applied.kind === 'conflict') throw new Error('unexpected conflict')
    const changes = await repository.changes(other, applied.commit)
    expect(changes.map(({ path }) => path)).toEqual(['README.md', 'new.js', 'old.js', 'train.js'])
    expect(await repository.readFile(applied.commit, 'train.js')).toBe(text({ 2: 'bad', 25: 'ours' }))
  })

  test.each([
    ['the line was changed again', { 'train.js': text({ 2: 'better' }) }],
    ['its new file was changed', { 'new.js': 'newer\n' }],
    ['the file is gone', { 'train.js': null }],
  ])('is a conflict when %s', async (_, later) => {
    expect((await merged(later)).undone).toEqual({ kind: 'conflict' })
  })
})

describe('the sealed tree', () => {
  test('F57 has only the editable paths of the candidate; all else comes from the base', async () => {
    const { remote, repository } = await here({ ...FILES, 'src/model.js': 'small\n' })
    const head = await remote.commit({
      'train.js': 'lr = 2\n',
      'src/model.js': 'large\n',
      'src/deep/new.js': 'new\n',
      'evaluate.js': 'rigged\n',
      'README.md': null,
      '.github/workflows/ci.yml': 'on: push\n',
      'src/.gitattributes': '* filter=evil\n',
    })
    const sealed = await repository.sealedTree(remote.base, head, ['train.js', 'src/**'])
    const honest = await remote.commit({
      'train.js': 'lr = 2\n',
      'src/model.js': 'large\n',
      'src/deep/new.js': 'new\n',
    })
    expect(sealed).toBe(await repository.treeOf(honest))
    expect(sealed).not.toBe(await repository.treeOf(head))
  })

  test('of a candidate that keeps to the rules is its own tree, deletions included', async () => {
    const { remote, repository } = await here({ ...FILES, 'src/a.js': 'a\n' })
    const head = await remote.commit({ 'src/a.js': null, 'src/b.js': 'b\n' })
    expect(await repository.sealedTree(remote.base, head, ['src/**'])).toBe(await repository.treeOf(head))
  })

  test('F57 takes over no link, submodule or executable, even under an editable name', async () => {
    const { remote, repository } = await here()
    const base = await repository.treeOf(remote.base)
    for (const entry of [
      { mode: '120000', content: '/etc/passwd' },
      { submodule: '1'.repeat(40) },
      { mode: '100755', content: 'lr = 1\n' },
    ]) {
      const head = await remote.commit({ 'train.js': entry })
      expect(await repository.sealedTree(remote.base, head, ['train.js'])).toBe(base)
    }
  })

  test('F72 has an executable that a candidate changed, and it stays executable', async () => {
    const { remote, repository } = await here({
      ...FILES,
      'src/run.sh': { mode: '100755', content: 'one\n' },
    })
    const files = new Map([['src/run.sh', 'two\n']])
    const { commit, tree } = await repository.commit({ base: remote.base, files, message: 'Change' })
    expect(await repository.sealedTree(remote.base, commit, ['src/**'])).toBe(tree)
    expect(await repository.listFiles(commit)).toContainEqual(
      expect.objectContaining({ path: 'src/run.sh', mode: '100755' }),
    )
    expect(await repository.changes(remote.base, commit)).toEqual([
      { path: 'src/run.sh', mode: '100755', modeBefore: '100755', before: 'one\n', after: 'two\n' },
    ])
    const plain = await remote.commit({ 'src/run.sh': 'two\n' })
    expect(await repository.sealedTree(remote.base, plain, ['src/**'])).toBe(
      await repository.treeOf(remote.base),
    )
  })

  test('the hash of the fixed files changes with them and with nothing else', async () => {
    const { remote, repository } = await here()
    const hash = (commit: string) => repository.fixedTree(commit, ['train.js', 'src/**'])
    const before = await hash(remote.base)
    const edited = await remote.commit({ 'train.js': 'lr = 2\n', 'src/new.js': 'new\n' })
    expect(await hash(edited)).toBe(before)
    for (const fixed of [{ 'evaluate.js': 'rigged\n' }, { 'other.js': '' }, { 'README.md': null }])
      expect(await hash(await remote.commit(fixed))).not.toBe(before)
  })
})

describe('exporting a tree', () => {
  test('writes every file as it is in git, with its mode, and no .git', async () => {
    const { remote, repository } = await here({
      ...FILES,
      'run.sh': { mode: '100755', content: '#!/bin/sh\n' },
      'deep/er/café.txt': 'ü\n',
      'new\nline.txt': 'kept\n',
      'latest.js': { mode: '120000', content: 'train.js' },
      'weights.bin': Buffer.from([0, 255, 10, 13]),
      'crlf.txt': 'a\r\nb\r\n',
      '.gitattributes': '*.txt text=auto eol=crlf ident\n',
      '.git-index': 'a file of this name is a file like any other\n',
      vendored: { submodule: '1'.repeat(40) },
    })
    const directory = await aDirectory()
    await repository.exportTree(await repository.treeOf(remote.base), directory)
    expect((await readdir(directory)).sort()).toEqual(
      [
        ...Object.keys(FILES),
        ...['run.sh', 'deep', 'new\nline.txt', 'latest.js', 'weights.bin', 'crlf.txt', 'vendored'],
        ...['.gitattributes', '.git-index'],
      ].sort(),
    )
    const mode = async (path: string) => ((await lstat(join(directory, path))).mode & 0o111) !== 0
    expect([await mode('run.sh'), await mode('train.js')]).toEqual([true, false])
    expect(await readFile(join(directory, 'deep/er/café.txt'), 'utf8')).toBe('ü\n')
    expect(await readFile(join(directory, 'weights.bin'))).toEqual(Buffer.from([0, 255, 10, 13]))
    expect(await readlink(join(directory, 'latest.js'))).toBe('train.js')
    expect(await readdir(join(directory, 'vendored'))).toEqual([])
  })
})

describe('a shallow checkout', () => {
  test('fetches what it lacks by hash, older or newer, and works like any other', async () => {
    const remote = await aRemote(FILES)
    const old = remote.base
    await remote.commit({ 'README.md': '# Newer\n' }, { branch: 'main' })
    const context = await remote.clone('--depth=1')
    const onto = await remote.commit({ 'evaluate.js': 'better\n' }, { branch: 'main' })
    const head = await remote.commit({ 'train.js': 'lr = 2\n' }, { parent: old })
    const repository = createRepository(context)
    expect(await repository.readFile(old, 'train.js')).toBe('lr = 1\n')
    expect((await repository.changes(old, head)).map(({ path }) => path)).toEqual(['train.js'])
    const replayed = await repository.rebase(head, onto)
    if (replayed.kind !== 'rebased') throw new Error('unexpected conflict')
    expect((await repository.changes(onto, replayed.commit)).map(({ path }) => path)).toEqual(['train.js'])
  })

  test('a branch whose parent lies below the boundary is replayed on the checked-out commit', async () => {
    const remote = await aRemote(FILES)
    const head = await remote.commit({ 'train.js': 'lr = 2\n' }, { parent: remote.base, branch: 'idea' })
    const onto = await remote.commit({ 'README.md': '# Newer\n' }, { branch: 'main' })
    const repository = createRepository(await remote.clone('--depth=1'))
    const replayed = await repository.rebase(head, onto)
    if (replayed.kind !== 'rebased') throw new Error('unexpected conflict')
    expect(await repository.changes(onto, replayed.commit)).toMatchObject([{ path: 'train.js' }])
  })
})

describe('F56 what is planted in the clone', () => {
  /** A program that leaves a witness when it runs, and every way of configuring git to run it. */
  async function plant({ directory }: GitContext) {
    const witness = join(await aDirectory(), 'witness')
    const program = join(directory, '.git', 'evil')
    await writeFile(program, `#!/bin/sh\necho "$0 $*" >> '${witness}'\n`)
    await chmod(program, 0o755)
    await mkdir(join(directory, '.git', 'hooks'), { recursive: true })
    const hooks = ['post-checkout', 'post-index-change', 'pre-push', 'reference-transaction', 'post-commit']
    for (const hook of [...hooks, 'fsmonitor-watchman', 'post-merge', 'pre-auto-gc']) {
      await writeFile(join(directory, '.git', 'hooks', hook), `#!/bin/sh\nexec '${program}' ${hook}\n`)
      await chmod(join(directory, '.git', 'hooks', hook), 0o755)
    }
    const settings = {
      'core.fsmonitor': program,
      'core.hooksPath': join(directory, '.git', 'hooks'),
      'core.sshCommand': program,
      'core.pager': program,
      'core.editor': program,
      'core.alternateRefsCommand': program,
      'credential.helper': `!${program}`,
      'diff.external': program,
      'diff.evil.textconv': program,
      'diff.evil.command': program,
      'filter.evil.smudge': program,
      'filter.evil.clean': program,
      'merge.evil.driver': program,
      'gpg.program': program,
      'commit.gpgSign': 'true',
      'log.showSignature': 'true',
      'push.gpgSign': 'if-asked',
      'uploadpack.packObjectsHook': program,
      'alias.fetch': `!${program}`,
    }
    for (const [name, value] of Object.entries(settings)) await gitIn(directory, ['config', name, value])
    await mkdir(join(directory, '.git', 'info'), { recursive: true })
    const attributes = '* filter=evil diff=evil merge=evil\n'
    await writeFile(join(directory, '.git', 'info', 'attributes'), attributes)
    await writeFile(join(directory, '.gitattributes'), attributes)
    return () => readFile(witness, 'utf8').catch(() => '')
  }

  test('never runs: hooks, monitors, filters, drivers, helpers', async () => {
    const lines = Array.from({ length: 30 }, (_, index) => `line ${index}`)
    const text = (index: number, line: string) => `${lines.with(index, line).join('\n')}\n`
    const { remote, context, repository } = await here({
      ...FILES,
      'train.js': text(0, 'line 0'),
      '.gitattributes': '* filter=evil diff=evil merge=evil\n',
    })
    const ran = await plant(context)
    const onto = await remote.commit({ 'train.js': text(25, 'theirs') }, { branch: 'main' })
    await repository.remoteBranches()
    const files = new Map([['train.js', text(2, 'ours')]])
    const { commit } = await repository.commit({ base: remote.base, files, message: 'Idea' })
    await repository.changes(remote.base, commit)
    expect(await repository.rebase(commit, onto)).toMatchObject({ kind: 'rebased' })
    const close = await remote.commit({ 'train.js': text(3, 'theirs') }, { parent: remote.base })
    await repository.rebase(commit, close)
    const sealed = await repository.sealedTree(remote.base, commit, ['train.js'])
    const directory = await aDirectory()
    await repository.exportTree(sealed, directory)
    expect(await readFile(join(directory, 'train.js'), 'utf8')).toBe(text(2, 'ours'))
    expect(await ran()).toBe('')
  })

  test('removed: git as anybody calls it runs what was planted', async () => {
    const { context } = await here()
    const ran = await plant(context)
    await gitIn(context.directory, ['checkout', '--quiet', 'HEAD', '--', 'train.js'])
    await gitIn(context.directory, ['status', '--short'])
    expect(await ran()).toMatch(/fsmonitor|post-checkout|post-index-change|evil/)
  })

  test('does not redirect the remote', async () => {
    const { remote, context, repository } = await here()
    const elsewhere = await aRemote({ 'train.js': 'evil\n' })
    await gitIn(context.directory, ['config', `url.${elsewhere.url}.insteadOf`, remote.url])
    expect((await repository.remoteBranches()).commits.get('main')).toBe(remote.base)
  })
})
