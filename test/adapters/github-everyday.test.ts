// What passes by itself on GitHub is waited for, what does not is said in words, and nothing is written twice.
import { describe, expect, test } from 'vitest'
import { connect } from '../../src/adapters/github/client.ts'
import { createForge } from '../../src/adapters/github/github.ts'
import { tokenSeconds } from '../../src/adapters/github/token-life.ts'
import type { CheckRun } from '../../src/core/report/report.ts'
import { ForgeError } from '../../src/errors.ts'
import { FakeLog } from '../fakes/log.ts'
import { aRepository, octokitWith, type TestOptions } from '../loopback-github/fixtures.ts'
import { USUAL_LAG as USUAL } from '../loopback-github/lag.ts'

const BASE = 'main'
const BRANCH = 'autoresearch/c/1'
const SECOND = 5
const PULLS = '/repos/acme/char-lm/pulls'
const CHECKS = '/repos/acme/char-lm/check-runs'
const COMMENTS = '/repos/acme/char-lm/issues/1/comments'
const MERGE = '/repos/acme/char-lm/pulls/1/merge'
/** Counted in calls alone: the server's clock runs fast here. */
const USUAL_LAG = { ...USUAL, seconds: 1_000_000 }
const MARKER = '<!-- metrics -->'
const STARTED: CheckRun = { name: 'loss', status: 'in_progress', title: 'Training', summary: 'Wait.' }
const ENDED: CheckRun = { ...STARTED, status: 'completed', conclusion: 'success', title: 'merge' }

/** A branch that was just pushed; a second lasts 5 ms, on the server too. */
async function here({ github, ...options }: TestOptions = {}) {
  const start = Date.now()
  const now = () => new Date(start + ((Date.now() - start) * 1000) / SECOND)
  const site = await aRepository({ github: { now, lag: USUAL_LAG, ...github }, ...options })
  const head = await site.pushBranch(BRANCH, { 'train.js': 'lr = 2\n' })
  const log = new FakeLog()
  const connected = (token: string) =>
    connect({
      apiUrl: site.github.apiUrl,
      serverUrl: site.github.url,
      repository: 'acme/char-lm',
      token,
      log,
      secondMilliseconds: SECOND,
    })
  /** A job: it knows nothing of what other jobs wrote. */
  const job = (token = site.token) => createForge(connected(token))
  const opening = { branch: BRANCH, head, base: BASE, title: 'Try lr = 2', body: 'Because.' }
  return { ...site, head, log, job, connected, forge: job(), opening }
}

async function opened(options: TestOptions = {}) {
  const site = await here(options)
  expect(await site.forge.openPullRequest(site.opening)).toEqual({ kind: 'opened', number: 1 })
  const merge = () =>
    site.forge.merge({ pullRequest: 1, head: site.head, base: BASE, title: 'Try', message: 'Better.' })
  return { ...site, merge }
}

describe('just after a push', () => {
  test('F85 a pull request and a check run wait until GitHub knows the commit', async () => {
    const { github, forge, head, repository } = await opened({
      github: { lag: { ...USUAL_LAG, unknownCommits: 3 } },
    })
    await forge.putCheckRun(head, STARTED, true)
    expect(repository.pulls).toHaveLength(1)
    expect(repository.checkRuns).toHaveLength(1)
    expect(github.requests.filter(({ status }) => status === 422).length).toBeGreaterThanOrEqual(3)
    expect(github.violations).toEqual([])
  })

  test.each([
    {
      message: 'Validation Failed',
      errors: [{ resource: 'PullRequest', code: 'custom', message: 'No commits between main and x' }],
    },
    { message: 'Validation Failed', errors: [{ resource: 'PullRequest', field: 'head', code: 'invalid' }] },
    {
      message: 'Validation Failed',
      errors: [{ resource: 'Issue', code: 'custom', message: 'was submitted too quickly' }],
    },
    { message: "Could not resolve to a node with the global id of 'PR_1'." },
  ])('F85 422 %j passes by itself', async (body) => {
    const { github, forge, opening, repository } = await here()
    github.fault({ method: 'POST', path: PULLS, status: 422, body, times: 3 })
    expect(await forge.openPullRequest(opening)).toEqual({ kind: 'opened', number: 1 })
    expect(repository.pulls).toHaveLength(1)
  })

  test('F85 a branch that stays unknown is reported, not waited for without end', async () => {
    const { forge, opening } = await here()
    expect(await forge.openPullRequest({ ...opening, branch: 'gone' })).toMatchObject({ kind: 'impossible' })
  })
})

describe('merging', () => {
  test.each([
    [409, 'Head branch was modified. Review and try the merge again.'],
    [405, 'Base branch was modified. Review and try the merge again.'],
    [405, 'Pull Request is not mergeable'],
  ])('F86 %d %s although nothing moved: read and tried again', async (status, message) => {
    const { github, merge, repository } = await opened()
    github.fault({ method: 'PUT', path: MERGE, status, body: { message }, times: 3 })
    expect((await merge()).kind).toBe('merged')
    expect(repository.pulls).toMatchObject([{ merged: true }])
  })

  test('F86 GitHub takes a while to find out whether it can be merged: nothing is tried before', async () => {
    const { github, merge } = await opened({ github: { lag: { ...USUAL_LAG, unknownMergeability: 4 } } })
    expect((await merge()).kind).toBe('merged')
    expect(github.requests.filter(({ method }) => method === 'PUT')).toHaveLength(1)
  })

  test('F86 an answer that never changes is a refusal, not the end of the job', async () => {
    const { github, merge } = await opened()
    const body = { message: 'Head branch was modified. Review and try the merge again.' }
    github.fault({ method: 'PUT', path: MERGE, status: 409, body, times: 50 })
    expect(await merge()).toMatchObject({
      kind: 'refused',
      explanation: expect.stringContaining('was modified'),
    })
  })

  test.each([
    [{ mergeQueue: true }, 'add the pull request to the queue'],
    [{ codeOwner: 'acme/owners' }, 'A code owner must approve'],
    [{ requiredApprovals: 1 }, 'Somebody with write access must approve'],
    [{ requiredChecks: ['ci'] }, 'A required check has not succeeded'],
  ])('F89 the rule %j: GitHub’s words, and what a person can do', async (rule, advice) => {
    const { merge, repository, github } = await opened({ rules: { main: rule } })
    const refused = await merge()
    expect(refused).toMatchObject({ kind: 'refused', explanation: expect.stringContaining(advice) })
    expect(repository.pulls).toMatchObject([{ state: 'open' }])
    expect(github.requests.filter(({ method }) => method === 'PUT')).toHaveLength(1)
  })

  test('F89 a draft is a refusal as well', async () => {
    const { merge, repository } = await opened()
    Object.assign(repository.pulls[0] ?? {}, { draft: true })
    expect(await merge()).toMatchObject({ explanation: expect.stringContaining('ready for review') })
  })

  test('F84 a merge that brings workflow files: named as that', async () => {
    const { merge, github } = await opened()
    const message =
      'refusing to allow a GitHub App to create or update workflow `.github/workflows/ci.yml` without `workflows` permission'
    github.fault({ method: 'PUT', path: MERGE, status: 403, body: { message } })
    expect(await merge()).toMatchObject({
      kind: 'refused',
      explanation: expect.stringContaining('workflows: write'),
    })
  })
})

describe('too many requests', () => {
  test.each([
    ['a pull request', 'POST', PULLS],
    ['a check run', 'POST', CHECKS],
    ['a comment', 'POST', COMMENTS],
    ['a merge', 'PUT', MERGE],
  ])('F117 429 without `retry-after` on %s: a minute later it is done, once', async (_, method, path) => {
    const { github, forge, opening, head, repository, log } = await here()
    github.fault({ method, path, status: 429, body: { message: 'Too Many Requests' } })
    await forge.openPullRequest(opening)
    await forge.putCheckRun(head, ENDED)
    await forge.putComment(1, MARKER, `${MARKER}\ntext`)
    const merged = await forge.merge({ pullRequest: 1, head, base: BASE, title: 'Try', message: 'Better.' })
    expect(merged.kind).toBe('merged')
    expect([repository.pulls, repository.checkRuns, repository.comments].map(({ length }) => length)).toEqual(
      [1, 1, 1],
    )
    expect(log.lines.join()).toContain('waiting 60 s')
  })
})

test('F117 F118 429 on a read that was not there yet four times: a minute later it is done', async () => {
  const { github, forge, opening, log } = await here()
  await forge.openPullRequest(opening)
  const read = { method: 'GET', path: `${PULLS}/1` } as const
  github.fault({ ...read, status: 404, times: 4, body: { message: 'Not Found' } })
  github.fault({ ...read, status: 429, body: { message: 'Too Many Requests' } })
  expect(await forge.pullRequest(1)).toMatchObject({ number: 1 })
  expect(log.lines.join()).toContain('waiting 60 s')
})

describe('reads that lag ten seconds behind', () => {
  const LATE = { github: { lag: { ...USUAL_LAG, reads: 1_000_000, seconds: 10 } } }
  const write = async ({
    forge,
    opening,
    head,
  }: Pick<Awaited<ReturnType<typeof here>>, 'forge' | 'opening' | 'head'>) => {
    await forge.openPullRequest(opening)
    await forge.putCheckRun(head, STARTED)
    await forge.putCheckRun(head, ENDED)
    await forge.putComment(1, MARKER, `${MARKER}\nfirst`)
    await forge.putComment(1, MARKER, `${MARKER}\nsecond`)
  }

  test('F118 a job writes one of each', async () => {
    const site = await here(LATE)
    await write(site)
    const { pulls, checkRuns, comments } = site.repository
    expect(pulls).toHaveLength(1)
    expect(checkRuns).toMatchObject([{ conclusion: 'success' }])
    expect(comments).toMatchObject([{ body: `${MARKER}\nsecond` }])
  })

  test.each([PULLS, CHECKS, COMMENTS])(
    'F118 the answer to POST %s is lost: still one of each',
    async (path) => {
      const site = await here(LATE)
      site.github.fault({ method: 'POST', path, dropResponse: 'after' })
      await write(site)
      const { pulls, checkRuns, comments } = site.repository
      expect([pulls, checkRuns, comments].map(({ length }) => length)).toEqual([1, 1, 1])
    },
  )

  test('F118 the job is killed and the next one starts at once: still one of each', async () => {
    const site = await here(LATE)
    await write(site)
    await write({ ...site, forge: site.job() })
    const { pulls, checkRuns, comments } = site.repository
    expect([pulls, checkRuns, comments].map(({ length }) => length)).toEqual([1, 1, 1])
  })

  test('F118 what this job merged or closed does not look open to it', async () => {
    const { forge, head, merge } = await opened(LATE)
    const merged = await merge()
    if (merged.kind !== 'merged') throw new Error(merged.kind)
    expect(await forge.pullRequest(1)).toMatchObject({ state: 'merged', mergeCommit: merged.commit, head })
    expect(await forge.openPullRequests(BASE)).toEqual([])
  })
})

describe('what people did and the next read does not show', () => {
  test('F118 F119 a branch whose pull request has just been opened is in use', async () => {
    const { job } = await opened()
    expect(await job().unusedBranches([BRANCH, 'autoresearch/c/2'])).toEqual(['autoresearch/c/2'])
  })

  test('F119 a pull request that this job closed, and a person opened again, has its branch in use', async () => {
    const { forge, github, issue } = await opened()
    await forge.close(1)
    const person = octokitWith(github, issue('pat', { pull_requests: 'write' }))
    await person.pulls.update({ owner: 'acme', repo: 'char-lm', pull_number: 1, state: 'open' })
    expect(await forge.unusedBranches([BRANCH])).toEqual([])
  })

  test('F119 the branch into which a pull request was merged is the one that a person had just chosen', async () => {
    const lag = { ...USUAL_LAG, unknownMergeability: 0 }
    const { github, forge, merge, pushBranch, issue } = await opened({ github: { lag } })
    await pushBranch('release', { 'notes.md': 'x' })
    const person = octokitWith(github, issue('pat', { pull_requests: 'write' }))
    const where = { owner: 'acme', repo: 'char-lm', pull_number: 1 }
    const choose = async () => void (await person.pulls.update({ ...where, base: 'release' }))
    github.fault({ method: 'PUT', path: MERGE, meanwhile: choose })
    expect(await merge()).toMatchObject({ kind: 'merged' })
    expect(await forge.baseOfMerged(1)).toBe('release')
  })
})

describe('what people do to a conversation', () => {
  test('F95 a locked one: no comment, a warning, and the job goes on', async () => {
    const { forge, repository, log } = await opened()
    Object.assign(repository.pulls[0] ?? {}, { locked: true })
    await forge.putComment(1, MARKER, `${MARKER}\ntext`)
    expect(repository.comments).toEqual([])
    expect(log.lines.join()).toContain('No comment on #1: its conversation is locked')
  })

  test('F95 our comment was deleted: written again', async () => {
    const { forge, repository } = await opened()
    await forge.putComment(1, MARKER, `${MARKER}\nfirst`)
    repository.comments.length = 0
    await forge.putComment(1, MARKER, `${MARKER}\nsecond`)
    expect(repository.comments).toMatchObject([{ body: `${MARKER}\nsecond` }])
  })
})

test('F91 an App’s token ends after an hour: said as that', async () => {
  const { issue, job } = await here()
  const app = issue('app', { pull_requests: 'read' }, 1)
  await new Promise((resolve) => setTimeout(resolve, 2 * SECOND))
  const refusal = await job(app)
    .openPullRequests(BASE)
    .catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(ForgeError)
  expect((refusal as ForgeError).hint).toContain("an App's token lives one hour")
})

test.each([
  ['POST', PULLS, 'openPullRequest'],
  ['PUT', MERGE, 'merge'],
] as const)('an archived repository, %s %s: said as that', async (method, path, call) => {
  const { github, forge, opening, head } = await opened()
  const body = { message: 'Repository was archived so is read-only.' }
  github.fault({ method, path, status: 403, body, times: 9 })
  const request = { pullRequest: 1, message: '', ...opening, branch: 'autoresearch/c/2', head }
  const asked = call === 'merge' ? forge.merge(request) : forge.openPullRequest({ ...request, isNew: true })
  await expect(asked).rejects.toMatchObject({ hint: expect.stringContaining('Unarchive the repository') })
})

describe('what people do to a repository', () => {
  test('it is renamed and transferred: the job goes on under the new name, and says so once', async () => {
    const { github, forge, opening, head, repository, log, pushBranch } = await here()
    github.renameRepository('acme/char-lm', 'lab/lm')
    expect(await forge.openPullRequest(opening)).toEqual({ kind: 'opened', number: 1 })
    await forge.putCheckRun(head, ENDED)
    await forge.putComment(1, MARKER, `${MARKER}\ntext`)
    expect(await forge.openPullRequests(BASE)).toMatchObject([{ number: 1 }])
    const second = await pushBranch('autoresearch/c/2', { 'train.js': 'lr = 3\n' })
    const request = { ...opening, branch: 'autoresearch/c/2', head: second }
    github.fault({ method: 'POST', path: '/repos/lab/lm/pulls', dropResponse: 'after' })
    expect(await forge.openPullRequest(request)).toEqual({ kind: 'opened', number: 2 })
    expect(
      (await forge.merge({ pullRequest: 1, head, base: BASE, title: 'Try', message: 'Better.' })).kind,
    ).toBe('merged')
    expect([repository.pulls, repository.checkRuns, repository.comments].map(({ length }) => length)).toEqual(
      [2, 1, 1],
    )
    expect(log.lines.filter((line) => line.includes('called lab/lm now'))).toHaveLength(1)
    expect(github.violations).toEqual([])
  })

  test('its pull request gets another base: it is not merged there', async () => {
    const { merge, repository, pushBranch, head } = await opened()
    await pushBranch('release', { 'train.js': 'lr = 1\n' })
    Object.assign(repository.pulls[0]?.base ?? {}, { ref: 'release' })
    expect(await merge()).toMatchObject({
      kind: 'refused',
      explanation: expect.stringContaining('changed the base branch'),
    })
    expect(repository.pulls).toMatchObject([{ state: 'open', head: { sha: head } }])
  })

  test('the button “Update branch” is pressed: its new head is not merged', async () => {
    const { merge, repository, pushBranch } = await opened()
    await pushBranch(BRANCH, { 'README.md': '# Newer\n' })
    expect(await merge()).toEqual({ kind: 'head-moved' })
    expect(repository.pulls).toMatchObject([{ state: 'open' }])
  })

  test.each([
    [403, 'GitHub Actions is disabled for this repository.', 'Settings → Actions → General'],
    [410, 'Issues are disabled for this repo', 'Settings → General → Features'],
  ])('%d %s: said with the setting', async (status, message, advice) => {
    const { github, forge } = await here()
    github.fault({ method: 'GET', path: PULLS, status, body: { message }, times: 9 })
    await expect(forge.openPullRequests(BASE)).rejects.toMatchObject({
      hint: expect.stringContaining(advice),
    })
  })
})

describe('how long a token lives', () => {
  test.each([
    ['app', 3600],
    ['actions', 24 * 3600],
    ['pat', undefined],
  ] as const)('F91 of the kind %s: %s s', async (kind, seconds) => {
    const { issue, connected } = await here()
    expect(await tokenSeconds(connected(issue(kind, {})), new Date())).toBe(seconds)
  })

  test('F91 not known: the job goes on', async () => {
    const { connected, github, issue, log } = await here()
    const token = issue('app', {})
    github.revokeToken(token)
    expect(await tokenSeconds(connected(token), new Date())).toBeUndefined()
    expect(log.lines.join()).toContain('How long the token lives is not known')
  })
})
