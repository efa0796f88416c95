import { describe, expect, test } from 'vitest'
import { describeCheck, offersChecks, passes } from '../../../src/core/propose/checks.ts'
import { aConfig } from '../../factories.ts'

const EXIT = { code: 0, signal: null, timedOut: false }

describe('offersChecks', () => {
  const checks = ['make lint']

  test('only with configured checks and a sandbox', () => {
    const { sandbox } = aConfig()
    expect(offersChecks(aConfig({ checks }))).toBe(true)
    expect(offersChecks(aConfig())).toBe(false)
    expect(offersChecks(aConfig({ checks: [] }))).toBe(false)
    expect(offersChecks(aConfig({ checks, sandbox: { ...sandbox, kind: 'none' } }))).toBe(false)
  })
})

test.each([
  ['exit code 0', EXIT, true],
  ['exit code 1', { ...EXIT, code: 1 }, false],
  ['ended by SIGKILL', { ...EXIT, code: null, signal: 'SIGKILL' }, false],
  ['killed at the limit of 60 s for all checks together', { ...EXIT, timedOut: true }, false],
  ['stopped at the limit of memory', { ...EXIT, exceeded: 'memory' }, false],
] as const)('a check with %s', (words, exit, passed) => {
  const run = { command: 'make lint', exit, output: 'x\n' }
  expect(passes(run)).toBe(passed)
  expect(describeCheck(run)).toBe(`$ make lint: ${words}\n\`\`\`\nx\n\`\`\``)
})

test('a long output is cut to its end', () => {
  const text = describeCheck({ command: 'make', exit: EXIT, output: `${'x'.repeat(9000)}the end` })
  expect(text.length).toBeLessThan(2100)
  expect(text).toContain('the end')
})
