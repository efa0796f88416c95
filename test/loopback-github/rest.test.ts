import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { aRepository, NAME, octokitWith, refusalOf } from './fixtures.ts'
import { routes } from './routes/index.ts'

describe('requests are held against the description', () => {
  test('a missing field is refused and recorded', async () => {
    const { github, octokit } = await aRepository()
    const created = octokit.request('POST /repos/{owner}/{repo}/pulls', { ...NAME, title: 'x' } as never)
    expect(await refusalOf(created)).toEqual({
      status: 422,
      message: `Invalid request.\n\n"head" wasn't supplied.\n"base" wasn't supplied.`,
    })
    expect(github.violations).toMatchObject([
      { operation: 'pulls/create', path: '/repos/acme/char-lm/pulls' },
    ])
  })

  test('a field of the wrong type, or one that does not exist, is refused', async () => {
    const { octokit } = await aRepository()
    const create = (body: object) =>
      refusalOf(octokit.request('POST /repos/{owner}/{repo}/issues', { ...NAME, ...body } as never))
    expect((await create({ title: 'x', body: 7 })).message).toContain('body must be string')
    expect((await create({ title: 'x', colour: 'red' })).message).toContain(
      '"colour" is not a permitted key.',
    )
  })

  test('a misspelt query parameter is ignored, as GitHub does, but recorded', async () => {
    const { github, octokit } = await aRepository()
    const { status } = await octokit.rest.pulls.list({ ...NAME, perpage: 5 } as never)
    expect(status).toBe(200)
    expect(github.violations).toMatchObject([{ problems: [{ where: 'query' }] }])
  })

  test('what this server would leave out is recorded', async () => {
    const { github, octokit } = await aRepository()
    await octokit.rest.issues.create({ ...NAME, title: 'x', assignees: ['ada'] })
    expect(github.violations).toMatchObject([{ problems: [{ message: '"assignees" has no effect here' }] }])
  })

  test('an operation the server does not have is not found, and recorded', async () => {
    const { github, octokit } = await aRepository()
    expect((await refusalOf(octokit.rest.repos.listTags(NAME))).status).toBe(404)
    expect(github.violations).toMatchObject([{ path: '/repos/acme/char-lm/tags', operation: undefined }])
  })
})

test('every operation of the slice has a route, and no route is outside it', () => {
  const slice = JSON.parse(readFileSync(new URL('openapi-slice.json', import.meta.url), 'utf8'))
  const items = Object.values<Record<string, { operationId: string }>>(slice.paths)
  const ids = items.flatMap((item) => Object.values(item).map(({ operationId }) => operationId))
  expect(Object.keys(routes).sort()).toEqual(ids.sort())
})

describe('tokens', () => {
  test('an unknown or revoked token is 401', async () => {
    const { github, octokit, token } = await aRepository()
    const stranger = octokitWith(github, 'ghs_nobody')
    expect(await refusalOf(stranger.rest.repos.get(NAME))).toEqual({
      status: 401,
      message: 'Bad credentials',
    })
    github.revokeToken(token)
    expect((await refusalOf(octokit.rest.repos.get(NAME))).status).toBe(401)
  })

  test('a repository the token was not issued for does not exist', async () => {
    const { github, octokit } = await aRepository()
    await github.createRepository('acme/secret')
    const other = { owner: 'acme', repo: 'secret' }
    expect(await refusalOf(octokit.rest.repos.get(other))).toEqual({ status: 404, message: 'Not Found' })
  })

  test('an issue needs issues: write, a pull request takes either permission', async () => {
    const { github, octokit, issue, pushBranch } = await aRepository()
    await pushBranch('idea', { 'a.txt': 'a\n' })
    await octokit.rest.pulls.create({ ...NAME, title: 'Idea', head: 'idea', base: 'main' })
    await octokit.rest.issues.create({ ...NAME, title: 'Dashboard' })
    const reviewer = octokitWith(github, issue('actions', { pull_requests: 'write' }))
    const comment = (issue_number: number) =>
      reviewer.rest.issues.createComment({ ...NAME, issue_number, body: 'Hello' })
    expect((await comment(1)).status).toBe(201)
    expect((await refusalOf(comment(2))).status).toBe(403)
  })

  test('the permission is looked at before the request', async () => {
    const { github, issue, octokit } = await aRepository()
    const untitled = { ...NAME, title: ' ' }
    await expect(octokit.rest.issues.create(untitled)).rejects.toMatchObject({ status: 422 })
    const reader = octokitWith(github, issue('actions', { contents: 'read' }))
    await expect(reader.rest.issues.create(untitled)).rejects.toMatchObject({ status: 403 })
  })

  test('the token of a workflow cannot read the settings, one with administration can', async () => {
    const { github, octokit, issue } = await aRepository({ allowActionsToCreatePullRequests: false })
    const read = (from: typeof octokit) =>
      from.rest.actions.getGithubActionsDefaultWorkflowPermissionsRepository(NAME)
    expect((await refusalOf(read(octokit))).status).toBe(403)
    const owner = octokitWith(github, issue('pat', { administration: 'read' }))
    expect((await read(owner)).data.can_approve_pull_request_reviews).toBe(false)
  })
})

describe('refs', () => {
  test('one is created once, moved forward only, forced when asked, deleted', async () => {
    const { github, octokit, pushBranch, repository } = await aRepository()
    const first = (await repository.git.readRef('refs/heads/main')) ?? ''
    const second = await pushBranch('idea', { 'a.txt': 'a\n' })
    const ref = { ...NAME, ref: 'heads/autoresearch/ledger' }
    const create = () => octokit.rest.git.createRef({ ...NAME, ref: `refs/${ref.ref}`, sha: first })
    expect((await create()).status).toBe(201)
    expect(await refusalOf(create())).toEqual({ status: 422, message: 'Reference already exists' })
    await octokit.rest.git.updateRef({ ...ref, sha: second })
    const back = { ...ref, sha: first }
    expect((await refusalOf(octokit.rest.git.updateRef(back))).message).toBe('Update is not a fast forward')
    await octokit.rest.git.updateRef({ ...back, force: true })
    expect((await octokit.rest.git.getRef(ref)).data.object.sha).toBe(first)
    await octokit.rest.git.deleteRef(ref)
    expect((await refusalOf(octokit.rest.git.getRef(ref))).status).toBe(404)
    expect(github.violations).toEqual([])
  })

  test('branch rules hold for REST as they do for pushes, and can be read', async () => {
    const { octokit, pushBranch } = await aRepository({
      rules: { 'autoresearch/*': { noDeletion: true, noForcePush: true } },
    })
    const sha = await pushBranch('autoresearch/ledger', { 'a.txt': 'a\n' })
    const other = await pushBranch('other', { 'b.txt': 'b\n' })
    const ref = { ...NAME, ref: 'heads/autoresearch/ledger' }
    expect((await refusalOf(octokit.rest.git.deleteRef(ref))).message).toContain('Cannot delete this branch')
    const forced = octokit.rest.git.updateRef({ ...ref, sha: other, force: true })
    expect((await refusalOf(forced)).message).toContain('Cannot force-push to this branch')
    const { data: rules } = await octokit.rest.repos.getBranchRules({
      ...NAME,
      branch: 'autoresearch/ledger',
    })
    expect(rules.map(({ type }) => type)).toEqual(['deletion', 'non_fast_forward'])
    const { data: branch } = await octokit.rest.repos.getBranch({ ...NAME, branch: 'autoresearch/ledger' })
    expect(branch).toMatchObject({ protected: true, commit: { sha } })
  })
})

describe('code', () => {
  test('a comparison counts commits on both sides and lists the files', async () => {
    const { github, octokit, pushBranch } = await aRepository()
    await pushBranch('idea', { 'a.txt': 'a\n' })
    await pushBranch('main', { 'b.txt': 'b\n' })
    const { data } = await octokit.rest.repos.compareCommitsWithBasehead({ ...NAME, basehead: 'main...idea' })
    expect(data).toMatchObject({
      status: 'diverged',
      ahead_by: 1,
      behind_by: 1,
      files: [{ filename: 'a.txt' }],
    })
    expect(github.violations).toEqual([])
  })

  test('a file is read at a ref, a folder is listed, a missing path is 404', async () => {
    const { github, octokit, pushBranch } = await aRepository()
    await pushBranch('idea', { 'src/train.js': 'steps = "ü"\n' })
    const read = (path: string, ref?: string) =>
      octokit.rest.repos.getContent({ ...NAME, path, ...(ref === undefined ? {} : { ref }) })
    const { data: file } = await read('src/train.js', 'idea')
    expect('content' in file && Buffer.from(file.content ?? '', 'base64').toString()).toBe('steps = "ü"\n')
    expect((await read('src', 'idea')).data).toMatchObject([{ type: 'file', path: 'src/train.js' }])
    expect((await read('')).data).toMatchObject([{ type: 'file', path: 'README.md' }])
    expect((await refusalOf(read('src/train.js'))).status).toBe(404)
    expect(github.violations).toEqual([])
  })

  test('a commit, its git object and its tree agree', async () => {
    const { github, octokit, pushBranch } = await aRepository()
    const sha = await pushBranch('idea', { 'a.txt': 'a\n' })
    const { data: commit } = await octokit.rest.repos.getCommit({ ...NAME, ref: 'idea' })
    const { data: object } = await octokit.rest.git.getCommit({ ...NAME, commit_sha: sha })
    const { data: tree } = await octokit.rest.git.getTree({
      ...NAME,
      tree_sha: object.tree.sha,
      recursive: '1',
    })
    expect(commit).toMatchObject({ sha, stats: { additions: 1 }, commit: { tree: { sha: object.tree.sha } } })
    expect(tree.tree.map(({ path }) => path)).toEqual(['README.md', 'a.txt'])
    const { data: commits } = await octokit.rest.repos.listCommits({ ...NAME, sha: 'idea', per_page: 1 })
    expect(commits.map((one) => one.sha)).toEqual([sha])
    expect(github.violations).toEqual([])
  })
})

test('issues are created, labelled, listed and closed', async () => {
  const { github, octokit } = await aRepository()
  await octokit.rest.issues.createLabel({ ...NAME, name: 'dashboard', color: '0e8a16', description: 'd' })
  await octokit.rest.issues.create({ ...NAME, title: 'Dashboard', body: 'x', labels: ['dashboard'] })
  await octokit.rest.issues.create({ ...NAME, title: 'Other' })
  const { data: found } = await octokit.rest.issues.listForRepo({ ...NAME, labels: 'dashboard' })
  expect(found).toMatchObject([{ title: 'Dashboard', labels: [{ color: '0e8a16' }] }])
  await octokit.rest.issues.update({ ...NAME, issue_number: 2, state: 'closed', state_reason: 'not_planned' })
  expect((await octokit.rest.issues.get({ ...NAME, issue_number: 2 })).data).toMatchObject({
    state: 'closed',
    state_reason: 'not_planned',
  })
  expect(await refusalOf(octokit.rest.issues.createLabel({ ...NAME, name: 'Dashboard' }))).toMatchObject({
    status: 422,
  })
  expect(github.violations).toEqual([])
})
