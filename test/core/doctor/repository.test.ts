// What a repository brings along, models and agents that cannot be asked, and how the checks are written.
import { describe, expect, it } from 'vitest'
import type { CommandConfig } from '../../../src/core/config/config.ts'
import { type Check, conclusionOf, inOrder, isReady } from '../../../src/core/doctor/check.ts'
import { checkAgent, checkModel } from '../../../src/core/doctor/models.ts'
import { describeChecks, doctorJson, summarizeChecks } from '../../../src/core/doctor/render.ts'
import { checkConstants, checkLargeFiles, checkSubmodules } from '../../../src/core/doctor/repository.ts'
import { aConfig } from '../../factories.ts'

it('Git LFS and submodules are fetched, and named', () => {
  const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 5\n'
  expect(checkLargeFiles(new Map([['data.bin', pointer]])).text).toContain('1 in Git LFS')
  expect(checkLargeFiles(new Map([['data.bin', 'content']])).text).toBe('no file is in Git LFS')
  const modules = '[submodule "lib"]\n\tpath = third_party/lib\n\turl = https://example.com/lib\n'
  expect(checkSubmodules(new Map([['.gitmodules', modules]])).text).toContain('third_party/lib')
  expect(checkSubmodules(new Map()).text).toBe('no submodules')
})

describe('constants', () => {
  const config = (kind: 'knobs' | 'other') => aConfig({ proposers: kind === 'knobs' ? [{ kind }] : [AGENT] })

  it('that do not exist leave knobs nothing to do', () => {
    const nothing = new Map([['train.py', 'main()\n']])
    expect(checkConstants(config('knobs'), nothing)).toMatchObject({
      state: 'problem',
      remedy: expect.stringContaining('lr = 3e-4'),
    })
    expect(checkConstants(config('other'), nothing).state).toBe('ok')
    expect(checkConstants(config('knobs'), new Map([['train.py', 'lr = 3e-4\n']]))).toMatchObject({
      state: 'ok',
      text: '1 constant found; to be tried: 1 (lr)',
    })
  })

  const NANOGPT = new Map([
    [
      'train.py',
      "lr = 3e-4\nbeta1 = 0.9\nbatch_size = 12\nlog_interval = 10\nexec(open('configurator.py').read())\n",
    ],
    ['config/small.py', 'lr = 1e-3\n'],
  ])
  const command = (train: string) =>
    aConfig({ train, editable: ['train.py'], proposers: [{ kind: 'knobs' }] })

  it('F83 are sorted into those tried, those that the command sets, and those left alone', () => {
    const { text } = checkConstants(command('python train.py config/small.py --batch_size=8'), NANOGPT)
    expect(text).toBe(
      '4 constants found; to be tried: 1 (beta1); without effect, because the training command or its configuration sets them: 2 (lr, batch_size); left alone: 1',
    )
  })

  it('are left alone where the configuration excludes them', () => {
    const proposers = [{ kind: 'knobs' as const, exclude: ['lr', 'batch_size'] }]
    const { text } = checkConstants(aConfig({ ...command('python train.py'), proposers }), NANOGPT)
    expect(text).toBe('4 constants found; to be tried: 1 (beta1); left alone: 3')
  })

  it('that are all set by the command leave knobs nothing to do', () => {
    const files = new Map([['train.py', 'lr = 3e-4\n']])
    expect(checkConstants(command('python train.py --lr=1'), files)).toMatchObject({
      state: 'problem',
      text: expect.stringContaining('without effect'),
    })
  })
})

const AGENT: CommandConfig = {
  kind: 'command',
  name: 'claude',
  run: 'claude -p',
  hosts: ['api.example.com'],
  secrets: ['ANTHROPIC_API_KEY'],
  env: {},
  read: [],
  timeoutSeconds: 600,
}

it('models', () => {
  const answer = (kind: 'tool-call' | 'text') => checkModel('gpt-x', 'llm.example', { kind })
  expect(answer('tool-call')).toMatchObject({ state: 'ok' })
  expect(answer('text')).toMatchObject({ state: 'ok', text: expect.stringContaining('calls no tools') })
  expect(checkModel('gpt-x', 'llm.example', { kind: 'failure', reason: '401 bad key' })).toMatchObject({
    state: 'problem',
    text: expect.stringContaining('401 bad key'),
    remedy: expect.stringContaining('openai-api-key'),
  })
})

it('agents', () => {
  expect(checkAgent(AGENT, new Map())).toMatchObject({
    state: 'problem',
    remedy: expect.stringContaining('ANTHROPIC_API_KEY='),
  })
  expect(checkAgent(AGENT, new Map([['ANTHROPIC_API_KEY', 'x']])).state).toBe('ok')
})

describe('the checks', () => {
  const CHECKS: Check[] = inOrder([
    {
      area: 'training',
      id: 'run',
      state: 'problem',
      text: 'it crashed\nwith `@everyone` in it',
      remedy: 'Fix it.',
    },
    { area: 'GitHub', id: 'token-contents', state: 'ok', text: 'the token has contents: write' },
    { area: 'machine', id: 'gpu', state: 'skipped', text: 'no GPU' },
  ])

  it('end with the first thing to do, or with Ready', () => {
    expect(conclusionOf(CHECKS)).toBe('Not ready. First: Fix it.')
    expect(isReady(CHECKS)).toBe(false)
    const good = CHECKS.filter(({ state }) => state !== 'problem')
    expect([conclusionOf(good), isReady(good)]).toEqual(['Ready.', true])
  })

  it('are one line each, by area', () => {
    expect(describeChecks(CHECKS)).toBe(
      [
        'GitHub',
        '  ✓ the token has contents: write',
        '',
        'machine',
        '  – no GPU',
        '',
        'training',
        '  ✗ it crashed with `@everyone` in it',
        '    → Fix it.',
        '',
        'Not ready. First: Fix it.',
      ].join('\n'),
    )
  })

  it('are inert in the job summary', () => {
    expect(summarizeChecks(CHECKS)).not.toContain('@everyone')
  })

  it('are JSON', () => {
    expect(doctorJson(CHECKS)).toMatchObject({
      ready: false,
      conclusion: 'Not ready. First: Fix it.',
      checks: [
        { area: 'GitHub', id: 'token-contents', state: 'ok', remedy: null },
        { id: 'gpu', state: 'skipped' },
        { id: 'run', state: 'problem', remedy: 'Fix it.' },
      ],
    })
  })
})
