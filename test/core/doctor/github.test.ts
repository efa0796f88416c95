// What GitHub forbids and what follows: each broken state has its line and remedy, and mending it makes the line good.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Check } from '../../../src/core/doctor/check.ts'
import {
  type BranchKind,
  type BranchRule,
  checkBranchRules,
  checkPermission,
  checkProtection,
  checkPullRequestSetting,
  checkSchedule,
  checkWorkflowFiles,
  type Permission,
  startsBySchedule,
} from '../../../src/core/doctor/github.ts'

const URL = 'https://github.example/acme/lab'
const GRANTED = { kind: 'granted' } as const
const MISSING = { kind: 'missing' } as const

describe('permissions', () => {
  it.each([
    ['contents', 'contents: write'],
    ['pull-requests', 'pull-requests: write'],
    ['checks', 'checks: write'],
  ] as const)('%s is needed', (permission, remedy) => {
    const missing = checkPermission(permission, MISSING, false)
    expect(missing).toMatchObject({ state: 'problem', remedy: expect.stringContaining(remedy) })
    expect(checkPermission(permission, GRANTED, false).state).toBe('ok')
  })

  it.each(['issues', 'actions'] as const)('%s is useful', (permission) => {
    const missing = checkPermission(permission, MISSING, false)
    expect(missing).toMatchObject({
      state: 'ok',
      text: expect.stringContaining('lacks'),
      remedy: expect.any(String),
    })
    expect(checkPermission(permission, GRANTED, false).remedy).toBeUndefined()
  })

  it('actions is needed where the workflow starts its own next round', () => {
    expect(checkPermission('actions', MISSING, true).state).toBe('problem')
    expect(checkPermission('actions', GRANTED, true).state).toBe('ok')
  })

  it('says why one could not be checked', () => {
    const unknown = { kind: 'unknown', reason: 'issues are disabled' } as const
    expect(checkPermission('issues' satisfies Permission, unknown, false)).toMatchObject({
      state: 'skipped',
      text: expect.stringContaining('issues are disabled'),
    })
  })
})

it('the setting for pull requests', () => {
  const forbidden = checkPullRequestSetting('no', URL)
  expect(forbidden).toMatchObject({
    state: 'problem',
    remedy: expect.stringContaining(`${URL}/settings/actions`),
  })
  expect(checkPullRequestSetting('yes', URL).state).toBe('ok')
  expect(checkPullRequestSetting('unknown', URL).state).toBe('skipped')
})

describe('rules of branches', () => {
  const check = (kind: BranchKind, ...rules: BranchRule[]): Check =>
    checkBranchRules(kind, `autoresearch/${kind}`, rules, 'val_loss', URL)

  it.each<[BranchKind, BranchRule]>([
    ['baseline', { type: 'merge_queue' }],
    ['baseline', { type: 'pull_request', approvals: 1 }],
    ['baseline', { type: 'required_status_checks', checks: ['lint'] }],
    ['baseline', { type: 'update' }],
    ['ledger', { type: 'creation' }],
    ['ledger', { type: 'pull_request', approvals: 0 }],
    ['ledger', { type: 'required_deployments' }],
    ['ledger', { type: 'required_status_checks', checks: ['lint'] }],
    ['candidates', { type: 'pull_request' }],
  ])('%s is stopped by %j', (kind, rule) => {
    expect(check(kind, rule)).toMatchObject({
      state: 'problem',
      remedy: expect.stringContaining('Exclude `autoresearch/**`'),
    })
    expect(check(kind)).toMatchObject({ state: 'ok', text: `no rule on autoresearch/${kind}` })
  })

  it.each<[BranchKind, BranchRule]>([
    ['baseline', { type: 'deletion' }],
    ['baseline', { type: 'non_fast_forward' }],
    ['baseline', { type: 'required_linear_history' }],
    ['baseline', { type: 'required_signatures' }],
    ['baseline', { type: 'pull_request', approvals: 0 }],
    ['baseline', { type: 'required_status_checks', checks: ['autoresearch / val_loss'] }],
    ['ledger', { type: 'deletion' }],
    ['ledger', { type: 'non_fast_forward' }],
    ['ledger', { type: 'required_signatures' }],
    ['candidates', { type: 'required_signatures' }],
    ['candidates', { type: 'non_fast_forward' }],
    ['candidates', { type: 'required_linear_history' }],
  ])('%s is not stopped by %j', (kind, rule) => {
    expect(check(kind, rule)).toMatchObject({ state: 'ok' })
  })

  it('says what a rule against deletion leaves behind', () => {
    expect(check('candidates', { type: 'deletion' })).toMatchObject({
      state: 'ok',
      text: expect.stringContaining('stay'),
      remedy: expect.stringContaining('rules'),
    })
  })

  it('names every rule that stops a branch', () => {
    const { text } = check('ledger', { type: 'merge_queue' }, { type: 'update' })
    expect(text).toMatch(/merge queue.*and a rule forbids to update/)
  })

  it('F87 candidates that can move neither by force nor by a merge commit are stopped', () => {
    const both = [{ type: 'non_fast_forward' }, { type: 'required_linear_history' }]
    expect(check('candidates', ...both)).toMatchObject({ state: 'problem' })
    expect(check('ledger', ...both)).toMatchObject({ state: 'ok' })
  })

  it('F90 signatures are demanded: which tokens have them', () => {
    expect(check('candidates', { type: 'required_signatures' }).remedy).toContain('GITHUB_TOKEN')
  })
})

it('workflow files that differ', () => {
  const changed = checkWorkflowFiles(['.github/workflows/ci.yml'], 'autoresearch/baseline', 'main')
  expect(changed).toMatchObject({
    state: 'problem',
    text: expect.stringContaining('.github/workflows/ci.yml'),
    remedy: expect.stringContaining('On autoresearch/baseline run `git checkout origin/main'),
  })
  expect(checkWorkflowFiles([], 'autoresearch/baseline', 'main').state).toBe('ok')
  expect(checkWorkflowFiles(undefined, 'autoresearch/baseline', 'main').state).toBe('skipped')
})

describe('classic branch protection', () => {
  it('was read', () => {
    expect(checkProtection(new Map(), URL)).toMatchObject({ state: 'ok', id: 'branch-protection' })
  })

  it('could not be seen: says of which branches, why, and where to look', () => {
    const unseen = new Map([
      ['autoresearch/baseline', 'no admin'],
      ['autoresearch/ledger', 'no branch'],
      ['autoresearch/c/1', 'no branch'],
    ])
    const { state, text } = checkProtection(unseen, URL)
    expect(state).toBe('skipped')
    expect(text).toContain(
      'of autoresearch/baseline: no admin; of autoresearch/ledger, autoresearch/c/1: no branch',
    )
    expect(text).toContain(`${URL}/settings/branches`)
  })
})

describe('F98 the schedule', () => {
  const PATH = '.github/workflows/autoresearch.yml'
  const check = (state: string) => checkSchedule([PATH], [{ path: PATH, state }], URL)

  it.each([
    ['disabled_inactivity', '60 days'],
    ['disabled_manually', 'a person disabled it'],
  ])('%s is a problem, with the command that enables it', (state, why) => {
    expect(check(state)).toMatchObject({
      state: 'problem',
      text: expect.stringContaining(why),
      remedy: expect.stringContaining('gh workflow enable autoresearch.yml'),
    })
  })

  it.each(['solo', 'swarm'])('is found in %s.yml', (name) => {
    const template = readFileSync(`${import.meta.dirname}/../../../templates/${name}.yml`, 'utf8')
    expect(startsBySchedule(template)).toBe(true)
    expect(startsBySchedule(template.replace('schedule:', 'push:'))).toBe(false)
  })

  it.each([
    ['command: run', true],
    ['command: propose', true],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of GitHub
    ["command: ${{ github.event_name == 'schedule' && 'run' || inputs.command }}", true],
    ['command: doctor', false],
    ['command: train', false],
    ['run: make test', false],
  ])('of a workflow with `%s`: %s', (step, expected) => {
    const workflow = `on:\n  schedule:\n    - cron: "0 0 * * *"\njobs:\n  a:\n    steps:\n      - with:\n          ${step}\n`
    expect(startsBySchedule(workflow)).toBe(expected)
  })

  it('is fine while it is active, where there is none, and not known without the permission', () => {
    expect(check('active').state).toBe('ok')
    expect(checkSchedule([], [], URL).state).toBe('ok')
    expect(checkSchedule([PATH], undefined, URL)).toMatchObject({ state: 'skipped' })
    const other = [{ path: '.github/workflows/test.yml', state: 'disabled_manually' }]
    expect(checkSchedule([PATH], other, URL).state).toBe('ok')
  })
})
