import { describe, expect, test } from 'vitest'
import { aRepository, NAME, octokitWith, refusalOf } from './fixtures.ts'

async function aPull(options: Parameters<typeof aRepository>[0] = {}) {
  const here = await aRepository(options)
  const head = await here.pushBranch('idea', { 'train.js': 'steps = 2\n' })
  const { data: pull } = await here.octokit.rest.pulls.create({
    ...NAME,
    title: 'Fewer steps',
    head: 'idea',
    base: 'main',
    body: 'Because.',
  })
  return { ...here, head, pull }
}

describe('opening a pull request', () => {
  test('it has the SHA of its head, a ref of its own, and its files', async () => {
    const { github, octokit, repository, head, pull } = await aPull()
    expect(pull).toMatchObject({
      number: 1,
      state: 'open',
      head: { ref: 'idea', sha: head },
      changed_files: 1,
    })
    expect(await repository.git.readRef('refs/pull/1/head')).toBe(head)
    const { data: files } = await octokit.rest.pulls.listFiles({ ...NAME, pull_number: 1 })
    expect(files).toMatchObject([
      { filename: 'train.js', status: 'added', additions: 1, patch: '@@ -0,0 +1 @@\n+steps = 2' },
    ])
    expect(github.violations).toEqual([])
  })

  test('a second one for the same branches is refused', async () => {
    const { octokit } = await aPull()
    const again = octokit.rest.pulls.create({ ...NAME, title: 'Again', head: 'acme:idea', base: 'main' })
    expect(await refusalOf(again)).toEqual({
      status: 422,
      message: 'Validation Failed: A pull request already exists for acme:idea.',
    })
  })

  test('a branch without commits of its own is refused', async () => {
    const { octokit, repository } = await aRepository()
    await octokit.rest.git.createRef({
      ...NAME,
      ref: 'refs/heads/same',
      sha: (await repository.git.readRef('refs/heads/main')) ?? '',
    })
    const opened = octokit.rest.pulls.create({ ...NAME, title: 'Nothing', head: 'same', base: 'main' })
    expect((await refusalOf(opened)).message).toBe('Validation Failed: No commits between main and same')
  })

  test('a head that does not exist is refused', async () => {
    const { octokit } = await aRepository()
    const opened = octokit.rest.pulls.create({ ...NAME, title: 'Nothing', head: 'nowhere', base: 'main' })
    expect(await refusalOf(opened)).toEqual({ status: 422, message: 'Validation Failed: head invalid' })
  })

  test('a body of more than 65,536 characters is refused', async () => {
    const { octokit, pushBranch } = await aRepository()
    await pushBranch('idea', { 'a.txt': 'a\n' })
    const opened = (body: string) =>
      octokit.rest.pulls.create({ ...NAME, title: 'Long', head: 'idea', base: 'main', body })
    expect((await refusalOf(opened('x'.repeat(65_537)))).status).toBe(422)
    expect((await opened('x'.repeat(65_536))).status).toBe(201)
  })

  test('GitHub Actions may not open one unless the repository permits it; an app may', async () => {
    const { github, octokit, pushBranch, issue } = await aRepository({
      allowActionsToCreatePullRequests: false,
    })
    await pushBranch('idea', { 'a.txt': 'a\n' })
    const wanted = { ...NAME, title: 'Idea', head: 'idea', base: 'main' }
    expect(await refusalOf(octokit.rest.pulls.create(wanted))).toEqual({
      status: 403,
      message: 'GitHub Actions is not permitted to create or approve pull requests.',
    })
    const app = octokitWith(github, issue('app', { pull_requests: 'write' }))
    expect((await app.rest.pulls.create(wanted)).data.user?.login).toBe('research-app[bot]')
  })

  test('a token without pull_requests: write is refused', async () => {
    const { github, issue } = await aRepository()
    const reader = octokitWith(github, issue('actions', { pull_requests: 'read' }))
    const opened = reader.rest.pulls.create({ ...NAME, title: 'x', head: 'a', base: 'main' })
    expect(await refusalOf(opened)).toEqual({
      status: 403,
      message: 'Resource not accessible by integration',
    })
  })
})

describe('a pull request follows its branches', () => {
  test('a push moves its head', async () => {
    const { octokit, repository, pushBranch } = await aPull()
    const head = await pushBranch('idea', { 'train.js': 'steps = 3\n' }, 'idea')
    const { data } = await octokit.rest.pulls.get({ ...NAME, pull_number: 1 })
    expect(data).toMatchObject({ commits: 2, head: { sha: head } })
    expect(await repository.git.readRef('refs/pull/1/head')).toBe(head)
  })

  test('deleting its branch closes it and keeps its ref', async () => {
    const { octokit, repository, clone, head } = await aPull()
    const work = await clone()
    await work.git('push', '--quiet', 'origin', ':idea')
    const { data } = await octokit.rest.pulls.get({ ...NAME, pull_number: 1 })
    expect(data).toMatchObject({ state: 'closed', merged: false })
    expect(await repository.git.readRef('refs/pull/1/head')).toBe(head)
    const reopened = octokit.rest.pulls.update({ ...NAME, pull_number: 1, state: 'open' })
    expect((await refusalOf(reopened)).message).toContain('The idea branch has been deleted.')
  })

  test('pushing its commits to the base merges it', async () => {
    const { octokit, clone, head } = await aPull()
    const work = await clone()
    await work.git('push', '--quiet', 'origin', 'origin/idea:main')
    const { data } = await octokit.rest.pulls.get({ ...NAME, pull_number: 1 })
    expect(data).toMatchObject({ state: 'closed', merged: true, merge_commit_sha: head })
  })

  test('closed by hand it can be reopened, and its labels and comments remain', async () => {
    const { github, octokit } = await aPull()
    await octokit.rest.issues.addLabels({ ...NAME, issue_number: 1, labels: ['rejected'] })
    const { data: comment } = await octokit.rest.issues.createComment({
      ...NAME,
      issue_number: 1,
      body: 'No.',
    })
    await octokit.rest.issues.updateComment({ ...NAME, comment_id: comment.id, body: 'No!' })
    await octokit.rest.pulls.update({ ...NAME, pull_number: 1, state: 'closed' })
    const { data } = await octokit.rest.pulls.update({ ...NAME, pull_number: 1, state: 'open' })
    expect(data).toMatchObject({ state: 'open', comments: 1, labels: [{ name: 'rejected' }] })
    const { data: comments } = await octokit.rest.issues.listComments({ ...NAME, issue_number: 1 })
    expect(comments).toMatchObject([{ body: 'No!', user: { login: 'github-actions[bot]' } }])
    expect(github.violations).toEqual([])
  })
})

describe('mergeable', () => {
  test('is null on the first read, then known, and null again after a push', async () => {
    const { octokit, pushBranch } = await aPull()
    const read = async () => (await octokit.rest.pulls.get({ ...NAME, pull_number: 1 })).data.mergeable
    expect([await read(), await read(), await read()]).toEqual([null, true, true])
    await pushBranch('main', { 'other.js': '1\n' })
    expect([await read(), await read()]).toEqual([null, true])
  })

  test('is blocked by a missing required check and unstable by a failed one', async () => {
    const { octokit, repository, head } = await aPull({
      rules: { main: { requiredChecks: ['autoresearch'] } },
    })
    const state = async () => (await octokit.rest.pulls.get({ ...NAME, pull_number: 1 })).data.mergeable_state
    expect([await state(), await state()]).toEqual(['unknown', 'blocked'])
    repository.rules.main = {}
    expect(await state()).toBe('clean')
    const check = {
      ...NAME,
      name: 'lint',
      head_sha: head,
      status: 'completed',
      conclusion: 'failure',
    } as const
    await octokit.rest.checks.create(check)
    expect(await state()).toBe('unstable')
  })

  test('is false when the branches conflict', async () => {
    const { octokit, pushBranch } = await aPull()
    await pushBranch('main', { 'train.js': 'steps = 7\n' })
    await octokit.rest.pulls.get({ ...NAME, pull_number: 1 })
    const { data } = await octokit.rest.pulls.get({ ...NAME, pull_number: 1 })
    expect(data).toMatchObject({ mergeable: false, mergeable_state: 'dirty' })
  })
})

test('more than 100 pull requests are read page by page', async () => {
  const { github, octokit, clone, repository } = await aRepository({
    github: { limits: { contentPerMinute: 1000, contentPerHour: 1000, pointsPerMinute: 10_000 } },
  })
  const work = await clone()
  await work.commit({ 'a.txt': 'a\n' })
  const branches = Array.from({ length: 105 }, (_, index) => `c/${index}`)
  await work.git('push', '--quiet', 'origin', ...branches.map((branch) => `HEAD:refs/heads/${branch}`))
  for (const head of branches) await octokit.rest.pulls.create({ ...NAME, title: head, head, base: 'main' })
  const first = await octokit.rest.pulls.list({ ...NAME, per_page: 100, direction: 'asc' })
  const next = /<([^>]+)>; rel="next"/.exec(first.headers.link ?? '')?.[1] ?? ''
  const second = await octokit.request(`GET ${next}`)
  expect([first.data.length, second.data.length]).toEqual([100, 5])
  expect(second.data[4].number).toBe(105)
  expect(second.headers.link).not.toContain('rel="next"')
  const { data: one } = await octokit.rest.pulls.list({ ...NAME, head: 'acme:c/77', state: 'all' })
  expect(one.map(({ number }) => number)).toEqual([78])
  expect(repository.pulls).toHaveLength(105)
  expect(github.violations).toEqual([])
})
