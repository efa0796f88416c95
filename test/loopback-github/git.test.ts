import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { aRepository, clone, gitIn } from './fixtures.ts'

describe('git over HTTP', () => {
  test('a clone has the first commit, a push arrives, another clone sees it', async () => {
    const { clone, repository } = await aRepository()
    const work = await clone()
    const sha = await work.pushBranch('idea', { 'train.js': 'steps = 2\n' })
    expect(await repository.git.readRef('refs/heads/idea')).toBe(sha)
    const other = await clone()
    expect((await other.git('show', 'origin/idea:train.js')).stdout).toBe('steps = 2')
  })

  test('protocol version 2 is spoken', async () => {
    const { clone } = await aRepository()
    const work = await clone()
    const { stderr } = await gitIn(work.directory, ['ls-remote', 'origin'], { GIT_TRACE_PACKET: '1' })
    expect(stderr).toContain('< version 2')
    expect(stderr).toContain('command=ls-refs')
  })

  test('a commit that no branch points to is fetched by its SHA', async () => {
    const { clone } = await aRepository()
    const work = await clone()
    const sha = await work.pushBranch('gone', { 'a.txt': 'a\n' })
    await work.git('push', '--quiet', 'origin', ':gone')
    const other = await clone()
    expect((await other.git('fetch', '--quiet', 'origin', sha)).exitCode).toBe(0)
  })

  test('an atomic push of several refs leaves nothing behind when one is refused', async () => {
    const { clone, repository } = await aRepository({ rules: { ledger: { noForcePush: true } } })
    const work = await clone()
    const first = await work.pushBranch('ledger', { 'ledger.jsonl': '1\n' })
    await work.git('checkout', '--quiet', '-B', 'other', 'origin/main')
    await work.commit({ 'other.txt': 'x\n' })
    const push = await work.git('push', '--atomic', '--force', 'origin', 'other:fresh', 'other:ledger')
    expect(push.exitCode).toBe(1)
    expect(push.stderr).toContain('Cannot force-push to this branch')
    expect(push.stderr).toContain('(push declined due to repository rule violations)')
    expect(await repository.git.readRef('refs/heads/ledger')).toBe(first)
    expect(await repository.git.readRef('refs/heads/fresh')).toBeUndefined()
  })

  test('an atomic push of several refs arrives whole', async () => {
    const { clone, repository } = await aRepository()
    const work = await clone()
    await work.commit({ 'a.txt': 'a\n' })
    const push = await work.git('push', '--atomic', 'origin', 'HEAD:refs/heads/a', 'HEAD:refs/heads/b/c')
    expect(push.exitCode).toBe(0)
    expect([...(await repository.git.refs('refs/heads/')).keys()]).toEqual([
      'refs/heads/a',
      'refs/heads/b/c',
      'refs/heads/main',
    ])
  })

  test('a push of several megabytes, which git sends in chunks, arrives', async () => {
    const { clone, repository } = await aRepository()
    const work = await clone()
    const sha = await work.pushBranch('large', { 'random.txt': randomBytes(3_000_000).toString('base64') })
    expect(await repository.git.readRef('refs/heads/large')).toBe(sha)
  })

  test('of six pushes at once from the same commit one wins', async () => {
    const { clone, repository } = await aRepository()
    const clones = await Promise.all(Array.from({ length: 6 }, clone))
    for (const [index, work] of clones.entries()) await work.commit({ 'ledger.jsonl': `${index}\n` })
    const pushes = await Promise.all(clones.map((work) => work.git('push', 'origin', 'main')))
    expect(pushes.filter(({ exitCode }) => exitCode === 0)).toHaveLength(1)
    expect(await repository.git.log(['main'])).toHaveLength(2)
  })

  test('of two pushes from the same commit the second is refused as no fast-forward', async () => {
    const { clone } = await aRepository()
    const [one, two] = [await clone(), await clone()]
    await one.pushBranch('main', { 'a.txt': 'one\n' })
    await two.commit({ 'a.txt': 'two\n' })
    const push = await two.git('push', 'origin', 'main')
    expect(push.exitCode).toBe(1)
    expect(push.stderr).toContain('fetch first')
  })

  test('a rule against deletion holds for the branches of its pattern only', async () => {
    const { clone } = await aRepository({ rules: { 'keep/*': { noDeletion: true } } })
    const work = await clone()
    await work.pushBranch('keep/this', { 'a.txt': 'a\n' })
    await work.pushBranch('drop', { 'a.txt': 'a\n' })
    expect((await work.git('push', 'origin', ':keep/this')).stderr).toContain('Cannot delete this branch')
    expect((await work.git('push', 'origin', ':drop')).exitCode).toBe(0)
  })

  test('a branch that requires pull requests takes no push', async () => {
    const { clone } = await aRepository({ rules: { main: { requirePullRequest: true } } })
    const work = await clone()
    await work.commit({ 'a.txt': 'a\n' })
    const push = await work.git('push', 'origin', 'main')
    expect(push.stderr).toContain('Changes must be made through a pull request.')
  })

  test("a pull request's own refs cannot be pushed", async () => {
    const { clone } = await aRepository()
    const work = await clone()
    const push = await work.git('push', 'origin', 'HEAD:refs/pull/1/head')
    expect(push.stderr).toContain('deny updating a hidden ref')
  })
})

describe('tokens on git', () => {
  test('a token without contents: write may fetch, and its push is refused with 403', async () => {
    const { github, issue } = await aRepository()
    const work = await clone(github, issue('actions', { contents: 'read' }))
    expect(work.cloned.exitCode).toBe(0)
    await work.commit({ 'a.txt': 'a\n' })
    const push = await work.git('push', 'origin', 'main')
    expect(push.stderr).toContain('Permission to acme/char-lm.git denied to github-actions[bot]')
    expect(push.stderr).toContain('error: 403')
  })

  test('an unknown token is refused with 401', async () => {
    const { github } = await aRepository()
    const url = `${github.url.replace('//', '//x-access-token:ghs_wrong@')}/acme/char-lm.git`
    const { stderr } = await gitIn('/', ['ls-remote', url])
    expect(stderr).toContain('remote: Invalid username or token.')
    expect(stderr).toContain('Authentication failed')
  })

  test('a revoked token is refused as an unknown one is', async () => {
    const { github, token } = await aRepository()
    github.revokeToken(token)
    expect((await clone(github, token)).cloned.exitCode).toBe(128)
  })

  test('a token sees no other repository', async () => {
    const { github, issue } = await aRepository()
    await github.createRepository('acme/secret')
    const token = issue('pat', { contents: 'read' })
    const url = `${github.url.replace('//', `//x-access-token:${token}@`)}/acme/secret.git`
    expect((await gitIn('/', ['ls-remote', url])).stderr).toMatch(/not found/i)
  })

  test('a bearer header works as well as a password', async () => {
    const { github, repository, token } = await aRepository()
    const header = `http.extraHeader=Authorization: bearer ${token}`
    const listed = await gitIn('/', [
      '-c',
      header,
      'ls-remote',
      `${github.url}/acme/char-lm.git`,
      'refs/heads/main',
    ])
    expect(listed.stdout).toBe(`${await repository.git.readRef('refs/heads/main')}\trefs/heads/main`)
  })

  test('only a public repository is cloned without a token', async () => {
    const { github, repository } = await aRepository()
    const url = `${github.url}/acme/char-lm.git`
    expect((await gitIn('/', ['ls-remote', url])).exitCode).toBe(128)
    repository.settings.private = false
    expect((await gitIn('/', ['ls-remote', url])).exitCode).toBe(0)
  })

  test('a push that changes a workflow file needs its own permission', async () => {
    const { github, clone: cloned, issue } = await aRepository()
    const work = await cloned()
    await work.commit({ '.github/workflows/evil.yml': 'on: push\n' })
    const push = await work.git('push', 'origin', 'HEAD:refs/heads/evil')
    expect(push.stderr).toContain(
      'refusing to allow a GitHub App to create or update workflow `.github/workflows/evil.yml` without `workflows` permission',
    )
    const permitted = await clone(github, issue('app', { contents: 'write', workflows: 'write' }))
    await permitted.pushBranch('fine', { '.github/workflows/ci.yml': 'on: push\n' })
    expect(github.gitRequests.at(-1)).toMatchObject({ kind: 'git', service: 'push', status: 200 })
  })

  test('a branch that merely contains known workflow files is pushed freely', async () => {
    const { github, clone: cloned, issue } = await aRepository()
    const permitted = await clone(github, issue('app', { contents: 'write', workflows: 'write' }))
    await permitted.pushBranch('main', { '.github/workflows/ci.yml': 'on: push\n' })
    const work = await cloned()
    const sha = await work.pushBranch('idea', { 'train.js': '1\n' })
    expect(sha).toMatch(/^[0-9a-f]{40}$/)
  })
})

test('a push is logged with its token and what it asked for', async () => {
  const { github, clone } = await aRepository()
  const sha = await (await clone()).pushBranch('idea', { 'a.txt': 'a\n' })
  expect(github.gitRequests.at(-1)).toMatchObject({
    service: 'push',
    path: '/acme/char-lm.git/git-receive-pack',
    token: 'actions-1',
    commands: [{ ref: 'refs/heads/idea', before: '0'.repeat(40), after: sha }],
  })
})
