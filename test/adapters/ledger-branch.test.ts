import { chmod, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type GitContext, git, readRemote } from '../../src/adapters/git/git.ts'
import { createInsightsFile } from '../../src/adapters/git/insights-file.ts'
import { createLedgerBranch } from '../../src/adapters/git/ledger-branch.ts'
import { ledgerFiles } from '../../src/adapters/git/ledger-files.ts'
import { createRepository } from '../../src/adapters/git/repository.ts'
import { BranchMovedError, ForgeError, LedgerError } from '../../src/errors.ts'
import { aRepository, type TestOptions } from '../loopback-github/fixtures.ts'
import { aDirectory, aRemote, gitIn } from '../scaffold.ts'
import { textLedger } from './ledger-lab.ts'

const LEDGER = 'autoresearch/ledger'
const FIRST_FILE = 'ledger/0000/000001.jsonl'
const append = (line: string) => (text: string) => `${text}${line}\n`
/** As the journal does: a line that is there already is not written again. */
const once = (line: string) => (text: string) => (text.split('\n').includes(line) ? text : append(line)(text))

async function aLocalLedger() {
  const remote = await aRemote({ 'train.js': 'lr = 1\n' })
  const context = await remote.clone()
  const text = () => remote.git('show', `${LEDGER}:${FIRST_FILE}`).then((shown) => `${shown}\n`)
  return { remote, context, text, store: textLedger(context) }
}

/** The same over HTTP, where answers can be lost and pushes refused. */
async function aLedgerOnGitHub(options: TestOptions = {}) {
  const { github, repository, token, issue } = await aRepository(options)
  const main = (await repository.git.readRef('refs/heads/main')) ?? ''
  const clone = async (secret = token) => {
    const directory = await aDirectory()
    const url = `${github.url.replace('//', `//x-access-token:${token}@`)}/acme/char-lm.git`
    await gitIn(directory, ['clone', '--quiet', url, '.'])
    await gitIn(directory, ['remote', 'set-url', 'origin', `${github.url}/acme/char-lm.git`])
    return { directory, remoteUrl: `${github.url}/acme/char-lm.git`, token: secret } satisfies GitContext
  }
  const at = (branch: string) => repository.git.readRef(`refs/heads/${branch}`)
  const text = async () => repository.git.run(['show', `refs/heads/${LEDGER}:${FIRST_FILE}`])
  return { github, repository, token, issue, main, clone, at, text }
}

const PUSH = { method: 'POST', path: '/acme/char-lm.git/git-receive-pack' }

describe('writing the ledger', () => {
  test('a missing ledger reads as undefined; the first write creates the branch', async () => {
    const { remote, store, text } = await aLocalLedger()
    expect(await store.read()).toBeUndefined()
    expect(await remote.tip(LEDGER)).toBeNull()
    expect(await store.update(append('one'), [], 'started')).toBe('one\n')
    expect(await text()).toBe('one\n')
    expect(await store.read()).toBe('one\n')
  })

  test('every append is one commit on top of the last', async () => {
    const { remote, store } = await aLocalLedger()
    await store.update(append('one'), [], 'started')
    await store.update(append('two'), [], 'trial')
    const log = await remote.git('log', '--format=%an %s', LEDGER)
    expect(log).toBe('autoresearch[bot] trial\nautoresearch[bot] started')
    expect(await remote.git('ls-tree', '-r', '--name-only', LEDGER)).toBe(FIRST_FILE)
  })

  test('an edit without a change does not push', async () => {
    const { remote, store } = await aLocalLedger()
    await store.update(append('one'), [], 'started')
    const before = await remote.tip(LEDGER)
    expect(await store.update((text) => text, [], 'nothing')).toBe('one\n')
    expect(await remote.tip(LEDGER)).toBe(before)
  })

  test('the text is kept byte by byte', async () => {
    const { store, context } = await aLocalLedger()
    const odd = 'a\r\n\n ü \u2028\n\n'
    await store.update(() => odd, [], 'odd')
    expect(await textLedger(context).read()).toBe(odd)
  })

  test('a shallow checkout writes as well as any', async () => {
    const remote = await aRemote({ 'train.js': 'lr = 1\n' })
    await remote.commit({ 'train.js': 'lr = 2\n' }, { branch: 'main' })
    for (const line of ['one', 'two']) {
      const store = textLedger(await remote.clone('--depth=1'))
      await store.update(append(line), [], line)
    }
    expect(await remote.git('show', `${LEDGER}:${FIRST_FILE}`)).toBe('one\ntwo')
    expect(await remote.git('rev-list', '--count', LEDGER)).toBe('2')
  })

  test('a branch of this name without a ledger is not overwritten', async () => {
    const { remote, store } = await aLocalLedger()
    const other = await remote.commit({ 'notes.md': 'mine\n' }, { branch: LEDGER })
    await expect(store.read()).rejects.toThrow(LedgerError)
    await expect(store.update(append('one'), [], 'one')).rejects.toThrow(/has no ledger/)
    expect(await remote.tip(LEDGER)).toBe(other)
  })
})

describe('others write at the same time', () => {
  test('F42 six appenders in clones of their own lose nothing and double nothing', async () => {
    const { remote, text } = await aLocalLedger()
    const stores = await Promise.all(Array.from({ length: 6 }, async () => textLedger(await remote.clone())))
    await Promise.all(stores.map((store, writer) => store.update(append(`writer ${writer}`), [], 'append')))
    const lines = (await text()).trim().split('\n')
    expect(lines.toSorted()).toEqual(stores.map((_, writer) => `writer ${writer}`))
    expect(await remote.git('rev-list', '--count', LEDGER)).toBe('6')
  })

  test('the edit is called again with their text, and the result has both', async () => {
    const { remote, store } = await aLocalLedger()
    await store.update(append('one'), [], 'one')
    await textLedger(await remote.clone()).update(append('theirs'), [], 'theirs')
    expect(await store.update(append('ours'), [], 'ours')).toBe('one\ntheirs\nours\n')
  })

  test('an edit that throws leaves the ledger as it is', async () => {
    const { remote, store, text } = await aLocalLedger()
    await store.update(append('one'), [], 'one')
    await textLedger(await remote.clone()).update(append('theirs'), [], 'theirs')
    const edit = (seen: string) => {
      if (seen.includes('theirs')) throw new LedgerError('broken', { hint: 'look' })
      return append('ours')(seen)
    }
    await expect(store.update(edit, [], 'ours')).rejects.toThrow('broken')
    expect(await text()).toBe('one\ntheirs\n')
  })

  test('F46 a ledger that was set back or deleted meanwhile stops the writer', async () => {
    const { remote, store } = await aLocalLedger()
    await store.update(append('one'), [], 'one')
    const first = (await remote.tip(LEDGER)) ?? ''
    await store.update(append('two'), [], 'two')
    await remote.git('update-ref', `refs/heads/${LEDGER}`, first)
    await expect(store.update(append('three'), [], 'three')).rejects.toThrow(/set back or rewritten/)
    expect(await remote.tip(LEDGER)).toBe(first)
    await remote.git('update-ref', '-d', `refs/heads/${LEDGER}`)
    await expect(store.update(append('three'), [], 'three')).rejects.toThrow(LedgerError)
    expect(await remote.tip(LEDGER)).toBeNull()
  })
})

describe('branches that move with the ledger', () => {
  async function aCandidate() {
    const here = await aLocalLedger()
    const files = new Map([['train.js', 'lr = 2\n']])
    const { commit: head } = await createRepository(here.context).commit({
      base: here.remote.base,
      files,
      message: 'Idea',
    })
    const creation = { branch: 'c/1', from: null, to: head }
    return { ...here, head, creation }
  }

  test('are created, moved and deleted in the same push', async () => {
    const { remote, store, head, creation, text } = await aCandidate()
    await store.update(append('proposed'), [creation], 'proposed')
    expect([await remote.tip('c/1'), await text()]).toEqual([head, 'proposed\n'])
    await store.update(append('rebased'), [{ branch: 'c/1', from: head, to: remote.base }], 'rebased')
    expect(await remote.tip('c/1')).toBe(remote.base)
    await store.update(append('ended'), [{ branch: 'c/1', from: remote.base, to: null }], 'ended')
    expect([await remote.tip('c/1'), await text()]).toEqual([null, 'proposed\nrebased\nended\n'])
  })

  test('move without a new line as well', async () => {
    const { remote, store, creation, head, text } = await aCandidate()
    await store.update(append('one'), [], 'one')
    await store.update((seen) => seen, [creation], 'move')
    expect([await remote.tip('c/1'), await text()]).toEqual([head, 'one\n'])
  })

  test('a branch that a person moved: neither the branch nor the ledger is touched', async () => {
    const { remote, store, head, creation, text } = await aCandidate()
    await store.update(append('proposed'), [creation], 'proposed')
    const theirs = await remote.commit({ 'train.js': 'mine\n' }, { parent: head, branch: 'c/1' })
    const move = { branch: 'c/1', from: head, to: remote.base }
    await expect(store.update(append('rebased'), [move], 'rebased')).rejects.toThrow(BranchMovedError)
    expect([await remote.tip('c/1'), await text()]).toEqual([theirs, 'proposed\n'])
  })

  test('a branch that a person moved is not deleted; the line is written', async () => {
    const { remote, store, head, creation, text } = await aCandidate()
    await store.update(append('proposed'), [creation], 'proposed')
    const theirs = await remote.commit({ 'train.js': 'mine\n' }, { parent: head, branch: 'c/1' })
    await store.update(append('ended'), [{ branch: 'c/1', from: head, to: null }], 'ended')
    expect([await remote.tip('c/1'), await text()]).toEqual([theirs, 'proposed\nended\n'])
  })

  test('a branch that is gone already: the line is written all the same', async () => {
    const { remote, store, head, creation, text } = await aCandidate()
    await store.update(append('proposed'), [creation], 'proposed')
    await remote.git('update-ref', '-d', 'refs/heads/c/1')
    await store.update(append('ended'), [{ branch: 'c/1', from: head, to: null }], 'ended')
    expect([await remote.tip('c/1'), await text()]).toEqual([null, 'proposed\nended\n'])
  })

  test('a branch that exists already at another commit is not taken over', async () => {
    const { remote, store, creation } = await aCandidate()
    const theirs = await remote.commit({ 'train.js': 'mine\n' }, { branch: 'c/1' })
    await expect(store.update(append('proposed'), [creation], 'proposed')).rejects.toThrow(BranchMovedError)
    expect([await remote.tip('c/1'), await remote.tip(LEDGER)]).toEqual([theirs, null])
  })

  test('a ledger that others wrote to meanwhile: the branch moves once, with our line', async () => {
    const { remote, store, head, creation, text } = await aCandidate()
    await store.update(append('one'), [], 'one')
    await textLedger(await remote.clone()).update(append('theirs'), [], 'theirs')
    await store.update(append('proposed'), [creation], 'proposed')
    expect([await remote.tip('c/1'), await text()]).toEqual([head, 'one\ntheirs\nproposed\n'])
  })
})

describe('over HTTP', () => {
  test('F14 an answer lost after the push: no second line, whatever the edit would do', async () => {
    const { github, main, clone, at, text } = await aLedgerOnGitHub()
    const store = textLedger(await clone())
    await store.update(append('one'), [], 'one')
    github.fault({ ...PUSH, dropResponse: 'after' })
    const answer = await store.update(append('two'), [{ branch: 'c/1', from: null, to: main }], 'two')
    expect([answer, await text(), await at('c/1')]).toEqual(['one\ntwo\n', 'one\ntwo\n', main])
  })

  test('F14 an answer lost, and someone else wrote before we looked again: still no second line', async () => {
    const { github, clone, text } = await aLedgerOnGitHub()
    const [store, other] = [textLedger(await clone()), textLedger(await clone())]
    await store.update(append('one'), [], 'one')
    github.fault({ ...PUSH, dropResponse: 'after' })
    github.fault({
      path: '/acme/char-lm.git/info/refs',
      meanwhile: async () => void (await other.update(append('theirs'), [], 'theirs')),
    })
    // The first look at the refs belongs to the push itself, so theirs comes first and ours is asked again.
    expect(await store.update(once('two'), [], 'two')).toBe('one\ntheirs\ntwo\n')
    expect(await text()).toBe('one\ntheirs\ntwo\n')
  })

  test('a connection that breaks before the push is tried again', async () => {
    const { github, clone, text } = await aLedgerOnGitHub()
    const store = textLedger(await clone())
    await store.update(append('one'), [], 'one')
    github.fault({ ...PUSH, dropResponse: 'before' })
    await store.update(append('two'), [], 'two')
    expect(await text()).toBe('one\ntwo\n')
  })

  test('F12 a 502 on a read is tried again', async () => {
    const { github, clone } = await aLedgerOnGitHub()
    const store = textLedger(await clone())
    await store.update(append('one'), [], 'one')
    github.fault({ path: '/acme/char-lm.git/info/refs', status: 502 })
    expect(await store.read()).toBe('one\n')
  })

  test('a read-only token: the error names the missing permission', async () => {
    const { clone, issue, at } = await aLedgerOnGitHub()
    const store = textLedger(await clone(issue('actions', { contents: 'read' })))
    const refusal = await store.update(append('one'), [], 'one').catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(LedgerError)
    expect(String(refusal)).toMatch(/Permission to acme\/char-lm.git denied|error: 403/)
    expect((refusal as LedgerError).hint).toContain('contents: write')
    expect(await at(LEDGER)).toBeUndefined()
  })

  test('F20 a token that expired: said in words, at once', async () => {
    const { github, clone, token } = await aLedgerOnGitHub()
    const store = textLedger(await clone())
    await store.update(append('one'), [], 'one')
    github.revokeToken(token)
    const before = github.gitRequests.length
    await expect(store.update(append('two'), [], 'two')).rejects.toThrow(ForgeError)
    const after = github.gitRequests.slice(before)
    expect(after.filter(({ status }) => status === 401)).toHaveLength(after.length)
    expect(after.length).toBeLessThanOrEqual(2)
  })
})

describe('the token', () => {
  test('is in no file of the clone and on no command line, and only git processes that need it have it', async () => {
    const { clone, token, main } = await aLedgerOnGitHub()
    const context = await clone()
    const record = await recordGit()
    await textLedger(context).update(append('one'), [{ branch: 'c/1', from: null, to: main }], 'one')
    await createRepository(context).remoteBranches()
    const calls = (await readFile(record, 'utf8')).trim().split('\n')
    const secret = Buffer.from(`x-access-token:${token}`).toString('base64')
    expect(calls.length).toBeGreaterThan(4)
    for (const call of calls) {
      const [args = '', environment = ''] = call.split('\u0001')
      expect(args).not.toContain(token)
      expect(args).not.toContain(secret)
      const speaks = /^(push|fetch|ls-remote) /.test(args)
      expect([args, environment.includes(secret)]).toEqual([args, speaks])
      expect(environment).not.toContain('INPUT_TOKEN')
    }
    for (const path of await filesBelow(join(context.directory, '.git'))) {
      const content = await readFile(path, 'latin1')
      expect([path, content.includes(token) || content.includes(secret)]).toEqual([path, false])
    }
  })

  /** Puts a `git` on PATH that notes every call, its arguments and its environment, and then is git. */
  async function recordGit(): Promise<string> {
    const directory = await aDirectory()
    const record = join(directory, 'calls')
    const { stdout: real } = await execa('which', ['git'])
    const lines = [
      '#!/bin/sh',
      `printf '%s \\001%s\\n' "$*" "$(env | tr '\\n' ' ')" >> '${record}'`,
      `exec '${real}' "$@"`,
    ]
    await writeFile(join(directory, 'git'), `${lines.join('\n')}\n`)
    await chmod(join(directory, 'git'), 0o755)
    const { PATH } = process.env
    process.env.PATH = `${directory}:${PATH}`
    process.env.INPUT_TOKEN = 'must not be handed on'
    onTestFinished(() => {
      process.env.PATH = PATH
      delete process.env.INPUT_TOKEN
    })
    return record
  }

  async function filesBelow(directory: string): Promise<string[]> {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true })
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  }
})

describe('files of bounded size', () => {
  const LINE = `${'x'.repeat(999)}\n`
  const lines = (count: number) => (text: string) => text + LINE.repeat(count)

  test('F122 a long ledger is many small files, and an append rewrites the last one alone', async () => {
    const { remote, store } = await aLocalLedger()
    await store.update(lines(200), [], 'many')
    const listed = (await remote.git('ls-tree', '-r', '--long', LEDGER)).split('\n')
    const sizes = listed.map((entry) => Number(entry.split(/\s+/)[3]))
    expect([sizes.length, sizes.reduce((sum, size) => sum + size)]).toEqual([4, 200_000])
    expect(Math.max(...sizes)).toBeLessThan(65_536 + LINE.length)
    await store.update(append('one'), [], 'one')
    const changed = await remote.git('diff-tree', '-r', '--name-only', `${LEDGER}~1`, LEDGER)
    expect(changed).toBe('ledger/0000/000004.jsonl')
    expect(await textLedger(await remote.clone()).read()).toBe(`${LINE.repeat(200)}one\n`)
  })

  test('F122 curves lie beside the ledger and are read by the number of their file', async () => {
    const { remote, context } = await aLocalLedger()
    const store = createLedgerBranch(context)
    const curve = `${'y'.repeat(40_000)}\n`
    const numbers: number[] = []
    for (const name of ['one', 'two', 'three'])
      await store.append(
        (_, curveFile) => {
          numbers.push(curveFile)
          return { lines: `${name}\n`, curves: curve }
        },
        [],
        name,
      )
    expect(numbers).toEqual([1, 1, 2])
    const other = createLedgerBranch(await remote.clone())
    await other.read()
    expect(await other.readCurves([2, 7, 1])).toEqual([curve, '', curve + curve])
  })

  test('F122 contents are fetched only when they are read, where the server allows it', async () => {
    const { remote, store } = await aLocalLedger()
    await remote.git('config', 'uploadpack.allowFilter', 'true')
    await store.update(
      (text) => text + Array.from({ length: 200 }, (_, n) => `${n}${LINE}`).join(''),
      [],
      'many',
    )
    const context = await remote.clone('--branch=main', '--single-branch')
    const files = ledgerFiles(context)
    const tip = await files.fetch()
    const blobs = [...tip.files.values()]
    const present = async () =>
      (await git(context, ['cat-file', '--batch-check'], { input: blobs.map((one) => `${one}\n`).join('') }))
        .split('\n')
        .map((line) => !line.endsWith(' missing'))
    expect(await present()).toEqual([false, false, false, false])
    expect((await files.read([blobs[2] ?? '']))[0]?.length).toBeGreaterThan(65_000)
    expect(await present()).toEqual([false, false, true, false])
  })

  test('F46 a closed file that was edited stops the writer', async () => {
    const { remote, store } = await aLocalLedger()
    await store.update(lines(200), [], 'many')
    const parent = await remote.tip(LEDGER)
    await remote.commit({ 'ledger/0000/000002.jsonl': LINE }, { parent, branch: LEDGER })
    await expect(store.update(append('ours'), [], 'ours')).rejects.toThrow(/set back or rewritten/)
  })

  test('a ledger of the first format becomes files with the first append, line by line as it was', async () => {
    const { remote, store } = await aLocalLedger()
    const old = LINE.repeat(150)
    await remote.commit({ 'ledger.jsonl': old, 'notes.md': 'mine\n' }, { parent: null, branch: LEDGER })
    const other = textLedger(await remote.clone())
    expect(await other.read()).toBe(old)
    expect(await store.read()).toBe(old)
    await store.update(append('one'), [], 'one')
    expect(await remote.git('ls-tree', '--name-only', LEDGER)).toBe('ledger\nnotes.md')
    expect(await remote.git('rev-list', '--count', LEDGER)).toBe('2')
    // Someone who had read the old file goes on in the new ones.
    expect(await other.update(append('two'), [], 'two')).toBe(`${old}one\ntwo\n`)
  })
})

test('F115 the git work of one job is done one after another: none of it fails', async () => {
  const { clone, main, text } = await aLedgerOnGitHub()
  const context = await clone()
  const [ledger, insights] = [textLedger(context), createInsightsFile(context)]
  const other = textLedger(await clone())
  await ledger.update(append('start'), [], 'start')
  const work = Array.from({ length: 20 }, async (_, index) => {
    if (index % 8 === 0) await other.update(once(`other ${index}`), [], 'other')
    else if (index % 4 === 1) await insights.update((present = '') => `${present}- ${index}\n`)
    else if (index % 4 === 2) await insights.read()
    else await readRemote(context, ['fetch', '--quiet', '--depth=1', context.remoteUrl, main])
  })
  const writes = Array.from({ length: 5 }, (_, index) => ledger.update(once(`ours ${index}`), [], 'ours'))
  await Promise.all([...work, ...writes])
  const written = (await text()).split('\n')
  expect(written.filter((line) => line.startsWith('ours'))).toHaveLength(5)
  expect(written.filter((line) => line.startsWith('other'))).toHaveLength(3)
  expect((await insights.read())?.trim().split('\n')).toHaveLength(5)
})
