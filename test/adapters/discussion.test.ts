// What people say on GitHub, as the loopback GitHub tells it.
import { describe, expect, test } from 'vitest'
import { connect } from '../../src/adapters/github/client.ts'
import { createDiscussion } from '../../src/adapters/github/discussion.ts'
import { ForgeError } from '../../src/errors.ts'
import { FakeLog } from '../fakes/log.ts'
import { aRepository, NAME, octokitWith, type TestOptions } from '../loopback-github/fixtures.ts'
import type { Permissions } from '../loopback-github/index.ts'

const LABEL = 'autoresearch'
const ISSUES = '/repos/acme/char-lm/issues'
const COMMENTS = `${ISSUES}/1/comments`
const marker = '<!-- autoresearch wish issue-1 -->'

/** A repository in which Ada may write, and the discussion that is under test. */
async function here(options: TestOptions = {}) {
  const site = await aRepository(options)
  const { github, repository, token, issue } = site
  repository.collaborators.set('ada', 'write')
  const as = (login: string) =>
    octokitWith(
      github,
      github.issueToken({ repository: 'acme/char-lm', kind: 'pat', login, permissions: { issues: 'write' } }),
    ).rest
  const discussionOf = (secret: string) =>
    createDiscussion(
      connect({
        apiUrl: github.apiUrl,
        serverUrl: github.url,
        repository: 'acme/char-lm',
        token: secret,
        log: new FakeLog(),
        secondMilliseconds: 10,
      }),
    )
  const withOnly = (permissions: Permissions) => discussionOf(issue('actions', permissions))
  return { ...site, as, withOnly, discussion: discussionOf(token), ada: as('ada'), eve: as('eve') }
}

describe('labelled issues', () => {
  test('are open and labelled, oldest first, with their authors', async () => {
    const { ada, eve, discussion, github } = await here()
    await ada.issues.create({ ...NAME, title: 'Use Muon', body: 'Try it.', labels: [LABEL] })
    await eve.issues.create({ ...NAME, title: 'Warm up', labels: [LABEL] })
    await ada.issues.create({ ...NAME, title: 'A bug' })
    await ada.issues.create({ ...NAME, title: 'Done', labels: [LABEL] })
    await ada.issues.update({ ...NAME, issue_number: 4, state: 'closed' })
    const updatedAt = expect.stringMatching(/^2\d{3}-/)
    expect(await discussion.labelledIssues(LABEL)).toEqual({
      kind: 'issues',
      issues: [
        {
          number: 1,
          isPullRequest: false,
          title: 'Use Muon',
          body: 'Try it.',
          author: { login: 'ada', isBot: false },
          updatedAt,
        },
        {
          number: 2,
          isPullRequest: false,
          title: 'Warm up',
          body: '',
          author: { login: 'eve', isBot: false },
          updatedAt,
        },
      ],
    })
    expect(github.violations).toEqual([])
  })

  test('may be pull requests, which are marked', async () => {
    const { ada, octokit, pushBranch, discussion } = await here()
    await pushBranch('idea', { 'a.txt': 'a\n' })
    await octokit.rest.pulls.create({ ...NAME, title: 'Idea', head: 'idea', base: 'main' })
    await ada.issues.addLabels({ ...NAME, issue_number: 1, labels: [LABEL] })
    expect(await discussion.labelledIssues(LABEL)).toMatchObject({
      issues: [{ number: 1, isPullRequest: true }],
    })
  })

  test('F21 are read from all pages', async () => {
    const limits = { contentPerMinute: 500, pointsPerMinute: 5000 }
    const { ada, discussion } = await here({ github: { limits } })
    for (let n = 0; n < 101; n += 1) await ada.issues.create({ ...NAME, title: `${n}`, labels: [LABEL] })
    expect(await discussion.labelledIssues(LABEL)).toMatchObject({ issues: { length: 101 } })
  })

  test('of bots are marked', async () => {
    const { octokit, discussion } = await here()
    await octokit.rest.issues.create({ ...NAME, title: 'x', labels: [LABEL] })
    expect(await discussion.labelledIssues(LABEL)).toMatchObject({ issues: [{ author: { isBot: true } }] })
  })

  test('are refused without the permission, which the explanation names', async () => {
    const { withOnly } = await here()
    expect(await withOnly({ contents: 'write' }).labelledIssues(LABEL)).toEqual({
      kind: 'refused',
      explanation: expect.stringContaining('issues: write'),
    })
  })

  test('are empty when issues are disabled', async () => {
    const { github, discussion } = await here()
    github.fault({ method: 'GET', path: ISSUES, status: 410 })
    expect(await discussion.labelledIssues(LABEL)).toEqual({ kind: 'issues', issues: [] })
  })

  test('F12 a 502: tried again', async () => {
    const { github, ada, discussion } = await here()
    await ada.issues.create({ ...NAME, title: 'Use Muon', labels: [LABEL] })
    github.fault({ method: 'GET', path: ISSUES, status: 502 })
    expect(await discussion.labelledIssues(LABEL)).toMatchObject({ issues: { length: 1 } })
  })

  test('F20 a token that expired: said in words', async () => {
    const { github, token, discussion } = await here()
    github.revokeToken(token)
    await expect(discussion.labelledIssues(LABEL)).rejects.toBeInstanceOf(ForgeError)
  })
})

describe('who put the label on', () => {
  test('is who did it last', async () => {
    const { ada, eve, discussion, github } = await here()
    await eve.issues.create({ ...NAME, title: 'Warm up', labels: [LABEL, 'other'] })
    expect(await discussion.labeller(1, LABEL)).toEqual({ login: 'eve', isBot: false })
    await ada.issues.removeLabel({ ...NAME, issue_number: 1, name: LABEL })
    await ada.issues.addLabels({ ...NAME, issue_number: 1, labels: [LABEL] })
    await eve.issues.addLabels({ ...NAME, issue_number: 1, labels: [LABEL, 'later'] })
    expect(await discussion.labeller(1, LABEL)).toEqual({ login: 'ada', isBot: false })
    expect(github.violations).toEqual([])
  })

  test('is nobody when it never was on', async () => {
    const { eve, discussion } = await here()
    await eve.issues.create({ ...NAME, title: 'Warm up' })
    expect(await discussion.labeller(1, LABEL)).toBeUndefined()
  })
})

describe('who may write', () => {
  test.each([
    ['admin', true],
    ['maintain', true],
    ['write', true],
    ['triage', false],
    ['read', false],
  ] as const)('%s: %s', async (role, may) => {
    const { repository, discussion, github } = await here()
    repository.collaborators.set('bo', role)
    expect(await discussion.mayWrite('bo')).toBe(may)
    expect(github.violations).toEqual([])
  })

  test.each([true, false])('not somebody else, in a repository that is private: %s', async (isPrivate) => {
    const { discussion } = await here({ private: isPrivate })
    expect(await discussion.mayWrite('eve')).toBe(false)
  })

  test.each([403, 404])('nobody whom GitHub does not tell about (%i)', async (status) => {
    const { github, discussion } = await here()
    github.fault({ method: 'GET', path: '/repos/acme/char-lm/collaborators/ada/permission', status })
    expect(await discussion.mayWrite('ada')).toBe(false)
  })
})

describe('comments', () => {
  test('are read oldest first, with who wrote them, below issues and pull requests alike', async () => {
    const { ada, eve, octokit, discussion } = await here()
    await eve.issues.create({ ...NAME, title: 'Warm up' })
    const comment = { ...NAME, issue_number: 1 }
    await ada.issues.createComment({ ...comment, body: 'Try it.' })
    await octokit.rest.issues.createComment({ ...comment, body: 'On it.' })
    expect(await discussion.remarks(1)).toEqual([
      { author: { login: 'ada', isBot: false }, body: 'Try it.' },
      { author: { login: 'github-actions[bot]', isBot: true }, body: 'On it.' },
    ])
  })
})

describe('an answer', () => {
  test('is one comment, edited later', async () => {
    const { ada, repository, discussion, github } = await here()
    await ada.issues.create({ ...NAME, title: 'Use Muon', labels: [LABEL] })
    expect(await discussion.answer(1, marker, `${marker}\n\n#2 tests this request.`)).toEqual({
      kind: 'answered',
    })
    expect(await discussion.answer(1, marker, `${marker}\n\nMerged.`)).toEqual({ kind: 'answered' })
    expect(repository.comments.map(({ body }) => body)).toEqual([`${marker}\n\nMerged.`])
    const made = github.requests.filter(({ method, path }) => method === 'POST' && path === COMMENTS)
    expect(made).toHaveLength(1)
  })

  test('F14 whose response was lost is there once', async () => {
    const { ada, repository, discussion, github } = await here()
    await ada.issues.create({ ...NAME, title: 'Use Muon', labels: [LABEL] })
    github.fault({ method: 'POST', path: COMMENTS, dropResponse: 'after' })
    await discussion.answer(1, marker, `${marker}\n\n#2 tests this request.`)
    expect(repository.comments).toHaveLength(1)
  })

  test.each<[string, Permissions | undefined, number, string]>([
    ['without the permission', { contents: 'write', issues: 'read' }, 1, 'issues: write'],
    ['on an issue that is gone', undefined, 9, 'the issue no longer exists'],
  ])('is refused %s, in words', async (_, permissions, number, explanation) => {
    const { ada, withOnly, discussion } = await here()
    await ada.issues.create({ ...NAME, title: 'Use Muon', labels: [LABEL] })
    const answering = permissions ? withOnly(permissions) : discussion
    expect(await answering.answer(number, marker, marker)).toEqual({
      kind: 'refused',
      explanation: expect.stringContaining(explanation),
    })
  })
})
