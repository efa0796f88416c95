import { describe, expect, test } from 'vitest'
import { aRepository, NAME, refusalOf } from './fixtures.ts'
import type { Limits } from './limits.ts'

/** A repository on a server whose clock moves only when told to. */
async function limited(limits: Partial<Limits>) {
  let time = Date.parse('2026-11-01T00:00:00Z')
  const here = await aRepository({ github: { limits, now: () => new Date(time) } })
  const issue = (title: string) => here.octokit.rest.issues.create({ ...NAME, title })
  return { ...here, createIssue: issue, pass: (seconds: number) => (time += seconds * 1000) }
}

describe('the primary limit', () => {
  test('every answer tells what is left', async () => {
    const { octokit } = await limited({})
    const { headers } = await octokit.rest.repos.get(NAME)
    expect(headers).toMatchObject({
      'x-ratelimit-limit': '1000',
      'x-ratelimit-remaining': '999',
      'x-ratelimit-used': '1',
      'x-ratelimit-reset': String(Date.parse('2026-11-01T01:00:00Z') / 1000),
      'x-ratelimit-resource': 'core',
    })
  })

  test('403 with nothing remaining once it is used up, until the hour is over', async () => {
    const { octokit, pass } = await limited({ requestsPerHour: { actions: 2, app: 5, pat: 5 } })
    await octokit.rest.repos.get(NAME)
    await octokit.rest.repos.get(NAME)
    const refused = await octokit.rest.repos.get(NAME).catch((error) => error.response)
    expect(refused).toMatchObject({ status: 403, headers: { 'x-ratelimit-remaining': '0' } })
    expect(refused.data.message).toContain('API rate limit exceeded')
    pass(3600)
    expect((await octokit.rest.repos.get(NAME)).status).toBe(200)
  })

  test('asking for the limit costs nothing', async () => {
    const { octokit } = await limited({})
    await octokit.rest.rateLimit.get()
    const { data } = await octokit.rest.rateLimit.get()
    expect(data.resources.core).toMatchObject({ limit: 1000, used: 0, remaining: 1000 })
  })
})

describe('the secondary limit', () => {
  test('more content in a minute than allowed is refused with retry-after', async () => {
    const { octokit, createIssue, pass, repository } = await limited({ contentPerMinute: 2 })
    await createIssue('one')
    await createIssue('two')
    const refused = await createIssue('three').catch((error) => error.response)
    expect(refused).toMatchObject({ status: 403, headers: { 'retry-after': '60' } })
    expect(refused.data.message).toContain('You have exceeded a secondary rate limit')
    expect((await octokit.rest.repos.get(NAME)).status).toBe(200)
    pass(61)
    expect((await createIssue('three')).status).toBe(201)
    expect(repository.issues.map(({ title }) => title)).toEqual(['one', 'two', 'three'])
  })

  test('an hour has its own limit', async () => {
    const { createIssue, pass } = await limited({ contentPerHour: 2 })
    for (const title of ['one', 'two']) {
      await createIssue(title)
      pass(120)
    }
    expect((await refusalOf(createIssue('three'))).status).toBe(403)
    pass(3600)
    expect((await createIssue('three')).status).toBe(201)
  })

  test('reads count a point, writes five', async () => {
    const { octokit, createIssue } = await limited({ pointsPerMinute: 7 })
    await createIssue('five points')
    await octokit.rest.repos.get(NAME)
    await octokit.rest.repos.get(NAME)
    expect((await refusalOf(octokit.rest.repos.get(NAME))).message).toContain('secondary rate limit')
  })
})

test('the log tells which requests created content', async () => {
  const { github, octokit, createIssue } = await limited({ contentPerMinute: 1 })
  await octokit.rest.repos.get(NAME)
  await createIssue('one')
  await createIssue('refused').catch(() => undefined)
  expect(
    github.requests.map(({ operation, status, contentCreating }) => [operation, status, contentCreating]),
  ).toEqual([
    ['repos/get', 200, false],
    ['issues/create', 201, true],
    [undefined, 403, false],
  ])
  expect(github.requests[1]).toMatchObject({
    method: 'POST',
    path: '/repos/acme/char-lm/issues',
    token: 'actions-1',
  })
})
