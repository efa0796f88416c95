// git against a GitHub in daily use: transfers that break, rules on every branch, old versions, a machine's own configuration.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { describe, expect, onTestFinished, test } from 'vitest'
import { git } from '../../src/adapters/git/git.ts'
import { createLedgerBranch } from '../../src/adapters/git/ledger-branch.ts'
import { passesByItself } from '../../src/adapters/git/refusals.ts'
import { createRepository } from '../../src/adapters/git/repository.ts'
import { explainVersion } from '../../src/adapters/git/version.ts'
import { connect } from '../../src/adapters/github/client.ts'
import { createForge } from '../../src/adapters/github/github.ts'
import { createHost } from '../../src/adapters/github/host.ts'
import { LedgerError } from '../../src/errors.ts'
import { FakeLog } from '../fakes/log.ts'
import { aRepository, clone, type TestOptions } from '../loopback-github/fixtures.ts'
import type { TokenKind } from '../loopback-github/tokens.ts'
import { aDirectory, gitIn } from '../scaffold.ts'

const LEDGER = 'autoresearch/ledger'
const BRANCH = 'autoresearch/c/1'
const RECEIVE = '/acme/char-lm.git/git-receive-pack'
const UPLOAD = '/acme/char-lm.git/git-upload-pack'

async function here({ kind = 'actions', ...options }: TestOptions & { kind?: TokenKind } = {}) {
  const site = await aRepository(options)
  const { github, repository, issue } = site
  const token = issue(kind, { contents: 'write', pull_requests: 'write' })
  const main = (await repository.git.readRef('refs/heads/main')) ?? ''
  const directory = await aDirectory()
  const remoteUrl = `${github.url}/acme/char-lm.git`
  await gitIn(directory, ['clone', '--quiet', remoteUrl.replace('//', `//x-access-token:${token}@`), '.'])
  const log = new FakeLog()
  const connected = { apiUrl: github.apiUrl, serverUrl: github.url, repository: 'acme/char-lm', token, log }
  const hub = connect({ ...connected, secondMilliseconds: 5 })
  const context = { directory, remoteUrl, token, host: createHost(hub) }
  const store = createLedgerBranch(context, log)
  const append = (line: string, ...moves: Parameters<typeof store.append>[1]) =>
    store.append(() => ({ lines: `${line}\n`, curves: '' }), moves, 'test')
  const lines = async () => repository.git.run(['show', `refs/heads/${LEDGER}:ledger/0000/000001.jsonl`])
  const at = (branch: string) => repository.git.readRef(`refs/heads/${branch}`)
  const candidate = (text: string) =>
    createRepository(context).commit({ base: main, files: new Map([['train.js', text]]), message: 'Try' })
  return { ...site, token, main, context, log, store, append, lines, at, candidate, forge: createForge(hub) }
}

test('a repository that is renamed while the job works: git follows, in reading and in pushing', async () => {
  const { github, context, append, lines, candidate, at } = await here()
  await append('one')
  github.renameRepository('acme/char-lm', 'lab/lm')
  const { commit } = await candidate('lr = 2\n')
  await append('two', { branch: BRANCH, from: null, to: commit })
  expect(await lines()).toBe('one\ntwo\n')
  expect(await at(BRANCH)).toBe(commit)
  expect((await createRepository(context).remoteBranches()).commits.get(BRANCH)).toBe(commit)
})

test('a default branch that is renamed is found under its new name', async () => {
  const { context, repository } = await here()
  await repository.git.run(['branch', '--move', 'main', 'trunk'])
  await repository.git.run(['symbolic-ref', 'HEAD', 'refs/heads/trunk'])
  expect((await createRepository(context).remoteBranches()).defaultBranch).toBe('trunk')
})

describe('a transfer that is cut in the middle', () => {
  test('F117 a push whose answer breaks off: one line, once', async () => {
    const { github, append, lines, candidate, at } = await here()
    const { commit } = await candidate('lr = 2\n')
    await append('one')
    github.fault({ method: 'POST', path: RECEIVE, cutAfterBytes: 20 })
    await append('two', { branch: BRANCH, from: null, to: commit })
    expect(await lines()).toBe('one\ntwo\n')
    expect(await at(BRANCH)).toBe(commit)
  })

  test.each([0, 20, 200])('F117 a fetch that ends after %d bytes is made again', async (cutAfterBytes) => {
    const { github, context, repository } = await here()
    const work = await clone(github, context.token)
    const sha = await work.pushBranch('idea', { 'big.txt': `${'abc\n'.repeat(500)}${Math.random()}` })
    github.fault({ method: 'POST', path: UPLOAD, cutAfterBytes, times: 2 })
    expect(await createRepository(context).treeOf(sha)).toBe((await repository.git.readCommit(sha)).tree)
  })

  test.each([
    'error: RPC failed; curl 18 transfer closed with 1024 bytes remaining to read',
    'fatal: early EOF\nfatal: fetch-pack: invalid index-pack output',
    'fetch-pack: unexpected disconnect while reading sideband packet',
    'error: RPC failed; HTTP 502 curl 22 The requested URL returned error: 502',
    'fatal: the remote end hung up unexpectedly',
    'error: 4021 bytes of body are still expected',
    'fatal: expected flush after ref listing',
    'curl 56 GnuTLS recv error (-54): Error in the pull function.',
    "fatal: Unable to create '/x/shallow.lock': File exists.",
    'fatal: shallow file has changed since we read it',
    ' ! [remote rejected] a -> a (cannot lock ref)',
  ])('F117 %s passes by itself', (stderr) => {
    expect(passesByItself({ stderr })).toBe(true)
  })

  test.each([
    'remote: Permission to acme/x.git denied to bot.\nfatal: unable to access: The requested URL returned error: 403',
    ' ! [remote rejected] a -> a (push declined due to repository rule violations)',
    'fatal: Authentication failed for https://github.com/acme/x',
  ])('F117 %s does not', (stderr) => {
    expect(passesByItself({ stderr })).toBe(false)
  })
})

describe('a rule on every branch', () => {
  test('F87 no deletion: the ledger is written, and what stays is said once', async () => {
    const { append, lines, at, candidate, log } = await here({
      rules: { '**': { noDeletion: true, noForcePush: true } },
    })
    const { commit } = await candidate('lr = 2\n')
    await append('one', { branch: BRANCH, from: null, to: commit })
    await append('two', { branch: BRANCH, from: commit, to: null })
    await append('three')
    expect(await lines()).toBe('one\ntwo\nthree\n')
    expect(await at(BRANCH)).toBe(commit)
    expect(log.lines.filter((line) => line.includes(BRANCH))).toEqual([
      expect.stringContaining('forbids deleting branches, so these stay'),
    ])
  })

  test('F87 what stays is not said again when it is to be deleted again', async () => {
    const { append, candidate, log } = await here({ rules: { '**': { noDeletion: true } } })
    const { commit } = await candidate('lr = 2\n')
    const other = 'autoresearch/c/2'
    const moves = [BRANCH, other].map((branch) => ({ branch, from: null, to: commit }))
    await append('one', ...moves)
    const removal = { branch: BRANCH, from: commit, to: null }
    await append('two', removal)
    await append('three', removal, { ...removal, branch: other })
    const said = log.lines.filter((line) => line.includes('these stay'))
    expect(said).toEqual([expect.stringContaining(`${BRANCH}.`), expect.stringContaining(`: ${other}.`)])
  })

  test('F87 no force-push: a candidate moves to a new baseline, and its pull request shows its change alone', async () => {
    const site = await here({ rules: { '**': { noDeletion: true, noForcePush: true } } })
    const { append, candidate, context, forge, at, octokit, repository } = site
    const { commit } = await candidate('lr = 2\n')
    await append('one', { branch: BRANCH, from: null, to: commit })
    const texts = { title: 'Try', body: '' }
    await forge.openPullRequest({ branch: BRANCH, head: commit, base: 'main', ...texts })
    let head = commit
    for (const round of [1, 2]) {
      await (await site.clone()).pushBranch('main', { [`other-${round}.js`]: '1\n' })
      const onto = (await at('main')) ?? ''
      const replayed = await createRepository(context).rebase(head, onto, BRANCH)
      if (replayed.kind !== 'rebased') throw new Error(replayed.kind)
      await append(`round ${round}`, { branch: BRANCH, from: head, to: replayed.commit })
      head = replayed.commit
      expect((await repository.git.readCommit(head)).parents[0]).toBe(onto)
      const files = (await octokit.rest.pulls.listFiles({ owner: 'acme', repo: 'char-lm', pull_number: 1 }))
        .data
      expect(files.map(({ filename, additions }) => [filename, additions])).toEqual([['train.js', 1]])
    }
    const { tree } = await repository.git.readCommit(head)
    const merged = await forge.merge({ pullRequest: 1, head, base: 'main', title: 'Try', message: '' })
    if (merged.kind !== 'merged') throw new Error(merged.kind)
    expect(await repository.git.readCommit(merged.commit)).toMatchObject({ tree })
  })

  test('F87 neither force-push nor merge commit: said, and nothing is pushed', async () => {
    const rules = { '**': { noForcePush: true, requireLinearHistory: true } }
    const { candidate, context, main } = await here({ rules })
    const { commit } = await candidate('lr = 2\n')
    expect(await createRepository(context).rebase(commit, main, BRANCH)).toMatchObject({
      kind: 'forbidden',
      explanation: expect.stringContaining('both force-pushes and merge commits'),
    })
  })

  test('required checks: the first push says which rule, and where to change it', async () => {
    const { append } = await here({ rules: { '**': { requiredChecks: ['ci'] } } })
    const refusal = await append('one').catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(LedgerError)
    expect((refusal as LedgerError).hint).toContain('forbids this push')
    expect((refusal as LedgerError).hint).toContain('Settings → Rules')
  })
})

describe('signed commits are required on every branch', () => {
  const rules = { '**': { requireSignatures: true } }

  test('F90 ledger, candidate and replay are signed by GitHub, with the trained trees', async () => {
    const { append, lines, context, at, github, main } = await here({ rules })
    const repository = createRepository(context)
    const files = new Map([
      ['train.js', null],
      ['src/train.js', 'lr = 2\n'],
      ['run.sh', 'echo\n'],
    ])
    const message = 'Try ünïcode\n\nBecause: a\nb'
    const made = await repository.commit({ base: main, files, message })
    const { host: _, ...unsigned } = context
    const plain = await createRepository(unsigned).commit({
      base: main,
      files,
      message,
    })
    expect(made.tree).toBe(plain.tree)
    expect(await repository.treeOf(made.commit)).toBe(plain.tree)
    expect(await git(context, ['log', '-1', '--format=%B', made.commit])).toBe(message)
    await append('one', { branch: BRANCH, from: null, to: made.commit })
    await append('two')
    expect(await lines()).toBe('one\ntwo\n')
    const onto = await repository.commit({
      base: main,
      files: new Map([['other.js', '1\n']]),
      message: 'Other',
    })
    const replayed = await repository.rebase(made.commit, onto.commit, BRANCH)
    if (replayed.kind !== 'rebased') throw new Error(replayed.kind)
    await append('three', { branch: BRANCH, from: made.commit, to: replayed.commit })
    expect(await at(BRANCH)).toBe(replayed.commit)
    expect(github.violations).toEqual([])
  })

  test('F90 a personal token: the first commit says which tokens GitHub signs for', async () => {
    const { append } = await here({ rules, kind: 'pat' })
    await expect(append('one')).rejects.toMatchObject({
      message: expect.stringContaining('GitHub signs none for this token'),
      hint: expect.stringContaining('GITHUB_TOKEN'),
    })
  })

  test('F90 a rule that the API does not show: the first push says where to change it', async () => {
    const { append, github } = await here({ rules })
    github.fault({ method: 'GET', path: /\/rules\/branches\//, status: 404, times: 9 })
    await expect(append('one')).rejects.toMatchObject({ hint: expect.stringContaining('Make it a ruleset') })
  })
})

test('F84 a workflow changed on the default branch: named as that, with the commands that help', async () => {
  const { github, issue, append, context } = await here()
  const WORKFLOW = '.github/workflows/ci.yml'
  const permitted = await clone(github, issue('app', { contents: 'write', workflows: 'write' }))
  await permitted.commit({ [WORKFLOW]: 'on: push\n' })
  await permitted.git('push', 'origin', 'HEAD:main', 'HEAD:autoresearch/baseline')
  const base = (await permitted.git('rev-parse', 'HEAD')).stdout
  await permitted.commit({ [WORKFLOW]: 'on: [push]\n' })
  await permitted.git('push', 'origin', 'HEAD:main')
  const files = new Map([['train.js', 'lr = 2\n']])
  const { commit } = await createRepository(context).commit({ base, files, message: 'Try' })
  const refusal = await append('one', { branch: BRANCH, from: null, to: commit }).catch(
    (error: unknown) => error,
  )
  expect(refusal).toBeInstanceOf(LedgerError)
  expect((refusal as LedgerError).message).toContain(WORKFLOW)
  expect((refusal as LedgerError).hint).toContain('git checkout origin/HEAD -- .github/workflows')
})

test('F92 the machine’s configuration rewrites, signs and runs hooks: without effect', async () => {
  const { append, lines, context, candidate } = await here()
  const home = await aDirectory()
  await mkdir(join(home, 'hooks'))
  await writeFile(join(home, 'hooks', 'pre-push'), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
  const config = join(home, 'gitconfig')
  const set = (key: string, value: string) => execa('git', ['config', '--file', config, key, value])
  await set(`url.${home}/.insteadOf`, context.remoteUrl)
  await set('commit.gpgSign', 'true')
  await set('push.gpgSign', 'true')
  await set('core.hooksPath', join(home, 'hooks'))
  await set('core.autocrlf', 'true')
  await set('diff.noprefix', 'true')
  await set('credential.helper', '!false')
  const before = process.env.GIT_CONFIG_GLOBAL
  onTestFinished(() => {
    process.env.GIT_CONFIG_GLOBAL = before
  })
  process.env.GIT_CONFIG_GLOBAL = config
  const { commit } = await candidate('lr = 2\n')
  await append('one', { branch: BRANCH, from: null, to: commit })
  expect(await lines()).toBe('one\n')
  expect(await git(context, ['cat-file', 'commit', commit])).not.toContain('gpgsig')
  expect(await git(context, ['show', `${commit}:train.js`], { trim: false })).toBe('lr = 2\n')
})

test.each([
  ['git version 2.34.1', 'git 2.34 is too old'],
  ['git version 1.8.3.1', 'git 1.8 is too old'],
  ['', 'git is not installed'],
])('F94 %j: said, with the version that is needed', (printed, words) => {
  expect(explainVersion(printed)).toContain(words)
})

test.each(['git version 2.38.0', 'git version 2.39.5 (Apple Git-154)', 'git version 3.0.1'])(
  'F94 %s is new enough',
  (printed) => {
    expect(explainVersion(printed)).toBeUndefined()
  },
)
