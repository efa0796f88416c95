// The command `doctor` with everything in memory: it goes on after each problem, and says what was not checked.
import { expect, it } from 'vitest'
import { SandboxError } from '../../src/adapters/sandbox/error.ts'
import { type DoctorPorts, type DoctorSettings, doctor } from '../../src/commands/doctor.ts'
import type { Check } from '../../src/core/doctor/check.ts'
import { INSTALL } from '../../src/core/sandbox/refusal.ts'
import { BaselineError } from '../../src/errors.ts'
import type { GitHubProbe, Trainer } from '../../src/ports.ts'
import { aTrialResult } from '../factories.ts'
import { FakeClock } from '../fakes/clock.ts'
import { FakeLog } from '../fakes/log.ts'
import { FakeRepository } from '../fakes/repository.ts'

const PATH = '.github/autoresearch.yml'
const CONFIG = [
  'editable: [train.py]',
  'train: python train.py',
  'budget: 5m',
  "metric: { name: val_loss, direction: minimize, pattern: 'val_loss: (\\S+)' }",
  'proposers: [{ kind: openai, model: gpt-x, base-url: https://llm.example/v1 }, { kind: knobs }]',
].join('\n')

/** A trainer whose number is the seed's. */
const trainer: Trainer = {
  testbed: 'test',
  slots: 1,
  run: async (trial) => ({ ...aTrialResult({ value: 2 + trial.seed / 2 ** 32 }), trial }),
}

const PERMISSIVE: GitHubProbe = {
  permission: async () => ({ kind: 'granted' }),
  mayOpenPullRequests: async () => 'yes',
  branchRules: async () => ({ rules: [] }),
}

async function diagnose(
  ports: Partial<DoctorPorts> = {},
  settings: Partial<DoctorSettings> = {},
  config = CONFIG,
) {
  const repository = new FakeRepository()
  const files = new Map([['train.py', 'lr = 0.1\n'], ...(config === '' ? [] : [[PATH, config] as const])])
  repository.branches.set('main', repository.put(files, undefined))
  const all: DoctorPorts = {
    repository,
    ...(settings.place ? {} : { github: PERMISSIVE }),
    machine: {
      gitVersion: async () => 'git version 2.43.0',
      sandbox: async () => 'bubblewrap 0.9.0',
      devices: async () => ({ outside: new Map(), inside: [] }),
      useProxy: () => ({ names: [] }),
    },
    openTrainer: async () => trainer,
    askModel: async () => ({ kind: 'tool-call' }),
    clock: new FakeClock(),
    log: new FakeLog(),
    cancelled: new AbortController().signal,
    ...ports,
  }
  const checks = await doctor(all, {
    configPath: PATH,
    repositoryUrl: 'https://github.example/acme/lab',
    timeBudgetSeconds: 19_800,
    openaiApiKey: 'sk-x',
    openaiApiKeys: new Map(),
    agentEnvironment: new Map(),
    ...settings,
  })
  return { checks, repository }
}

const problems = (checks: readonly Check[]) =>
  checks.filter(({ state }) => state === 'problem').map(({ id }) => id)
const stateOf = (checks: readonly Check[], id: string) => checks.find((check) => check.id === id)?.state

it('is ready when nothing is wrong', async () => {
  const { checks } = await diagnose()
  expect(problems(checks)).toEqual([])
  expect(checks.map(({ id }) => id)).toEqual([
    'token-contents',
    'token-pull-requests',
    'token-checks',
    'token-issues',
    'token-actions',
    'pull-request-setting',
    'rules-baseline',
    'rules-ledger',
    'rules-candidates',
    'branch-protection',
    'workflow-files',
    'proxy',
    'git',
    'sandbox',
    'gpu',
    'file',
    'lfs',
    'submodules',
    'setup',
    'run',
    'seeds',
    'repeat',
    'noise',
    'constants',
    'model-llm.example',
    'night',
  ])
})

it('collects every problem instead of stopping at the first', async () => {
  const { checks } = await diagnose({
    github: {
      permission: async () => ({ kind: 'missing' }),
      mayOpenPullRequests: async () => 'no',
      branchRules: async () => ({ rules: [{ type: 'merge_queue' }] }),
    },
    machine: {
      gitVersion: async () => undefined,
      sandbox: () => Promise.reject(new SandboxError(INSTALL)),
      devices: async () => ({ outside: new Map(), inside: [] }),
      useProxy: () => ({ names: ['HTTP_PROXY'], warning: 'Update the runner.' }),
    },
    askModel: async () => ({ kind: 'failure', reason: '401' }),
  })
  expect(problems(checks)).toEqual([
    'token-contents',
    'token-pull-requests',
    'token-checks',
    'pull-request-setting',
    'rules-baseline',
    'rules-ledger',
    'rules-candidates',
    'proxy',
    'git',
    'sandbox',
    'model-llm.example',
  ])
  expect(checks.find(({ id }) => id === 'sandbox')?.remedy).toContain('apt-get install')
  expect(stateOf(checks, 'setup')).toBe('skipped')
})

it('says all that is wrong with the configuration, and checks the rest', async () => {
  const { checks } = await diagnose({}, {}, 'train: 1\n')
  expect(problems(checks)).toEqual(['file'])
  expect(checks.find(({ id }) => id === 'file')?.text).toMatch(/editable[\s\S]*budget/)
  expect(stateOf(checks, 'git')).toBe('ok')
})

it('sends whoever has no configuration to init', async () => {
  const { checks } = await diagnose({}, {}, '')
  expect(checks.find(({ id }) => id === 'file')).toMatchObject({
    state: 'problem',
    remedy: expect.stringContaining('init'),
  })
})

it('names a setup that fails', async () => {
  const failing: Trainer = {
    testbed: 'test',
    slots: 1,
    run: () => Promise.reject(new BaselineError('setup failed (exit code 1)', { hint: 'Run it by hand.' })),
  }
  const { checks } = await diagnose({ openTrainer: async () => failing })
  expect(checks.find(({ id }) => id === 'setup')).toMatchObject({
    state: 'problem',
    remedy: 'Run it by hand.',
  })
  expect(stateOf(checks, 'constants')).toBe('ok')
})

it('asks nothing of GitHub in a clone without a token', async () => {
  const repository = new FakeRepository()
  const commit = repository.put(
    new Map([
      ['train.py', 'lr = 0.1\n'],
      [PATH, CONFIG],
    ]),
    undefined,
  )
  const { checks } = await diagnose({ repository }, { place: { branch: 'HEAD', commit } })
  expect(checks[0]).toMatchObject({
    area: 'GitHub',
    state: 'skipped',
    text: expect.stringContaining('GITHUB_TOKEN'),
  })
  expect(stateOf(checks, 'run')).toBe('ok')
})

it('starts no run that could end after the time budget', async () => {
  const { checks } = await diagnose({ clock: new FakeClock({ perLook: 300 }) }, { timeBudgetSeconds: 1000 })
  expect([stateOf(checks, 'seeds'), stateOf(checks, 'repeat')]).toEqual(['ok', 'skipped'])
})

it('compares the workflow files of baseline and default branch', async () => {
  const repository = new FakeRepository()
  const base = new Map([
    ['train.py', 'lr = 0.1\n'],
    [PATH, CONFIG],
    ['.github/workflows/ci.yml', 'old'],
  ])
  const baseline = repository.put(base, undefined)
  repository.branches.set('autoresearch/baseline', baseline)
  repository.branches.set(
    'main',
    repository.put(new Map([...base, ['.github/workflows/ci.yml', 'new']]), baseline),
  )
  const { checks } = await diagnose({ repository })
  expect(problems(checks)).toEqual(['workflow-files'])
})
