import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { execaSync } from 'execa'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { GitContext } from '../../src/adapters/git/git.ts'
import { contentPath } from '../../src/adapters/git/large-files.ts'
import { createRepository } from '../../src/adapters/git/repository.ts'
import { BaselineError } from '../../src/errors.ts'
import { aDirectory, aRemote, type Entry, gitIn } from '../scaffold.ts'
import { aPlace, seeing } from './place-lab.ts'
import { SKIP } from './sandbox-lab.ts'

const sandboxed = test.skipIf(SKIP)
const withGitLfs = test.skipIf(execaSync('git', ['lfs', 'version'], { reject: false }).exitCode !== 0)

const WEIGHTS = 'weights '.repeat(200)
const OID = createHash('sha256').update(WEIGHTS).digest('hex')
const POINTER = `version https://git-lfs.github.com/spec/v1\noid sha256:${OID}\nsize ${WEIGHTS.length}\n`

/** Puts a content where git-lfs keeps it in a clone, as `actions/checkout` with `lfs: true` does. */
async function store(clone: string, content = WEIGHTS): Promise<void> {
  const path = contentPath(join(clone, 'lfs'), OID)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, content)
}

/** A server that has the one content, as the protocol of git-lfs asks for it. */
async function anLfsServer() {
  const authorizations: (string | undefined)[] = []
  const server = createServer((request, response) => {
    const { port } = server.address() as AddressInfo
    if (request.method === 'GET') return response.end(WEIGHTS)
    authorizations.push(request.headers.authorization)
    const actions = { download: { href: `http://127.0.0.1:${port}/content` } }
    response.setHeader('content-type', 'application/vnd.git-lfs+json')
    return response.end(JSON.stringify({ objects: [{ oid: OID, size: WEIGHTS.length, actions }] }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, authorizations }
}

async function exported(directory: string, files: Record<string, Entry>, fields: Partial<GitContext> = {}) {
  const remote = await aRemote(files)
  const context = { ...remote.itself, ...fields }
  const repository = createRepository(context)
  await repository.exportTree(await repository.treeOf(remote.base), directory)
  const storage = join(await aDirectory(), 'lfs')
  return {
    remote,
    repository,
    storage,
    write: () => repository.exportLinked(remote.base, directory, storage),
  }
}

describe('F78 a file in Git LFS', () => {
  const FILES = { 'data/w.bin': POINTER, 'notes.txt': 'version https://git-lfs.github.com/spec/v1\n' }

  test('F78 is taken from the clone', async () => {
    const directory = await aDirectory()
    const { remote, write, repository } = await exported(directory, FILES)
    await store(remote.directory)
    await write()
    expect(await readFile(join(directory, 'data/w.bin'), 'utf8')).toBe(WEIGHTS)
    expect(await readFile(join(directory, 'notes.txt'), 'utf8')).toBe(FILES['notes.txt'])
    expect(await repository.linkedPaths(remote.base)).toEqual(new Set(['data/w.bin']))
  })

  test('F78 is not taken when its hash is another one, and refused with words', async () => {
    const directory = await aDirectory()
    const { remote, write } = await exported(directory, FILES)
    await store(remote.directory, WEIGHTS.replace('w', 'W'))
    const failure = await write().catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(BaselineError)
    expect(String(failure)).toMatch(/data\/w\.bin: stored in Git LFS, and the content is not on this machine/)
    expect((failure as BaselineError).hint).toMatch(/`lfs: true` .* actions\/checkout/)
  })

  withGitLfs('F78 is fetched by git-lfs, with the token of the job', async () => {
    const { url, authorizations } = await anLfsServer()
    const directory = await aDirectory()
    const { write } = await exported(directory, FILES, { remoteUrl: `${url}/lab.git`, token: 'ghs_1' })
    await write()
    expect(await readFile(join(directory, 'data/w.bin'), 'utf8')).toBe(WEIGHTS)
    expect(authorizations[0]).toBe(`basic ${Buffer.from('x-access-token:ghs_1').toString('base64')}`)
  })
})

describe('F78 a submodule', () => {
  async function nested() {
    const inner = await aRemote({ 'deep.txt': 'deep\n' })
    const outer = await aRemote({
      'lib.txt': 'lib\n',
      '.gitmodules': `[submodule "inner"]\n\tpath = inner\n\turl = ${inner.url}\n`,
      inner: { submodule: inner.base },
    })
    return { outer, inner }
  }
  const gitmodules = (url: string) => `[submodule "vendored"]\n\tpath = third/party\n\turl = ${url}\n`

  test('F78 is fetched at its commit, with the submodules in it', async () => {
    const { outer } = await nested()
    await outer.commit({ 'lib.txt': 'later\n' }, { branch: 'main' })
    const directory = await aDirectory()
    const files = { '.gitmodules': gitmodules(outer.url), 'third/party': { submodule: outer.base } }
    const { write } = await exported(directory, files)
    await write()
    expect(await readFile(join(directory, 'third/party/lib.txt'), 'utf8')).toBe('lib\n')
    expect(await readFile(join(directory, 'third/party/inner/deep.txt'), 'utf8')).toBe('deep\n')
  })

  test('F78 is taken from the clone when it cannot be fetched', async () => {
    const { inner } = await nested()
    const directory = await aDirectory()
    const files = { '.gitmodules': gitmodules('file:///nowhere'), 'third/party': { submodule: inner.base } }
    const { remote, write } = await exported(directory, files)
    await gitIn(remote.directory, ['clone', '--quiet', '--bare', inner.url, 'modules/vendored'])
    await write()
    expect(await readFile(join(directory, 'third/party/deep.txt'), 'utf8')).toBe('deep\n')
  })

  test.each([
    ['has no URL', '', /third\/party at 1111111 cannot be fetched: it is not in \.gitmodules/],
    [
      'cannot be reached',
      gitmodules('file:///nowhere'),
      /third\/party at 1111111 cannot be fetched: file:\/\/\/nowhere/,
    ],
    ['names another program', gitmodules('ext::sh -c touch%20/tmp/planted'), /cannot be fetched/],
  ])('F78 that %s is refused with words', async (_, text, words) => {
    const files = { '.gitmodules': text, 'third/party': { submodule: '1'.repeat(40) } }
    const { write } = await exported(await aDirectory(), files)
    const failure = await write().catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(BaselineError)
    expect(String(failure)).toMatch(words)
  })
})

sandboxed('F78 setup, training and evaluation find both; without them nothing runs', async () => {
  const lib = await aRemote({ 'lib.txt': 'lib\n' })
  const show = 'cat w.bin | head -c 8; cat vendored/lib.txt'
  const place = await aPlace({
    files: {
      'w.bin': POINTER,
      '.gitmodules': `[submodule "v"]\n\tpath = vendored\n\turl = ${lib.url}\n`,
      vendored: { submodule: lib.base },
      ...seeing(`${show}; cat "$AUTORESEARCH_DATA/seen"`, 'weights lib\nweights lib'),
    },
    train: `${show}; echo poison > vendored/lib.txt`,
    config: [
      `setup: ${JSON.stringify(`(${show}) > "$AUTORESEARCH_DATA/seen"`)}`,
      'evaluate: sh evaluate.sh',
    ].join('\n'),
  })
  const failure = await place.run().catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(BaselineError)
  await store(place.remote.directory)
  place.nextJob()
  const { output, result } = await place.run()
  expect(output.split('\n')[0]).toBe('weights lib')
  expect(result).toMatchObject({ outcome: 'measured', value: 2 })
})
