import { expect, test } from 'vitest'
import { aRepository, NAME, refusalOf } from './fixtures.ts'
import { NO_LAG, USUAL_LAG } from './lag.ts'

const CHECK = { ...NAME, name: 'loss', status: 'in_progress' as const }

test('a list shows what was written only after a read of what was there before', async () => {
  const { github, octokit, repository } = await aRepository({
    github: { lag: { ...NO_LAG, reads: 1, seconds: 10 } },
  })
  await octokit.rest.issues.create({ ...NAME, title: 'One' })
  expect((await octokit.rest.issues.listForRepo(NAME)).data).toHaveLength(0)
  expect((await octokit.rest.issues.listForRepo(NAME)).data).toHaveLength(1)
  await octokit.rest.issues.update({ ...NAME, issue_number: 1, title: 'Two' })
  expect((await octokit.rest.issues.get({ ...NAME, issue_number: 1 })).data.title).toBe('One')
  expect((await octokit.rest.issues.get({ ...NAME, issue_number: 1 })).data.title).toBe('Two')
  expect(repository.issues).toHaveLength(1)
  expect(github.violations).toEqual([])
})

test('however many reads, after ten seconds every one shows it', async () => {
  let time = Date.parse('2026-11-01T00:00:00Z')
  const lag = { ...NO_LAG, reads: 1000, seconds: 10 }
  const { octokit } = await aRepository({ github: { lag, now: () => new Date(time) } })
  await octokit.rest.issues.create({ ...NAME, title: 'One' })
  time += 9_999
  expect((await octokit.rest.issues.listForRepo(NAME)).data).toHaveLength(0)
  time += 1
  expect((await octokit.rest.issues.listForRepo(NAME)).data).toHaveLength(1)
})

test('a commit that was just pushed is not known to the API at first', async () => {
  const { github, octokit, clone } = await aRepository({
    github: { lag: { ...NO_LAG, unknownCommits: 2, seconds: 10 } },
  })
  const work = await clone()
  const sha = await work.pushBranch('idea', { 'a.txt': 'a\n' })
  const opening = { ...NAME, title: 'Idea', head: 'idea', base: 'main' }
  expect(await refusalOf(octokit.rest.pulls.create(opening))).toEqual({
    status: 422,
    message: 'Validation Failed: head invalid',
  })
  expect(await refusalOf(octokit.rest.checks.create({ ...CHECK, head_sha: sha }))).toEqual({
    status: 422,
    message: `No commit found for SHA: ${sha}`,
  })
  expect((await octokit.rest.pulls.create(opening)).status).toBe(201)
  expect((await octokit.rest.checks.create({ ...CHECK, head_sha: sha })).status).toBe(201)
  expect(github.violations).toEqual([])
})

test('a merge is refused while nobody knows whether it is possible, and just after a push', async () => {
  const { github, octokit, clone } = await aRepository({ github: { lag: { ...USUAL_LAG, reads: 0 } } })
  const work = await clone()
  const sha = await work.pushBranch('idea', { 'a.txt': 'a\n' })
  const opening = { ...NAME, title: 'Idea', head: 'idea', base: 'main' }
  await octokit.rest.pulls.create(opening).catch(() => undefined)
  await octokit.rest.pulls.create(opening)
  const merge = () => octokit.rest.pulls.merge({ ...NAME, pull_number: 1, sha })
  expect((await refusalOf(merge())).status).toBe(405)
  expect((await octokit.rest.pulls.get({ ...NAME, pull_number: 1 })).data.mergeable).toBeNull()
  expect((await octokit.rest.pulls.get({ ...NAME, pull_number: 1 })).data.mergeable).toBe(true)
  const again = await work.pushBranch('idea', { 'b.txt': 'b\n' }, 'idea')
  const second = () => octokit.rest.pulls.merge({ ...NAME, pull_number: 1, sha: again })
  expect(await refusalOf(second())).toMatchObject({ status: 409 })
  expect(await refusalOf(second())).toMatchObject({ status: 405 })
  expect(await refusalOf(second())).toMatchObject({ status: 405 })
  expect((await second()).data.merged).toBe(true)
  expect(github.violations).toEqual([])
})
