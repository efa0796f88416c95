import { describe, expect, test } from 'vitest'
import { connect } from '../../src/adapters/github/client.ts'
import { createForge } from '../../src/adapters/github/github.ts'
import type { CheckRun } from '../../src/core/report/report.ts'
import { ForgeError } from '../../src/errors.ts'
import { FakeLog } from '../fakes/log.ts'
import { aRepository, NAME, octokitWith, type TestOptions } from '../loopback-github/fixtures.ts'
import type { Fault } from '../loopback-github/index.ts'
import { NO_LAG, USUAL_LAG } from '../loopback-github/lag.ts'
import { commitIn } from '../scaffold.ts'

const BASE = 'autoresearch/baseline'
const BRANCH = 'autoresearch/c/1'

/** A candidate's branch beside the baseline, and the forge that is under test; a second lasts 10 ms. */
async function here({ github: server, ...options }: TestOptions = {}) {
  const site = await aRepository({ github: { lag: USUAL_LAG, ...server }, ...options })
  const { github, repository, token } = site
  const { git } = repository
  const main = (await git.readRef('refs/heads/main')) ?? ''
  await git.updateRef(`refs/heads/${BASE}`, main)
  const branch = (name: string, files: Record<string, string>) =>
    commitIn(repository.gitDir, files, { parent: main, branch: name })
  const head = await branch(BRANCH, { 'train.js': 'lr = 2\n' })
  const log = new FakeLog()
  const forgeOf = (secret: string, secondMilliseconds = 10) =>
    createForge(
      connect({
        apiUrl: github.apiUrl,
        serverUrl: github.url,
        repository: 'acme/char-lm',
        token: secret,
        log,
        secondMilliseconds,
      }),
    )
  const forge = forgeOf(token)
  const opening = { branch: BRANCH, head, base: BASE, title: 'Try lr = 2', body: 'Because.' }
  const open = async () => {
    const opened = await forge.openPullRequest(opening)
    if (opened.kind !== 'opened') throw new Error(opened.explanation)
    return opened.number
  }
  const writes = () => github.requests.filter(({ method }) => method !== 'GET')
  return { ...site, git, main, branch, head, log, forge, forgeOf, opening, open, writes }
}

const MAY_WRITE = { checks: 'write', contents: 'write', issues: 'write', pull_requests: 'write' } as const

/** The effect happens, and the answer does not say so. */
const LOST_ANSWERS: [string, Omit<Fault, 'path'>][] = [
  ['on the way', { dropResponse: 'after' }],
  ['in a proxy, which says 502', { status: 502, effect: true }],
]

const PULLS = '/repos/acme/char-lm/pulls'
const CHECKS = '/repos/acme/char-lm/check-runs'
const COMMENTS = '/repos/acme/char-lm/issues/1/comments'
const MERGE = '/repos/acme/char-lm/pulls/1/merge'

describe('opening a pull request', () => {
  test('opens it with what it was given', async () => {
    const { github, forge, opening, repository, head } = await here()
    expect(await forge.openPullRequest(opening)).toEqual({ kind: 'opened', number: 1 })
    expect(repository.pulls).toMatchObject([
      { title: 'Try lr = 2', body: 'Because.', head: { ref: BRANCH, sha: head }, base: { ref: BASE } },
    ])
    expect(await forge.pullRequest(1)).toEqual({ number: 1, branch: BRANCH, base: BASE, head, state: 'open' })
    expect(github.violations).toEqual([])
  })

  test('a second time changes nothing', async () => {
    const { forge, opening, repository } = await here()
    await forge.openPullRequest(opening)
    expect(await forge.openPullRequest(opening)).toEqual({ kind: 'opened', number: 1 })
    expect(repository.pulls).toHaveLength(1)
  })

  test.each(LOST_ANSWERS)(
    'F13 the answer is lost (%s): found by its branch and adopted',
    async (_, fault) => {
      const { github, forge, opening, repository } = await here()
      github.fault({ method: 'POST', path: PULLS, ...fault })
      expect(await forge.openPullRequest(opening)).toEqual({ kind: 'opened', number: 1 })
      expect(repository.pulls).toHaveLength(1)
    },
  )

  test('a 502 that had no effect: tried again', async () => {
    const { github, forge, opening, repository } = await here()
    github.fault({ method: 'POST', path: PULLS, status: 502 })
    expect(await forge.openPullRequest(opening)).toEqual({ kind: 'opened', number: 1 })
    expect(repository.pulls).toHaveLength(1)
  })

  test('F22 a list that does not show yet what an earlier job opened: looked at again, not opened twice', async () => {
    const { github, forgeOf, token, opening, open, repository } = await here({ github: { lag: NO_LAG } })
    await open()
    github.fault({ method: 'GET', path: PULLS, status: 200, body: [] })
    const asked = github.requests.length
    expect(await forgeOf(token, 100).openPullRequest(opening)).toEqual({ kind: 'opened', number: 1 })
    expect(github.requests.slice(asked).every(({ method }) => method === 'GET')).toBe(true)
    expect(repository.pulls).toHaveLength(1)
  })

  test('one that a person gave another base is found, and not opened again', async () => {
    const { forgeOf, token, opening, repository, open } = await here()
    await open()
    Object.assign(repository.pulls[0]?.base ?? {}, { ref: 'release' })
    expect(await forgeOf(token, 100).openPullRequest(opening)).toEqual({ kind: 'opened', number: 1 })
    expect(repository.pulls).toHaveLength(1)
  })

  test('one that a person closed is found, and not opened again', async () => {
    const { forge, opening, repository, open } = await here()
    await forge.close(await open())
    expect(await forge.openPullRequest(opening)).toEqual({ kind: 'opened', number: 1 })
    expect(repository.pulls).toHaveLength(1)
    expect((await forge.pullRequest(1)).state).toBe('closed')
  })

  test('F16 a closed one of the same branch with another commit is not ours', async () => {
    const { forge, opening, repository, open, branch } = await here()
    await forge.close(await open())
    const head = await branch(BRANCH, { 'train.js': 'lr = 3\n' })
    expect(await forge.openPullRequest({ ...opening, head })).toEqual({ kind: 'opened', number: 2 })
    expect(repository.pulls.map(({ head: { sha } }) => sha).at(-1)).toBe(head)
  })

  test('F16 an open one to which a person pushed: there is no second, and reading it shows their commit', async () => {
    const { forge, opening, open, branch, repository, head, github } = await here()
    await open()
    const theirs = await branch(BRANCH, { 'train.js': 'mine\n' })
    Object.assign(repository.pulls[0]?.head ?? {}, { sha: theirs })
    expect(await forge.openPullRequest({ ...opening, head })).toEqual({ kind: 'opened', number: 1 })
    expect((await forge.pullRequest(1)).head).toBe(theirs)
    expect(github.requests.filter(({ method }) => method === 'POST')).toHaveLength(1)
  })

  test('F24 Actions may not create pull requests: refused with the setting and the comparison', async () => {
    const { github, forge, opening } = await here({ allowActionsToCreatePullRequests: false })
    const refused = await forge.openPullRequest(opening)
    if (refused.kind !== 'refused') throw new Error('expected a refusal')
    expect(refused.explanation).toContain(`${github.url}/acme/char-lm/settings/actions`)
    expect(refused.explanation).toContain(`${github.url}/acme/char-lm/compare/${BASE}...${BRANCH}?expand=1`)
    expect(refused.explanation).toContain('Allow GitHub Actions to create and approve pull requests')
  })

  test('a token without the permission: the error names the required permissions', async () => {
    const { forgeOf, issue, opening } = await here()
    const poor = forgeOf(issue('actions', { contents: 'write', pull_requests: 'read' }))
    const refusal = await poor.openPullRequest(opening).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(ForgeError)
    expect((refusal as ForgeError).hint).toContain('pull-requests: write')
  })
})

describe('reading', () => {
  test('F21 more than a hundred open pull requests: every page; other bases and closed ones are not there', async () => {
    const { forge, open, repository, branch } = await here({ github: { lag: NO_LAG } })
    await open()
    await branch('other', { 'train.js': 'other\n' })
    const [template] = repository.pulls
    if (!template) throw new Error('no pull request')
    for (let number = 2; number <= 230; number += 1)
      repository.threads.set(number, {
        ...template,
        id: 10_000 + number,
        number,
        base: { ...template.base, ref: number === 230 ? 'main' : BASE },
        state: number === 229 ? 'closed' : 'open',
      } as typeof template)
    const numbers = (await forge.openPullRequests(BASE)).map(({ number }) => number)
    expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 228 }, (_, index) => index + 1))
  })

  test('F119 the pull request of a branch is found whatever became of it, by its commit', async () => {
    const { forge, open, repository, head } = await here({ github: { lag: NO_LAG } })
    const named = { branch: BRANCH, head }
    expect(await forge.pullRequestOf(named)).toBeUndefined()
    await open()
    Object.assign(repository.pulls[0] ?? {}, { state: 'closed' })
    expect(await forge.pullRequestOf(named)).toMatchObject({ number: 1, state: 'closed', head })
    expect(await forge.pullRequestOf({ ...named, head: '0'.repeat(40) })).toBeUndefined()
  })

  test('F12 a 502 is tried again', async () => {
    const { github, forge, open } = await here()
    await open()
    github.fault({ method: 'GET', path: `${PULLS}/1`, status: 502, times: 2 })
    expect((await forge.pullRequest(1)).number).toBe(1)
  })

  test('persistent server errors: the error says that the next run resumes', async () => {
    const { github, forge } = await here()
    github.fault({ path: PULLS, status: 502, times: 20 })
    const failure = await forge.openPullRequests(BASE).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(ForgeError)
    expect((failure as ForgeError).hint).toContain('next run')
  })

  test('F20 a token that expired: an error that says so, at once', async () => {
    const { github, token, forge } = await here()
    github.revokeToken(token)
    const refusal = await forge.openPullRequests(BASE).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(ForgeError)
    expect((refusal as ForgeError).hint).toContain('token has expired')
    expect(github.requests.filter(({ status }) => status === 401)).toHaveLength(1)
  })
})

describe('limits', () => {
  test('F11 the secondary limit: waits as told, says so, and goes on', async () => {
    const { github, forge, opening, log, repository } = await here()
    const body = { message: 'You have exceeded a secondary rate limit. Please wait.' }
    github.fault({ method: 'POST', path: PULLS, status: 403, body, headers: { 'retry-after': '30' } })
    const begun = performance.now()
    expect(await forge.openPullRequest(opening)).toEqual({ kind: 'opened', number: 1 })
    // Thirty seconds of 10 ms.
    expect(performance.now() - begun).toBeGreaterThanOrEqual(300)
    expect(log.lines.join()).toContain(
      "GitHub's secondary rate limit is reached; waiting 30 s as GitHub asks",
    )
    expect(repository.pulls).toHaveLength(1)
  })

  test('F11 a wait longer than a quarter of an hour: not waited for', async () => {
    const { github, forge, opening } = await here()
    const body = { message: 'You have exceeded a secondary rate limit. Please wait.' }
    github.fault({ method: 'POST', path: PULLS, status: 403, body, headers: { 'retry-after': '3600' } })
    const refusal = await forge.openPullRequest(opening).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(ForgeError)
    expect((refusal as ForgeError).hint).toContain('rate limit of the token')
  })

  test('writes are one second apart, even when requested at once', async () => {
    const { forgeOf, token, open, repository } = await here()
    const number = await open()
    const slow = forgeOf(token, 150)
    const begun = performance.now()
    const markers = ['<!-- 1 -->', '<!-- 2 -->', '<!-- 3 -->']
    await Promise.all(markers.map((marker) => slow.putComment(number, marker, marker)))
    expect(performance.now() - begun).toBeGreaterThanOrEqual(2 * 150)
    expect(repository.comments).toHaveLength(3)
  })

  test('a whole candidate costs at most five writes', async () => {
    const { forge, open, head, writes } = await here()
    const number = await open()
    await forge.putCheckRun(head, { name: 'n', status: 'in_progress', title: 't', summary: 's' })
    await forge.putCheckRun(head, {
      name: 'n',
      status: 'completed',
      conclusion: 'success',
      title: 't',
      summary: 's',
    })
    await forge.putComment(number, '<!-- m -->', '<!-- m --> text')
    await forge.merge({ pullRequest: number, head, base: BASE, title: 'Merge', message: 'Because.' })
    expect(writes()).toHaveLength(5)
  })
})

describe('the check run', () => {
  const STARTED: CheckRun = {
    name: 'autoresearch / loss',
    status: 'in_progress',
    title: 'Training',
    summary: 'Wait.',
  }
  const ENDED: CheckRun = {
    ...STARTED,
    status: 'completed',
    conclusion: 'success',
    title: 'merge',
    summary: '**Merge**',
    detailsUrl: 'https://github.example/runs/1',
  }

  test('is created once and then updated', async () => {
    const { github, forge, head, repository } = await here()
    await forge.putCheckRun(head, STARTED)
    expect(repository.checkRuns).toMatchObject([{ headSha: head, status: 'in_progress', conclusion: null }])
    await forge.putCheckRun(head, ENDED)
    expect(repository.checkRuns).toMatchObject([
      {
        name: 'autoresearch / loss',
        status: 'completed',
        conclusion: 'success',
        detailsUrl: 'https://github.example/runs/1',
        output: { title: 'merge', summary: '**Merge**' },
      },
    ])
    expect(github.violations).toEqual([])
  })

  test.each(LOST_ANSWERS)(
    'there is one, also when the answer to its creation was lost (%s)',
    async (_, fault) => {
      const { github, forge, head, repository } = await here()
      github.fault({ method: 'POST', path: CHECKS, ...fault })
      await forge.putCheckRun(head, ENDED)
      expect(repository.checkRuns).toMatchObject([{ conclusion: 'success' }])
    },
  )

  test('a lost update is made again', async () => {
    const { github, forge, head, repository } = await here()
    await forge.putCheckRun(head, STARTED)
    github.fault({ method: 'PATCH', path: /check-runs/, dropResponse: 'before' })
    await forge.putCheckRun(head, ENDED)
    expect(repository.checkRuns).toMatchObject([{ conclusion: 'success' }])
  })

  test.each([
    ['of the same name', {}],
    ['with the same id as well', { id: true }],
  ])('F66 a forged one of another app, %s, is not taken for ours', async (_, { id }: { id?: boolean }) => {
    const { github, issue, forge, head, repository } = await here()
    const other = octokitWith(github, issue('app', MAY_WRITE))
    await other.rest.checks.create({
      ...NAME,
      name: STARTED.name,
      head_sha: head,
      conclusion: 'failure',
      ...(id ? { external_id: `autoresearch ${head}` } : {}),
    })
    await forge.putCheckRun(head, STARTED)
    await forge.putCheckRun(head, ENDED)
    expect(repository.checkRuns.map(({ app, conclusion }) => [app.slug, conclusion])).toEqual([
      ['research-app', 'failure'],
      ['github-actions', 'success'],
    ])
  })

  test('F66 removed: whoever goes by the name alone finds the forged one', async () => {
    const { github, issue, octokit, head } = await here({ github: { lag: NO_LAG } })
    const forged = { ...NAME, name: STARTED.name, head_sha: head, conclusion: 'success' as const }
    await octokitWith(github, issue('app', MAY_WRITE)).rest.checks.create(forged)
    const { data } = await octokit.rest.checks.listForRef({ ...NAME, ref: head, check_name: STARTED.name })
    expect(data.check_runs).toMatchObject([{ conclusion: 'success', app: { slug: 'research-app' } }])
  })

  test('a personal access token cannot write one, and the error says so', async () => {
    const { forgeOf, issue, head } = await here()
    const refusal = await forgeOf(issue('pat', MAY_WRITE))
      .putCheckRun(head, STARTED)
      .catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(ForgeError)
    expect((refusal as ForgeError).hint).toContain('personal access token')
  })
})

describe('the comment', () => {
  const MARKER = '<!-- autoresearch metrics 1 -->'

  test('is created once, then updated, and not written again without a change', async () => {
    const { forge, open, repository, writes } = await here()
    const number = await open()
    await forge.putComment(number, MARKER, `${MARKER}\nfirst`)
    await forge.putComment(number, MARKER, `${MARKER}\nsecond`)
    const before = writes().length
    await forge.putComment(number, MARKER, `${MARKER}\nsecond`)
    expect(writes()).toHaveLength(before)
    expect(repository.comments.map(({ body }) => body)).toEqual([`${MARKER}\nsecond`])
  })

  test('there is one, also when the answer was lost', async () => {
    const { github, forge, open, repository } = await here()
    const number = await open()
    github.fault({ method: 'POST', path: COMMENTS, dropResponse: 'after' })
    await forge.putComment(number, MARKER, `${MARKER}\nfirst`)
    expect(repository.comments).toHaveLength(1)
  })

  test('a person’s comment that quotes the marker is not overwritten', async () => {
    const { github, issue, forge, open, repository } = await here()
    const number = await open()
    const person = octokitWith(github, issue('pat', MAY_WRITE))
    await person.rest.issues.createComment({ ...NAME, issue_number: number, body: `${MARKER}\nmine` })
    await forge.putComment(number, MARKER, `${MARKER}\nours`)
    await forge.putComment(number, MARKER, `${MARKER}\nours, later`)
    expect(repository.comments.map(({ body }) => body)).toEqual([`${MARKER}\nmine`, `${MARKER}\nours, later`])
  })

  test('is found behind a hundred others', async () => {
    const { forge, open, repository } = await here()
    const number = await open()
    const [pull] = repository.pulls
    if (!pull) throw new Error('no pull request')
    const at = pull.createdAt
    for (let id = 1; id <= 130; id += 1)
      repository.comments.push({
        id,
        issueNumber: number,
        user: pull.user,
        createdAt: at,
        body: `${id}`,
        updatedAt: at,
      })
    await forge.putComment(number, MARKER, `${MARKER}\nfirst`)
    await forge.putComment(number, MARKER, `${MARKER}\nsecond`)
    expect(repository.comments.filter(({ body }) => body.startsWith(MARKER))).toHaveLength(1)
  })
})

describe('merging', () => {
  const TEXT = { title: 'Try lr = 2 (#1)', message: 'val_loss 2.3' }

  async function opened(options: TestOptions = {}) {
    const site = await here(options)
    const pullRequest = await site.open()
    const merge = () => site.forge.merge({ pullRequest, head: site.head, base: BASE, ...TEXT })
    const tip = () => site.git.readRef(`refs/heads/${BASE}`)
    return { ...site, pullRequest, merge, tip }
  }

  test('makes one commit with the tree that was trained', async () => {
    const { github, merge, tip, git, head, main, forge } = await opened()
    const merged = await merge()
    expect(merged).toEqual({ kind: 'merged', commit: await tip() })
    const commit = await git.readCommit((await tip()) ?? '')
    expect(commit.parents).toEqual([main])
    expect(commit.tree).toBe((await git.readCommit(head)).tree)
    expect(commit.message.trim()).toContain('Try lr = 2 (#1)\n\nval_loss 2.3')
    expect(await forge.pullRequest(1)).toMatchObject({ state: 'merged', mergeCommit: commit.sha })
    expect(github.violations).toEqual([])
  })

  test('a repository without squash merges gets a rebase, one without both a merge commit', async () => {
    const rebased = await opened({ allowSquashMerge: false })
    expect((await rebased.merge()).kind).toBe('merged')
    expect((await rebased.git.readCommit((await rebased.tip()) ?? '')).parents).toHaveLength(1)
    const merged = await opened({ allowSquashMerge: false, allowRebaseMerge: false })
    expect((await merged.merge()).kind).toBe('merged')
    expect((await merged.git.readCommit((await merged.tip()) ?? '')).parents).toHaveLength(2)
  })

  test.each(LOST_ANSWERS)('F15 the answer is lost (%s): seen as merged, once', async (_, fault) => {
    const { github, merge, tip, git, main } = await opened()
    github.fault({ method: 'PUT', path: MERGE, ...fault })
    expect(await merge()).toEqual({ kind: 'merged', commit: await tip() })
    expect(await git.log([`${main}..${await tip()}`])).toHaveLength(1)
  })

  test('a 502 without effect: tried again', async () => {
    const { github, merge, tip } = await opened()
    github.fault({ method: 'PUT', path: MERGE, status: 502 })
    expect(await merge()).toEqual({ kind: 'merged', commit: await tip() })
  })

  test('a second time is the same merge', async () => {
    const { merge, tip } = await opened()
    const first = await merge()
    expect(await merge()).toEqual(first)
    expect(first).toEqual({ kind: 'merged', commit: await tip() })
  })

  test('F17 F67 a head that moved is not merged', async () => {
    const { merge, tip, branch, main, repository } = await opened()
    const theirs = await branch(BRANCH, { 'train.js': 'mine\n' })
    Object.assign(repository.pulls[0]?.head ?? {}, { sha: theirs })
    expect(await merge()).toEqual({ kind: 'head-moved' })
    expect(await tip()).toBe(main)
  })

  test('F67 removed: a merge that names no head takes whatever was pushed', async () => {
    const { octokit, pullRequest, tip, branch, repository, git } = await opened({ github: { lag: NO_LAG } })
    const theirs = await branch(BRANCH, { 'train.js': 'mine\n' })
    Object.assign(repository.pulls[0]?.head ?? {}, { sha: theirs })
    await octokit.rest.pulls.merge({ ...NAME, pull_number: pullRequest })
    expect((await git.readCommit((await tip()) ?? '')).tree).toBe((await git.readCommit(theirs)).tree)
  })

  test('"Base branch was modified" is tried again', async () => {
    const { github, merge, tip } = await opened()
    const body = { message: 'Base branch was modified. Review and try the merge again.' }
    github.fault({ method: 'PUT', path: MERGE, status: 405, body, times: 2 })
    expect(await merge()).toEqual({ kind: 'merged', commit: await tip() })
  })

  test('a refusal while GitHub still computes whether it can be merged is tried again', async () => {
    const { github, merge, tip } = await opened()
    github.fault({
      method: 'PUT',
      path: MERGE,
      status: 405,
      body: { message: 'Pull Request is not mergeable' },
    })
    expect(await merge()).toEqual({ kind: 'merged', commit: await tip() })
  })

  test('F19 a rule that is not met: refused in GitHub’s words, and the pull request stays open', async () => {
    const { merge, tip, main, repository } = await opened({ rules: { [BASE]: { requiredChecks: ['ci'] } } })
    const refused = await merge()
    expect(refused).toMatchObject({
      kind: 'refused',
      explanation: expect.stringContaining('"ci" is expected'),
    })
    expect(await tip()).toBe(main)
    expect(repository.pulls).toMatchObject([{ state: 'open' }])
  })

  test('a conflict is a refusal', async () => {
    const { merge, branch, tip } = await opened()
    const theirs = await branch(BASE, { 'train.js': 'lr = 9\n' })
    expect(await merge()).toMatchObject({ kind: 'refused' })
    expect(await tip()).toBe(theirs)
  })

  test('a pull request that a person closed is not merged', async () => {
    const { merge, forge, pullRequest, tip, main } = await opened()
    await forge.close(pullRequest)
    expect((await merge()).kind).toBe('refused')
    expect(await tip()).toBe(main)
  })
})

describe('closing', () => {
  test('closes, also the second time and after a lost answer', async () => {
    const { github, forge, open, repository } = await here()
    const number = await open()
    github.fault({ method: 'PATCH', path: `${PULLS}/1`, dropResponse: 'after' })
    await forge.close(number)
    await forge.close(number)
    expect(repository.pulls).toMatchObject([{ state: 'closed', merged: false }])
  })

  test('F119 what a person merged a moment before is told as merged', async () => {
    const { forge, open, octokit, head } = await here({ github: { lag: NO_LAG } })
    const number = await open()
    await octokit.rest.pulls.get({ ...NAME, pull_number: number })
    const { data } = await octokit.rest.pulls.merge({ ...NAME, pull_number: number, merge_method: 'squash' })
    expect(await forge.close(number)).toMatchObject({ state: 'merged', mergeCommit: data.sha, head })
  })
})
