import { expect, test } from 'vitest'
import { readRunnerContext } from '../../src/adapters/runner-context.ts'
import { ConfigError } from '../../src/errors.ts'

const RUNNER = {
  GITHUB_REPOSITORY: 'acme/char-lm',
  GITHUB_SERVER_URL: 'https://github.example',
  GITHUB_API_URL: 'https://github.example/api/v3',
  GITHUB_WORKSPACE: '/work',
  RUNNER_TEMP: '/temp',
}

/** What `@actions/github` makes of the same variables. */
const JOB = {
  repo: { owner: 'acme', repo: 'char-lm' },
  serverUrl: RUNNER.GITHUB_SERVER_URL,
  apiUrl: RUNNER.GITHUB_API_URL,
  runId: 7,
  runAttempt: 2,
}

test('a job is described by its variables', () => {
  expect(readRunnerContext({ ...RUNNER, RUNNER_TOOL_CACHE: '/cache' }, JOB)).toEqual({
    repository: 'acme/char-lm',
    serverUrl: 'https://github.example',
    apiUrl: 'https://github.example/api/v3',
    workspace: '/work',
    temporaryDirectory: '/temp',
    cacheDirectory: '/cache',
    runId: '7',
    runAttempt: 2,
    runUrl: 'https://github.example/acme/char-lm/actions/runs/7',
  })
})

test('without a run there is no link, and without a tool cache the temporary directory will do', () => {
  const outside = { ...JOB, runId: Number.NaN, runAttempt: Number.NaN }
  expect(readRunnerContext(RUNNER, outside)).toMatchObject({
    cacheDirectory: '/temp',
    runUrl: undefined,
    runId: '0',
    runAttempt: 1,
  })
})

test.each(Object.keys(RUNNER))('without %s this is no runner', (name) => {
  const rest = Object.fromEntries(Object.entries(RUNNER).filter(([key]) => key !== name))
  expect(() => readRunnerContext(rest, JOB)).toThrow(`${name} is not set`)
  expect(() => readRunnerContext({ ...rest, [name]: '' }, JOB)).toThrow(ConfigError)
})
