import { describe, expect, test } from 'vitest'
import { aRepository, NAME, refusalOf } from './fixtures.ts'

const ISSUES = '/repos/acme/char-lm/issues'

describe('injected faults', () => {
  test('a status hits as often as told and has no effect', async () => {
    const { github, octokit, repository } = await aRepository()
    github.fault({ method: 'POST', path: ISSUES, times: 2, status: 502, body: { message: 'Bad Gateway' } })
    const create = () => octokit.rest.issues.create({ ...NAME, title: 'x' })
    expect(await refusalOf(create())).toEqual({ status: 502, message: 'Bad Gateway' })
    expect((await refusalOf(create())).status).toBe(502)
    expect((await create()).status).toBe(201)
    expect(repository.issues).toHaveLength(1)
  })

  test('a response lost after the effect leaves the effect and no answer', async () => {
    const { github, octokit, repository } = await aRepository()
    github.fault({ method: 'POST', path: ISSUES, dropResponse: 'after' })
    await expect(octokit.rest.issues.create({ ...NAME, title: 'x' })).rejects.toMatchObject({ status: 500 })
    expect(repository.issues).toHaveLength(1)
    expect(github.requests.at(-1)).toMatchObject({
      status: 0,
      contentCreating: true,
      operation: 'issues/create',
    })
  })

  test('a response lost before the effect leaves nothing', async () => {
    const { github, octokit, repository } = await aRepository()
    github.fault({ path: /\/issues$/, dropResponse: 'before' })
    await expect(octokit.rest.issues.create({ ...NAME, title: 'x' })).rejects.toThrow()
    expect(repository.issues).toHaveLength(0)
    expect(github.requests.at(-1)).toMatchObject({ status: 0, contentCreating: false })
  })

  test('an error can hide an effect that happened', async () => {
    const { github, octokit, repository } = await aRepository()
    github.fault({ method: 'POST', path: ISSUES, status: 502, effect: true })
    expect((await refusalOf(octokit.rest.issues.create({ ...NAME, title: 'x' }))).status).toBe(502)
    expect(repository.issues).toHaveLength(1)
  })

  test('a stale list is answered in place of the real one', async () => {
    const { github, octokit } = await aRepository()
    await octokit.rest.issues.create({ ...NAME, title: 'x' })
    github.fault({ method: 'GET', path: ISSUES, status: 200, body: [] })
    expect((await octokit.rest.issues.listForRepo(NAME)).data).toEqual([])
    expect((await octokit.rest.issues.listForRepo(NAME)).data).toHaveLength(1)
  })

  test('somebody pushes at the worst moment', async () => {
    const { github, octokit, clone } = await aRepository()
    const work = await clone()
    const sha = await work.pushBranch('idea', { 'a.txt': 'a\n' })
    await octokit.rest.pulls.create({ ...NAME, title: 'Idea', head: 'idea', base: 'main' })
    github.fault({
      method: 'PUT',
      path: /\/merge$/,
      meanwhile: async () => void (await work.pushBranch('idea', { 'a.txt': 'b\n' }, 'idea')),
    })
    expect((await refusalOf(octokit.rest.pulls.merge({ ...NAME, pull_number: 1, sha }))).status).toBe(409)
  })

  test('a push whose answer is lost has happened', async () => {
    const { github, clone, repository } = await aRepository()
    const work = await clone()
    await work.commit({ 'a.txt': 'a\n' })
    github.fault({ method: 'POST', path: '/acme/char-lm.git/git-receive-pack', dropResponse: 'after' })
    const push = await work.git('push', 'origin', 'HEAD:idea')
    expect(push.exitCode).not.toBe(0)
    const { stdout: sha } = await work.git('rev-parse', 'HEAD')
    expect(await repository.git.readRef('refs/heads/idea')).toBe(sha)
  })

  test('a fetch can fail with a status', async () => {
    const { github, clone } = await aRepository()
    const work = await clone()
    github.fault({ path: /\.git\/info\/refs$/, status: 503 })
    expect((await work.git('fetch', 'origin')).stderr).toContain('503')
    expect((await work.git('fetch', 'origin')).exitCode).toBe(0)
  })
})
