import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { actionsLog, fail, readInputs, setOutputs, writeJobSummary } from '../../src/adapters/actions.ts'
import { ConfigError } from '../../src/errors.ts'
import { aTrial } from '../factories.ts'
import { aDirectory } from '../scaffold.ts'
import { commandsIn, outputOf } from './runner-log.ts'

/** Sets the inputs of the action, and nothing else that looks like one, for one test. */
function withInputs(inputs: Record<string, string>): void {
  const before = { ...process.env }
  for (const name of Object.keys(process.env)) if (name.startsWith('INPUT_')) delete process.env[name]
  for (const [name, value] of Object.entries(inputs)) process.env[`INPUT_${name.toUpperCase()}`] = value
  onTestFinished(() => {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name]
    Object.assign(process.env, before)
  })
}

describe('inputs', () => {
  test('have defaults', () => {
    withInputs({})
    expect(readInputs()).toMatchObject({
      command: 'run',
      configPath: '.github/autoresearch.yml',
      token: '',
      openaiApiKey: '',
      timeBudgetSeconds: 5.5 * 3600,
      newLedger: false,
      certify: false,
    })
  })

  test('are read once, trimmed and typed', () => {
    const trial = aTrial()
    withInputs({
      command: ' judge ',
      config: 'research.yml',
      token: 'ghs_1',
      'openai-api-key': 'sk-1',
      'time-budget': '90s',
      candidates: '3',
      hypothesis: 'Use Muon',
      direction: 'the optimizer',
      'new-ledger': 'true',
      certify: 'true',
      trials: JSON.stringify({ head: trial.head, trials: [trial] }),
      results: 'out',
    })
    const masked = outputOf(() =>
      expect(readInputs()).toMatchObject({
        command: 'judge',
        configPath: 'research.yml',
        token: 'ghs_1',
        openaiApiKey: 'sk-1',
        timeBudgetSeconds: 90,
        candidates: 3,
        hypothesis: 'Use Muon',
        direction: 'the optimizer',
        newLedger: true,
        certify: true,
        batch: { trials: [trial] },
        resultsDirectory: 'out',
      }),
    )
    expect(masked.trim().split('\n')).toEqual(['::add-mask::ghs_1', '::add-mask::sk-1'])
  })

  test('every key of several endpoints is masked by itself', () => {
    withInputs({ 'openai-api-keys': 'api.openai.com=sk-1\nlocalhost:8000=sk-2' })
    const masked = outputOf(() =>
      expect(readInputs().openaiApiKeys).toEqual(
        new Map([
          ['api.openai.com', 'sk-1'],
          ['localhost:8000', 'sk-2'],
        ]),
      ),
    )
    expect(masked.trim().split('\n')).toEqual(['::add-mask::sk-1', '::add-mask::sk-2'])
  })

  test('the secrets of agents are read by their names and masked', () => {
    withInputs({ 'agent-environment': 'ANTHROPIC_API_KEY=sk-ant-1\nOTHER=x y' })
    const masked = outputOf(() =>
      expect(readInputs().agentEnvironment).toEqual(
        new Map([
          ['ANTHROPIC_API_KEY', 'sk-ant-1'],
          ['OTHER', 'x y'],
        ]),
      ),
    )
    expect(masked.trim().split('\n')).toEqual(['::add-mask::sk-ant-1', '::add-mask::x y'])
  })

  test('a secret of an agent without its name is refused, and not shown', () => {
    withInputs({ 'agent-environment': 'sk-secret' })
    expect(readInputs).toThrow(/^input agent-environment: expected NAME=value in line 1$/)
  })

  test('a key without its host is refused, and not shown', () => {
    withInputs({ 'openai-api-keys': 'api.openai.com=sk-1\nsk-secret' })
    expect(readInputs).toThrow(/^input openai-api-keys: expected host=key in line 2$/)
  })

  test('a batch brings along when its trials may be cut', () => {
    const trial = aTrial()
    const cut = { testbed: 'any', sign: 1, windowSteps: 5, checkpoints: [] }
    withInputs({ command: 'train', trials: JSON.stringify({ head: trial.head, trials: [trial], cut }) })
    expect(readInputs().batch).toMatchObject({ trials: [trial], cut })
  })

  test.each([
    [
      'command',
      'destroy',
      'expected run, propose, train, judge, certify, promote, request, doctor, init, found "destroy"',
    ],
    ['time-budget', '5', 'expected a duration such as 5h30m, found "5"'],
    ['candidates', 'many', 'expected a whole number, found "many"'],
    ['candidates', '-1', 'expected a whole number'],
    ['certify', 'always', 'expected false, true, found "always"'],
    ['new-ledger', 'yes', 'expected false, true, found "yes"'],
    ['trials', '{}', 'expected a batch of trials as JSON'],
    ['trials', 'not JSON', 'expected a batch of trials as JSON'],
  ])('%s: %j is refused with what was expected', (name, value, message) => {
    withInputs({ [name]: value })
    expect(readInputs).toThrow(ConfigError)
    expect(readInputs).toThrow(`input ${name}: ${message}`)
  })
})

describe('F63 text of a candidate in the log gives no commands', () => {
  const HOSTILE = [
    '::add-mask::a',
    'loss 1\n::set-output name=merge::true',
    'loss 1\r::error::fake',
    '  \t::stop-commands::token',
    '\u2003::warning::unicode space',
    ':::add-mask::a',
    '::::add-mask::a',
    '##[add-mask]a',
    'text ##[set-env name=PATH]/evil',
    '###[group]a',
    '%0A::add-mask::a',
    '::endgroup::',
  ]

  test.each(HOSTILE)('info: %j', (text) => {
    expect(commandsIn(outputOf(() => actionsLog.info(text)))).toEqual([])
  })

  test.each(HOSTILE)('warn: %j', (text) => {
    expect(commandsIn(outputOf(() => actionsLog.warn(text)))).toEqual(['warning'])
  })

  test.each(HOSTILE)('fail: %j', (text) => {
    const { exitCode } = process
    const output = outputOf(() => fail(text))
    expect(process.exitCode).toBe(1)
    process.exitCode = exitCode
    expect(commandsIn(output)).toEqual(['error'])
  })

  test('removed: the runner finds the commands in what is not made inert', () => {
    expect(HOSTILE.filter((text) => commandsIn(text).length === 0)).toEqual([
      ':::add-mask::a',
      '::::add-mask::a',
      '%0A::add-mask::a',
    ])
  })
})

describe('what the job leaves', () => {
  test('outputs, of which one cannot pretend to be another', async () => {
    const path = join(await aDirectory(), 'output')
    await writeFile(path, '')
    withInputs({})
    process.env.GITHUB_OUTPUT = path
    setOutputs({ trials: '[]\nhas-trials=true\nEOF\nother<<EOF', 'has-trials': 'false' })
    const text = await readFile(path, 'utf8')
    const [, delimiter] = /^trials<<(\S+)$/m.exec(text) ?? []
    expect(delimiter).toMatch(/^ghadelimiter_/)
    expect(text).toContain(`\nhas-trials<<`)
    expect(text.split(`${delimiter}`)).toHaveLength(3)
  })

  test('a summary, where there is a place for one', async () => {
    withInputs({})
    delete process.env.GITHUB_STEP_SUMMARY
    await writeJobSummary('nowhere')
    const path = join(await aDirectory(), 'summary.md')
    await writeFile(path, 'before\n')
    process.env.GITHUB_STEP_SUMMARY = path
    await writeJobSummary('# Morning')
    expect(await readFile(path, 'utf8')).toBe('before\n# Morning\n')
  })
})
