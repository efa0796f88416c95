// The command `doctor` with everything in memory: it goes on after each problem, and says what was not checked.
import { expect, it } from 'vitest'
import { SandboxError } from '../../src/adapters/sandbox/error.ts'
import { type DoctorPorts, type DoctorSettings, doctor } from '../../src/commands/doctor.ts'
import { type Check, conclusionOf } from '../../src/core/doctor/check.ts'
import type { BranchRule } from '../../src/core/doctor/github.ts'
import type { ModelAnswer } from '../../src/core/doctor/models.ts'
import { INSTALL } from '../../src/core/sandbox/refusal.ts'
import { BaselineError } from '../../src/errors.ts'
import type { GitHubProbe } from '../../src/ports/doctor.ts'
import type { Trainer } from '../../src/ports/trainer.ts'
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
  workflows: async () => [],
  branchRules: async () => ({ rules: [] }),
}

const MACHINE: DoctorPorts['machine'] = {
  gitVersion: async () => 'git version 2.43.0',
  sandbox: async () => 'bubblewrap 0.9.0',
  devices: async () => ({ outside: new Map(), inside: [] }),
  useProxy: () => ({ names: [] }),
}

async function diagnose(
  ports: Partial<DoctorPorts> = {},
  settings: Partial<DoctorSettings> = {},
  config = CONFIG,
  more: Readonly<Record<string, string>> = {},
) {
  const repository = new FakeRepository()
  const files = new Map([
    ['train.py', 'lr = 0.1\n'],
    ...(config === '' ? [] : [[PATH, config] as const]),
    ...Object.entries(more),
  ])
  repository.branches.set('main', repository.put(files, undefined))
  const all: DoctorPorts = {
    repository,
    ...(settings.place ? {} : { github: PERMISSIVE }),
    machine: MACHINE,
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
    'schedule',
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
      workflows: async () => undefined,
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

/** What the world is like where one thing is wrong. */
interface Broken {
  /** Further files of the repository. */
  files?: Readonly<Record<string, string>>
  ports?: Partial<DoctorPorts>
  settings?: Partial<DoctorSettings>
  config?: string
}

const WORKFLOW = '.github/workflows/autoresearch.yml'
const gitHub = (fields: Partial<GitHubProbe>): Broken => ({ ports: { github: { ...PERMISSIVE, ...fields } } })
const without = (lacking: string) =>
  gitHub({
    permission: async (permission) => ({ kind: permission === lacking ? 'missing' : 'granted' }),
  })
const ruled = (kind: string, rule: BranchRule) =>
  gitHub({ branchRules: async (branch) => ({ rules: branch.includes(kind) ? [rule] : [] }) })
const onMachine = (fields: Partial<DoctorPorts['machine']>): Broken => ({
  ports: { machine: { ...MACHINE, ...fields } },
})
const training = (run: Trainer['run']): Broken => ({
  ports: { openTrainer: async () => ({ testbed: 'test', slots: 1, run }) },
})
const answering = (answer: ModelAnswer): Broken => ({ ports: { askModel: async () => answer } })

it.each<[state: string, broken: Broken, problem: string, firstThing: RegExp]>([
  ['a token that may not push', without('contents'), 'token-contents', /`contents: write`/],
  [
    'a token that may open nothing',
    without('pull-requests'),
    'token-pull-requests',
    /`pull-requests: write`/,
  ],
  ['a token without checks', without('checks'), 'token-checks', /`checks: write`/],
  [
    'Actions that may open nothing',
    gitHub({ mayOpenPullRequests: async () => 'no' }),
    'pull-request-setting',
    /Tick "Allow GitHub Actions to create/,
  ],
  [
    'a swarm that cannot start its next round',
    { ...without('actions'), files: { '.github/workflows/swarm.yml': 'command: judge\n' } },
    'token-actions',
    /`actions: write`/,
  ],
  [
    'a schedule that GitHub disabled',
    {
      ...gitHub({ workflows: async () => [{ path: WORKFLOW, state: 'disabled_inactivity' }] }),
      files: { [WORKFLOW]: "on:\n  schedule:\n    - cron: '0 0 * * *'\ncommand: run\n" },
    },
    'schedule',
    /gh workflow enable autoresearch\.yml/,
  ],
  [
    'candidates that may not be pushed',
    ruled('/c/', { type: 'creation' }),
    'rules-candidates',
    /Exclude `autoresearch/,
  ],
  [
    'merges that need approvals',
    ruled('baseline', { type: 'pull_request', approvals: 1 }),
    'rules-baseline',
    /Exclude `autoresearch/,
  ],
  [
    'rules that cannot be read',
    gitHub({
      branchRules: async (branch) => {
        if (branch.endsWith('baseline')) throw new Error('socket hang up')
        return { rules: [] }
      },
    }),
    'rules-baseline',
    /Run again/,
  ],
  ['a ledger that may not be pushed', ruled('ledger', { type: 'update' }), 'rules-ledger', /autoresearch/],
  ['a merge queue', ruled('baseline', { type: 'merge_queue' }), 'rules-baseline', /Exclude `autoresearch/],
  [
    'required checks that never run',
    ruled('baseline', { type: 'required_status_checks', checks: ['ci'] }),
    'rules-baseline',
    /Exclude `autoresearch/,
  ],
  ['no git', onMachine({ gitVersion: async () => undefined }), 'git', /Install git/],
  ['an old git', onMachine({ gitVersion: async () => 'git version 2.34.1' }), 'git', /2\.38/],
  [
    'no bubblewrap',
    onMachine({ sandbox: () => Promise.reject(new SandboxError(INSTALL)) }),
    'sandbox',
    /apt-get install/,
  ],
  [
    'a GPU that the sandbox hides',
    onMachine({ devices: async () => ({ outside: new Map([['GPU-1', 'H100']]), inside: [] }) }),
    'gpu',
    /nvidia-smi/,
  ],
  [
    'a proxy that cannot be used',
    onMachine({ useProxy: () => ({ names: ['HTTP_PROXY'], warning: 'Update the runner.' }) }),
    'proxy',
    /Update the runner/,
  ],
  ['no configuration', { config: '' }, 'file', /init/],
  ['files that do not exist', { config: CONFIG.replace('[train.py]', '[model.py]') }, 'file', /editable/],
  [
    'an unknown setting',
    { config: `${CONFIG}\nbudgte: 5m` },
    'file',
    /Fix \.github\/autoresearch\.yml on main/,
  ],
  [
    'a setup that fails',
    training(() => Promise.reject(new BaselineError('setup failed', { hint: 'Run it by hand.' }))),
    'setup',
    /Run it by hand/,
  ],
  [
    'training that crashes',
    training(async (trial) => ({
      ...aTrialResult({ outcome: 'crashed', reason: 'exit code 1' }),
      trial,
    })),
    'run',
    /train/,
  ],
  [
    'a metric that is not printed',
    training(async (trial) => ({
      ...aTrialResult({ outcome: 'no-metric', reason: 'no line matches' }),
      trial,
    })),
    'run',
    /pattern/,
  ],
  [
    'several metric lines',
    training(async (trial) => ({
      ...aTrialResult({ outcome: 'invalid-metric', reason: '5 lines match, and one was expected' }),
      trial,
    })),
    'run',
    /`metric`/,
  ],
  [
    'training that does not end',
    training(async (trial) => ({
      ...aTrialResult({ outcome: 'timed-out', reason: 'killed after 10m' }),
      trial,
    })),
    'run',
    /timeout/,
  ],
  [
    'a model that is too large',
    training(async (trial) => ({
      ...aTrialResult({ outcome: 'out-of-memory', reason: 'CUDA out of memory' }),
      trial,
    })),
    'run',
    /memory|smaller/,
  ],
  [
    'a metric that only claims to be deterministic',
    { config: CONFIG.replace("(\\S+)'", "(\\S+)', deterministic: true") },
    'seeds',
    /Remove `metric\.deterministic`/,
  ],
  [
    'a job that is too short for one run',
    { settings: { timeBudgetSeconds: 60 } },
    'night',
    /Raise `time-budget`, or lower `timeout`/,
  ],
  [
    'a job that ends with the baseline',
    { config: `${CONFIG}\ntimeout: 20m`, settings: { timeBudgetSeconds: 1300 } },
    'night',
    /`replicates\.baseline`/,
  ],
  [
    'an agent without its secret',
    {
      config: CONFIG.replace(
        /proposers: .*/,
        'proposers: [{ kind: command, name: claude, run: claude -p, hosts: [api.example], secrets: [KEY] }]',
      ),
    },
    'agent-claude',
    /Add `KEY=/,
  ],
  [
    'a seed that decides nothing',
    training(async (trial) => ({ ...aTrialResult({ value: 2 }), trial })),
    'seeds',
    /AUTORESEARCH_SEED|deterministic/,
  ],
  [
    'a model that refuses the key',
    answering({ kind: 'failure', reason: '401 invalid key' }),
    'model-llm.example',
    /openai-api-key/,
  ],
  [
    'knobs without a constant',
    { config: CONFIG.replace(/proposers: .*/, 'proposers: [{ kind: knobs, exclude: [lr] }]') },
    'constants',
    /Name numbers/,
  ],
])(
  'of %s it says so, and nothing else is wrong',
  async (_, { ports, settings, config, files }, problem, firstThing) => {
    const { checks } = await diagnose(ports, settings, config, files)
    expect(problems(checks)).toEqual([problem])
    expect(conclusionOf(checks)).toMatch(/^Not ready/)
    expect(conclusionOf(checks)).toMatch(firstThing)
  },
)
