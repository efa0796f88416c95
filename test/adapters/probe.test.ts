// What `doctor` finds out about a token and a repository, on the loopback GitHub: nothing is changed by asking.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { connect } from '../../src/adapters/github/client.ts'
import { createProbe } from '../../src/adapters/github/probe.ts'
import { PERMISSIONS } from '../../src/core/doctor/github.ts'
import { FakeLog } from '../fakes/log.ts'
import type { RepositoryOptions } from '../loopback-github/create-repository.ts'
import { aRepository } from '../loopback-github/fixtures.ts'
import type { Permissions } from '../loopback-github/index.ts'
import { aDirectory } from '../scaffold.ts'

const ALL: Permissions = {
  actions: 'write',
  checks: 'write',
  contents: 'write',
  issues: 'write',
  pull_requests: 'write',
}

async function probeWith(
  permissions = ALL,
  options: RepositoryOptions = {},
  kind: 'actions' | 'pat' = 'actions',
) {
  const { github, repository, issue } = await aRepository(options)
  const token = issue(kind, permissions)
  const probe = createProbe(
    connect({
      apiUrl: github.apiUrl,
      serverUrl: github.url,
      repository: 'acme/char-lm',
      token,
      log: new FakeLog(),
      secondMilliseconds: 1,
    }),
  )
  return { github, repository, probe, token }
}

describe('a permission', () => {
  test.each(PERMISSIONS)(
    '%s is found to be granted or missing, and nothing is created',
    async (permission) => {
      const { github, repository, probe } = await probeWith()
      expect(await probe.permission(permission)).toEqual({ kind: 'granted' })
      const { [permission.replace('-', '_') as keyof Permissions]: _, ...others } = ALL
      const without = await probeWith(others)
      expect(await without.probe.permission(permission)).toEqual({ kind: 'missing' })
      expect([...repository.threads]).toEqual([])
      expect(repository.checkRuns).toEqual([])
      expect(github.dispatches).toEqual([])
      expect(github.violations).toEqual([])
    },
  )

  test('checks is missing for a personal token, whatever it may do', async () => {
    const { probe } = await probeWith(ALL, {}, 'pat')
    expect(await probe.permission('checks')).toEqual({ kind: 'missing' })
  })

  test('pull-requests is granted although the setting forbids to open any', async () => {
    const { probe } = await probeWith(ALL, { allowActionsToCreatePullRequests: false })
    expect(await probe.permission('pull-requests')).toEqual({ kind: 'granted' })
  })
})

test.each([
  [true, 'yes'],
  [false, 'no'],
] as const)('the setting for pull requests is %s', async (allowActionsToCreatePullRequests, found) => {
  const { probe } = await probeWith(ALL, { allowActionsToCreatePullRequests })
  expect(await probe.mayOpenPullRequests()).toBe(found)
})

test('F98 the state of each workflow, as far as the token may read it', async () => {
  const path = '.github/workflows/night.yml'
  const from = await aDirectory()
  await mkdir(join(from, '.github/workflows'), { recursive: true })
  await writeFile(join(from, path), 'name: Night\non: { schedule: [{ cron: "0 1 * * *" }] }\n')
  const { repository, probe } = await probeWith(ALL, { from })
  expect(await probe.workflows()).toContainEqual({ path, state: 'active' })
  repository.disabledWorkflows.set('night.yml', 'disabled_inactivity')
  expect(await probe.workflows()).toContainEqual({ path, state: 'disabled_inactivity' })
  const { actions: _, ...others } = ALL
  expect(await (await probeWith(others)).probe.workflows()).toBeUndefined()
})

test('the rules of a branch that does not exist yet', async () => {
  const rules = {
    'autoresearch/**': { noDeletion: true, requireSignatures: true, mergeQueue: true },
    'autoresearch/baseline': { requiredApprovals: 1, codeOwner: 'acme/core', requiredChecks: ['lint'] },
  }
  const { github, probe } = await probeWith(ALL, { rules })
  const { rules: found, unseen } = await probe.branchRules('autoresearch/baseline')
  expect(found).toEqual([
    { type: 'deletion' },
    { type: 'required_signatures' },
    { type: 'merge_queue' },
    { type: 'pull_request', approvals: 2 },
    { type: 'required_status_checks', checks: ['lint'] },
  ])
  expect(unseen).toContain('does not exist yet')
  expect(await probe.branchRules('main')).toEqual({ rules: [] })
  expect(github.violations).toEqual([])
})

describe('classic branch protection', () => {
  const PROTECTION = {
    required_status_checks: { contexts: ['lint'], checks: [{ context: 'lint', app_id: null }] },
    required_pull_request_reviews: {
      dismiss_stale_reviews: false,
      required_approving_review_count: 1,
      require_code_owner_reviews: true,
    },
    required_signatures: { url: 'https://api.github.example/signatures', enabled: true },
    allow_force_pushes: { enabled: false },
    allow_deletions: { enabled: true },
    lock_branch: { enabled: true },
  }
  const rulesSeenWith = async (permissions: Permissions) => {
    const { github, repository, probe } = await probeWith(permissions)
    repository.classicProtection.set('main', PROTECTION)
    const found = await probe.branchRules('main')
    expect(github.violations).toEqual([])
    return found
  }

  test('is read in the words of rulesets where the token may', async () => {
    expect(await rulesSeenWith({ ...ALL, administration: 'read' })).toEqual({
      rules: [
        { type: 'required_status_checks', checks: ['lint'] },
        { type: 'pull_request', approvals: 2 },
        { type: 'required_signatures' },
        { type: 'update' },
        { type: 'non_fast_forward' },
      ],
    })
  })

  test('is said to be unseen where only an administrator may read it', async () => {
    expect((await rulesSeenWith(ALL)).unseen).toContain('the token may not read it')
  })

  test('is none on a branch without, for any token', async () => {
    const { probe } = await probeWith()
    expect(await probe.branchRules('main')).toEqual({ rules: [] })
  })
})

test('a token that is over is named as that', async () => {
  const { github, probe, token } = await probeWith()
  github.revokeToken(token)
  await expect(probe.permission('contents')).rejects.toMatchObject({
    message: 'the token is not valid any more',
    hint: expect.stringContaining('Run the workflow again'),
  })
})
