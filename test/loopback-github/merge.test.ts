import { describe, expect, test } from 'vitest'
import { aRepository, clone, NAME, octokitWith, refusalOf, type TestOptions } from './fixtures.ts'

async function aPull(options: TestOptions = {}) {
  const here = await aRepository(options)
  await here.pushBranch('idea', { 'train.js': 'steps = 2\n' })
  const head = await here.pushBranch('idea', { 'model.js': 'width = 8\n' }, 'idea')
  await here.octokit.rest.pulls.create({
    ...NAME,
    title: 'Wider',
    head: 'idea',
    base: 'main',
    body: 'Why not.',
  })
  const tip = async (branch = 'main') => (await here.repository.git.readRef(`refs/heads/${branch}`)) ?? ''
  const tipCommit = async () => here.repository.git.readCommit(await tip())
  return { ...here, head, tip, tipCommit, merge: { ...NAME, pull_number: 1, sha: head } }
}

describe('the three methods', () => {
  test("squash makes one commit with the head's tree on top of the base", async () => {
    const { github, octokit, repository, merge, head, tip, tipCommit } = await aPull()
    const base = await tip()
    const { data } = await octokit.rest.pulls.merge({
      ...merge,
      merge_method: 'squash',
      commit_message: 'loss 1.9',
    })
    const commit = await tipCommit()
    expect(commit).toMatchObject({
      sha: data.sha,
      parents: [base],
      tree: (await repository.git.readCommit(head)).tree,
      committer: { name: 'GitHub', email: 'noreply@github.com' },
      author: { name: 'github-actions[bot]' },
    })
    expect(commit.message).toBe('Wider (#1)\n\nloss 1.9\n\nCo-authored-by: Ada <ada@example.org>')
    const { data: pull } = await octokit.rest.pulls.get({ ...NAME, pull_number: 1 })
    expect(pull).toMatchObject({ state: 'closed', merged: true, merge_commit_sha: data.sha, commits: 2 })
    expect(github.violations).toEqual([])
  })

  test('merge makes a commit of two parents', async () => {
    const { octokit, merge, head, tip, tipCommit } = await aPull()
    const base = await tip()
    await octokit.rest.pulls.merge(merge)
    expect((await tipCommit()).parents).toEqual([base, head])
    expect((await tipCommit()).message).toBe('Merge pull request #1 from acme/idea\n\nWider')
  })

  test('rebase puts each commit on top of a base that moved, with its author', async () => {
    const { octokit, repository, pushBranch, merge, tip } = await aPull()
    const moved = await pushBranch('main', { 'other.js': '1\n' })
    await octokit.rest.pulls.merge({ ...merge, merge_method: 'rebase' })
    const commits = await repository.git.log(['--reverse', `${moved}..${await tip()}`])
    expect(commits.map(({ message, author }) => [message, author.name])).toEqual([
      ['Change train.js', 'Ada'],
      ['Change model.js', 'Ada'],
    ])
    const entries = await repository.git.listTree(await tip())
    expect(entries.map(({ path }) => path)).toEqual(['README.md', 'model.js', 'other.js', 'train.js'])
  })

  test('a squash onto a base that moved holds both changes', async () => {
    const { octokit, repository, pushBranch, merge, tip } = await aPull()
    await pushBranch('main', { 'other.js': '1\n' })
    await octokit.rest.pulls.merge({ ...merge, merge_method: 'squash' })
    const entries = await repository.git.listTree(await tip())
    expect(entries.map(({ path }) => path)).toEqual(['README.md', 'model.js', 'other.js', 'train.js'])
  })
})

describe('refusals', () => {
  test('409 when the head moved', async () => {
    const { octokit, pushBranch, merge, tip } = await aPull()
    const base = await tip()
    await pushBranch('idea', { 'model.js': 'width = 9\n' }, 'idea')
    expect(await refusalOf(octokit.rest.pulls.merge(merge))).toEqual({
      status: 409,
      message: 'Head branch was modified. Review and try the merge again.',
    })
    expect(await tip()).toBe(base)
  })

  test('405 when the branches conflict', async () => {
    const { octokit, pushBranch, merge } = await aPull()
    await pushBranch('main', { 'train.js': 'steps = 9\n' })
    for (const merge_method of ['merge', 'squash', 'rebase'] as const) {
      const refusal = await refusalOf(octokit.rest.pulls.merge({ ...merge, merge_method }))
      expect(refusal).toEqual({ status: 405, message: 'Pull Request is not mergeable' })
    }
  })

  test('405 when the method is not allowed', async () => {
    const { octokit, merge } = await aPull({ allowSquashMerge: false })
    expect(await refusalOf(octokit.rest.pulls.merge({ ...merge, merge_method: 'squash' }))).toEqual({
      status: 405,
      message: 'Squash merges are not allowed on this repository.',
    })
  })

  test('405 when it is merged already', async () => {
    const { octokit, merge } = await aPull()
    await octokit.rest.pulls.merge(merge)
    expect((await refusalOf(octokit.rest.pulls.merge(merge))).status).toBe(405)
  })

  test('405 when somebody pushes to the base during the merge', async () => {
    const { github, octokit, repository, merge, tip } = await aPull()
    const { git } = repository
    const update = git.updateRef.bind(git)
    git.updateRef = async (ref, after, before) => {
      git.updateRef = update
      const { tree } = await git.readCommit(await tip())
      const someone = { name: 'Ada', email: 'ada@example.org', date: '2026-11-01T00:00:00Z' }
      const commit = {
        tree,
        parents: [await tip()],
        message: 'Meanwhile',
        author: someone,
        committer: someone,
      }
      await update('refs/heads/main', await git.createCommit(commit))
      return update(ref, after, before)
    }
    expect(await refusalOf(octokit.rest.pulls.merge(merge))).toEqual({
      status: 405,
      message: 'Base branch was modified. Review and try the merge again.',
    })
    expect((await octokit.rest.pulls.merge(merge)).data.merged).toBe(true)
    expect(github.violations).toEqual([])
  })

  test('a required check must have succeeded on the head', async () => {
    const { octokit, merge, head } = await aPull({ rules: { main: { requiredChecks: ['autoresearch'] } } })
    const check = { ...NAME, name: 'autoresearch', head_sha: head }
    expect(await refusalOf(octokit.rest.pulls.merge(merge))).toEqual({
      status: 405,
      message: 'Required status check "autoresearch" is expected.',
    })
    await octokit.rest.checks.create({ ...check, conclusion: 'failure', status: 'completed' })
    expect((await refusalOf(octokit.rest.pulls.merge(merge))).message).toContain('is failing')
    await octokit.rest.checks.create({ ...check, conclusion: 'success', status: 'completed' })
    expect((await octokit.rest.pulls.merge(merge)).data.merged).toBe(true)
  })

  test('403 when it brings a workflow file and the token may not', async () => {
    const { github, octokit, issue } = await aPull()
    const permitted = await clone(github, issue('app', { contents: 'write', workflows: 'write' }))
    const sha = await permitted.pushBranch('ci', { '.github/workflows/ci.yml': 'on: push\n' })
    await octokit.rest.pulls.create({ ...NAME, title: 'CI', head: 'ci', base: 'main' })
    const refusal = await refusalOf(octokit.rest.pulls.merge({ ...NAME, pull_number: 2, sha }))
    expect(refusal.status).toBe(403)
    expect(refusal.message).toContain('without `workflows` permission')
  })

  test('403 without contents: write', async () => {
    const { github, issue, merge } = await aPull()
    const reviewer = octokitWith(github, issue('app', { contents: 'read', pull_requests: 'write' }))
    expect((await refusalOf(reviewer.rest.pulls.merge(merge))).status).toBe(403)
  })
})

test('of two merges at once into one base both arrive, one after the other', async () => {
  const { octokit, pushBranch, merge, repository, tip } = await aPull()
  const sha = await pushBranch('other', { 'other.js': '1\n' })
  await octokit.rest.pulls.create({ ...NAME, title: 'Other', head: 'other', base: 'main' })
  const merges = [merge, { ...NAME, pull_number: 2, sha }].map((one) =>
    octokit.rest.pulls.merge({ ...one, merge_method: 'squash' }),
  )
  expect((await Promise.all(merges)).map(({ data }) => data.merged)).toEqual([true, true])
  expect(await repository.git.log([await tip()])).toHaveLength(3)
})
