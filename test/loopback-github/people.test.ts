// What people do to a pull request besides merging and closing it.
import { describe, expect, test } from 'vitest'
import { aRepository, NAME, octokitWith, refusalOf } from './fixtures.ts'

const PERSON = { contents: 'write', pull_requests: 'write', issues: 'write' } as const
const PULL = { ...NAME, pull_number: 1 }

/** A pull request of a workflow, and a person who may write. */
async function aPull() {
  const here = await aRepository()
  const work = await here.clone()
  const head = await work.pushBranch('idea', { 'train.js': 'steps = 2\n' })
  await here.octokit.rest.pulls.create({ ...NAME, title: 'Fewer steps', head: 'idea', base: 'main' })
  const person = octokitWith(here.github, here.issue('pat', PERSON))
  return { ...here, work, head, person }
}

describe('"Update branch"', () => {
  test('merges the base into the head, in the name of the person', async () => {
    const { work, repository, person, head, github } = await aPull()
    const base = await work.pushBranch('main', { 'README.md': 'New.\n' })
    const { status } = await person.rest.pulls.updateBranch({ ...PULL, expected_head_sha: head })
    expect(status).toBe(202)
    const [commit] = await repository.git.log(['--max-count=1', 'refs/heads/idea'])
    expect(commit).toMatchObject({
      parents: [head, base],
      message: "Merge branch 'main' into idea",
      author: { name: 'octocat' },
    })
    expect((await person.rest.pulls.get(PULL)).data.head.sha).toBe(commit?.sha)
    expect(github.violations).toEqual([])
  })

  test('is refused when the head has all of the base, or has moved', async () => {
    const { person } = await aPull()
    expect(await refusalOf(person.rest.pulls.updateBranch(PULL))).toEqual({
      status: 422,
      message: 'There are no new commits on the base branch.',
    })
    const another = { ...PULL, expected_head_sha: '0'.repeat(40) }
    expect(await refusalOf(person.rest.pulls.updateBranch(another))).toEqual({
      status: 422,
      message: "expected head sha didn't match current head ref.",
    })
  })

  test('is refused when the two conflict, or the history must be linear', async () => {
    const { work, person, repository, head } = await aPull()
    await work.pushBranch('main', { 'train.js': 'steps = 3\n' })
    expect((await refusalOf(person.rest.pulls.updateBranch(PULL))).message).toContain('merge conflict')
    await work.pushBranch('main', { 'train.js': 'steps = 2\n' })
    repository.rules['**'] = { requireLinearHistory: true }
    expect((await refusalOf(person.rest.pulls.updateBranch(PULL))).message).toContain('merge commits')
    expect(await repository.git.readRef('refs/heads/idea')).toBe(head)
  })
})

describe('a draft', () => {
  const mutation = (name: string) =>
    `mutation($id: ID!) { ${name}(input: { pullRequestId: $id }) { clientMutationId } }`

  test('is made by a person, and is merged only after it is ready again', async () => {
    const { person } = await aPull()
    const { data } = await person.rest.pulls.get(PULL)
    await person.graphql(mutation('convertPullRequestToDraft'), { id: data.node_id })
    expect((await person.rest.pulls.get(PULL)).data.draft).toBe(true)
    expect(await refusalOf(person.rest.pulls.merge(PULL))).toMatchObject({
      status: 405,
      message: 'Pull Request is still a draft',
    })
    await person.graphql(mutation('markPullRequestReadyForReview'), { id: data.node_id })
    expect((await person.rest.pulls.get(PULL)).data.draft).toBe(false)
  })

  test('cannot be made by a workflow', async () => {
    const { octokit } = await aPull()
    const { data } = await octokit.rest.pulls.get(PULL)
    const asked = octokit.graphql(mutation('convertPullRequestToDraft'), { id: data.node_id })
    await expect(asked).rejects.toThrow('Resource not accessible by integration')
  })
})

test('another base is refused when it has the commits already', async () => {
  const { work, person } = await aPull()
  await work.git('push', '--quiet', 'origin', 'idea:refs/heads/release')
  expect(await refusalOf(person.rest.pulls.update({ ...PULL, base: 'release' }))).toEqual({
    status: 422,
    message:
      "Validation Failed: There are no new commits between base branch 'release' and head branch 'idea'",
  })
})

test('a comment of a bot can be deleted by a person', async () => {
  const { octokit, person, repository, github } = await aPull()
  const { data } = await octokit.rest.issues.createComment({ ...NAME, issue_number: 1, body: 'Mine.' })
  await person.rest.issues.deleteComment({ ...NAME, comment_id: data.id })
  expect(repository.comments).toEqual([])
  expect(await refusalOf(person.rest.issues.deleteComment({ ...NAME, comment_id: data.id }))).toMatchObject({
    status: 404,
  })
  expect(github.violations).toEqual([])
})
