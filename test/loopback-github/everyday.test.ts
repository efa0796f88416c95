// What a repository in daily use refuses: rules on every branch, locked conversations, tokens that end, workflow files.
import { describe, expect, test } from 'vitest'
import { aRepository, clone, gitIn, NAME, octokitWith, refusalOf, type TestOptions } from './fixtures.ts'

async function aPush(options: TestOptions, files: Record<string, string> = { 'a.txt': 'a\n' }) {
  const here = await aRepository(options)
  const work = await here.clone()
  await work.commit(files)
  const push = (...refs: string[]) => work.git('push', '--force', 'origin', ...refs)
  return { ...here, work, push }
}

describe('rules on every branch', () => {
  test('a push needs signatures, a merge by GitHub has one', async () => {
    const { push, repository, octokit, work } = await aPush({})
    await push('HEAD:refs/heads/idea')
    repository.rules['**'] = { requireSignatures: true }
    await work.commit({ 'b.txt': 'b\n' })
    const refused = await push('HEAD:refs/heads/idea')
    expect(refused.stderr).toMatch(/GH013: Repository rule violations found for refs\/heads\/idea/)
    expect(refused.stderr).toMatch(/Commits must have verified signatures\.[\s\S]*Found 1 violation/)
    await octokit.rest.pulls.create({ ...NAME, title: 'Idea', head: 'idea', base: 'main' })
    const { data } = await octokit.rest.pulls.merge({ ...NAME, pull_number: 1, merge_method: 'squash' })
    expect(data.merged).toBe(true)
  })

  test('merge commits are refused where the history must be linear', async () => {
    const { push, work, octokit, github } = await aPush({ rules: { '**': { requireLinearHistory: true } } })
    expect((await push('HEAD:refs/heads/idea')).exitCode).toBe(0)
    await octokit.rest.pulls.create({ ...NAME, title: 'Idea', head: 'idea', base: 'main' })
    const merge = (merge_method: 'merge' | 'squash') =>
      octokit.rest.pulls.merge({ ...NAME, pull_number: 1, merge_method })
    expect(await refusalOf(merge('merge'))).toMatchObject({
      status: 405,
      message: expect.stringContaining('must not contain merge commits'),
    })
    await work.git('checkout', '--quiet', '-B', 'side', 'origin/main')
    await work.commit({ 'side.txt': 'b\n' })
    await work.git('merge', '--quiet', '--no-edit', 'origin/idea')
    expect((await push('HEAD:refs/heads/side')).stderr).toContain('must not contain merge commits')
    expect((await merge('squash')).data.merged).toBe(true)
    expect(github.violations).toEqual([])
  })

  test('a push needs the required checks on its commit', async () => {
    const { push, work, octokit } = await aPush({ rules: { '**': { requiredChecks: ['ci'] } } })
    const refused = await push('HEAD:refs/heads/idea')
    expect(refused.stderr).toContain('Required status check "ci" is expected.')
    await octokit.rest.checks
      .create({
        ...NAME,
        name: 'ci',
        head_sha: (await work.git('rev-parse', 'HEAD')).stdout,
        conclusion: 'success',
      })
      .catch(() => undefined)
    expect((await push('origin/main:refs/heads/copy')).stderr).toContain('is expected')
  })

  test.each([
    [{ mergeQueue: true }, 'Changes must be made through the merge queue'],
    [{ codeOwner: 'acme/owners' }, 'Waiting on code owner review from acme/owners.'],
    [{ requiredApprovals: 1 }, 'At least 1 approving review is required by reviewers with write access.'],
  ])('a merge under %o is refused in GitHub’s words', async (rule, words) => {
    const { push, octokit, github, repository } = await aPush({ rules: { main: rule } })
    await push('HEAD:refs/heads/idea')
    await octokit.rest.pulls.create({ ...NAME, title: 'Idea', head: 'idea', base: 'main' })
    const refusal = await refusalOf(octokit.rest.pulls.merge({ ...NAME, pull_number: 1 }))
    expect(refusal).toEqual({ status: 405, message: `Repository rule violations found\n\n${words}\n\n` })
    expect((await push('HEAD:refs/heads/main')).exitCode).toBe(1)
    expect((await octokit.rest.repos.getBranchRules({ ...NAME, branch: 'main' })).data).toHaveLength(1)
    Object.assign(repository.pulls[0] ?? {}, { approvals: 1 })
    if (!('mergeQueue' in rule))
      expect((await octokit.rest.pulls.merge({ ...NAME, pull_number: 1 })).data.merged).toBe(true)
    expect(github.violations).toEqual([])
  })
})

test('nobody comments on a locked conversation', async () => {
  const { octokit, repository, github } = await aRepository()
  await octokit.rest.issues.create({ ...NAME, title: 'Idea' })
  Object.assign(repository.issues[0] ?? {}, { locked: true })
  const comment = octokit.rest.issues.createComment({ ...NAME, issue_number: 1, body: 'x' })
  expect(await refusalOf(comment)).toEqual({
    status: 403,
    message: 'Unable to create comment because issue is locked.',
  })
  expect(github.violations).toEqual([])
})

test('an App’s token ends after an hour, for calls and for git', async () => {
  let time = Date.parse('2026-11-01T00:00:00Z')
  const { github, issue } = await aRepository({ github: { now: () => new Date(time) } })
  const app = issue('app', { contents: 'write' })
  const work = await clone(github, app)
  const get = () => octokitWith(github, app).rest.repos.get(NAME)
  time += 3_599_000
  expect((await get()).status).toBe(200)
  time += 1000
  expect((await refusalOf(get())).status).toBe(401)
  expect((await work.git('fetch', 'origin')).exitCode).not.toBe(0)
})

describe('workflow files', () => {
  const WORKFLOW = '.github/workflows/ci.yml'

  test('a new branch is refused when its workflows are not those of the default branch', async () => {
    const { github, issue, clone: cloned } = await aRepository()
    const permitted = await clone(github, issue('app', { contents: 'write', workflows: 'write' }))
    await permitted.commit({ [WORKFLOW]: 'on: push\n' })
    await permitted.git('push', 'origin', 'HEAD:main', 'HEAD:baseline')
    const work = await cloned()
    await permitted.commit({ [WORKFLOW]: 'on: [push]\n' })
    await permitted.git('push', 'origin', 'HEAD:main')
    await work.git('checkout', '--quiet', '-B', 'idea', 'origin/baseline')
    await work.commit({ 'a.txt': 'a\n' })
    const refused = await work.git('push', 'origin', 'HEAD:idea')
    expect(refused.stderr).toContain(
      `refusing to allow a GitHub App to create or update workflow \`${WORKFLOW}\` without \`workflows\` permission`,
    )
    expect((await work.git('push', 'origin', 'HEAD:baseline')).exitCode).toBe(0)
  })

  test('gh finds a workflow by its file name and dispatches it by its number', async () => {
    const { github, issue, octokit } = await aRepository()
    const permitted = await clone(github, issue('app', { contents: 'write', workflows: 'write' }))
    await permitted.commit({ [WORKFLOW]: 'name: CI\non: workflow_dispatch\n' })
    await permitted.git('push', 'origin', 'HEAD:main')
    const { data } = await octokit.rest.actions.getWorkflow({ ...NAME, workflow_id: 'ci.yml' })
    expect(data).toMatchObject({ name: 'CI', path: WORKFLOW, state: 'active' })
    await octokit.rest.actions.createWorkflowDispatch({ ...NAME, workflow_id: data.id, ref: 'main' })
    expect(github.dispatches).toMatchObject([{ workflow: 'ci.yml', ref: 'main' }])
    expect(github.violations).toEqual([])
  })
})

test('what the token of a job pushes starts nothing, what an App pushes does', async () => {
  const { github, issue, push, octokit, repository } = await aPush({})
  await push('HEAD:refs/heads/idea')
  await octokit.rest.pulls.create({ ...NAME, title: 'Idea', head: 'idea', base: 'main' })
  const app = await clone(github, issue('app', { contents: 'write' }))
  await app.pushBranch('other', { 'b.txt': 'b\n' })
  expect(repository.events.map(({ event, ref, runs }) => [event, ref, runs])).toEqual([
    ['push', 'refs/heads/idea', 'none'],
    ['pull_request', 'refs/heads/idea', 'waiting'],
    ['push', 'refs/heads/other', 'started'],
  ])
})

test('a clone needs no `.git` at the end of its URL', async () => {
  const { github, token, clone: cloned } = await aRepository()
  const { directory } = await cloned()
  const basic = Buffer.from(`x-access-token:${token}`).toString('base64')
  const header = `http.extraHeader=AUTHORIZATION: basic ${basic}`
  const listed = await gitIn(directory, ['-c', header, 'ls-remote', `${github.url}/acme/char-lm`])
  expect(listed.stdout).toContain('refs/heads/main')
})

test('a transfer can be cut in the middle', async () => {
  const { github, repository, clone: cloned } = await aRepository()
  const work = await cloned()
  await work.pushBranch('idea', { 'a.txt': 'a'.repeat(10_000) })
  const other = await cloned()
  await work.pushBranch('idea', { 'b.txt': `${Math.random()}` }, 'idea')
  github.fault({ method: 'POST', path: '/acme/char-lm.git/git-upload-pack', cutAfterBytes: 5 })
  const fetched = await other.git('fetch', 'origin')
  expect(fetched.exitCode).not.toBe(0)
  expect(fetched.stderr).toMatch(
    /transfer closed|early EOF|unexpected disconnect|RPC failed|hung up|bytes remaining/i,
  )
  expect((await other.git('fetch', 'origin')).exitCode).toBe(0)
  expect(await repository.git.readRef('refs/heads/idea')).toBeDefined()
})
