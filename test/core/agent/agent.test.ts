import { describe, expect, test } from 'vitest'
import { AGENT_TOOLS, parseToolCall, toProposal } from '../../../src/core/agent/agent.ts'

const SUBMIT = {
  title: 'Warm up',
  hypothesis: 'The first steps are too large.',
  category: 'schedule',
  expected_effect: '−0.01',
}

function submitWith(fields: Record<string, unknown>) {
  return parseToolCall('submit', JSON.stringify({ ...SUBMIT, ...fields }))
}

describe('AGENT_TOOLS', () => {
  test('describes every argument as a strict JSON schema', () => {
    expect(AGENT_TOOLS.map(({ name }) => name)).toEqual(['list_files', 'read_file', 'edit_file', 'submit'])
    for (const { parameters } of AGENT_TOOLS)
      expect(parameters).toMatchObject({ type: 'object', additionalProperties: false })
  })

  test('the schema carries the limits that are checked, and not our own discriminator', () => {
    const submit = AGENT_TOOLS.find(({ name }) => name === 'submit')
    expect(submit?.parameters).toMatchObject({
      required: ['title', 'hypothesis', 'category', 'expected_effect'],
      properties: {
        title: { type: 'string', maxLength: 100 },
        hypothesis: { maxLength: 1000 },
        category: { enum: expect.arrayContaining(['optimizer', 'schedule']) },
      },
    })
    expect(JSON.stringify(AGENT_TOOLS)).not.toContain('"tool"')
    expect(JSON.stringify(AGENT_TOOLS)).not.toContain('$schema')
  })
})

describe('parseToolCall', () => {
  test.each(['run_command', 'edit_workflow', 'merge'])(
    'F65 a model that was talked into %s finds no such tool',
    (name) => {
      expect(parseToolCall(name, '{}')).toEqual({
        kind: 'malformed',
        problem: `there is no tool "${name}"; there are list_files, read_file, edit_file, submit`,
      })
    },
  )

  test.each([
    ['list_files', '', { tool: 'list_files' }],
    ['list_files', '{}', { tool: 'list_files' }],
    ['read_file', '{"path":"a.py","from_line":3}', { tool: 'read_file', path: 'a.py', from_line: 3 }],
    [
      'edit_file',
      '{"path":"a.py","search":" x","replace":""}',
      { tool: 'edit_file', path: 'a.py', search: ' x', replace: '' },
    ],
    ['submit', JSON.stringify(SUBMIT), { tool: 'submit', ...SUBMIT }],
  ])('reads %s %s', (name, text, call) => {
    expect(parseToolCall(name, text)).toEqual({ kind: 'call', call })
  })

  test.each([
    ['broken JSON', 'edit_file', '{"path": "a.py", "search', 'are not a JSON object'],
    ['an array', 'list_files', '[]', 'are not a JSON object'],
    ['null', 'list_files', 'null', 'are not a JSON object'],
    ['an unknown tool', 'run_shell', '{}', 'there is no tool "run_shell"; there are list_files, read_file'],
    ['a missing argument', 'read_file', '{}', 'path'],
    ['an argument too many', 'list_files', '{"recursive":true}', 'recursive'],
    ['an empty search', 'edit_file', '{"path":"a","search":"","replace":"x"}', 'search'],
  ])('F3 %s is told, not thrown', (_, name, text, expected) => {
    const parsed = parseToolCall(name, text)
    expect(parsed).toMatchObject({ kind: 'malformed', problem: expect.stringContaining(expected) })
  })

  test.each([
    ['a title over 100 characters', { title: 'x'.repeat(101) }, 'title'],
    ['an empty title', { title: '  ' }, 'title'],
    ['a hypothesis over 1000 characters', { hypothesis: 'x'.repeat(1001) }, 'hypothesis'],
    ['a category of its own', { category: 'magic' }, 'category'],
  ])('refuses %s', (_, fields, name) => {
    expect(submitWith(fields)).toMatchObject({ kind: 'malformed', problem: expect.stringContaining(name) })
  })

  test('the arguments cannot name another tool', () => {
    expect(parseToolCall('list_files', '{"tool":"submit"}')).toEqual({
      kind: 'call',
      call: { tool: 'list_files' },
    })
  })
})

test('toProposal keeps the title on one line', () => {
  const files = new Map([['a.py', 'x']])
  const call = { tool: 'submit', ...SUBMIT, title: 'Warm\nup', category: 'schedule' } as const
  expect(toProposal(call, files)).toEqual({
    title: 'Warm up',
    hypothesis: SUBMIT.hypothesis,
    category: 'schedule',
    expectedEffect: '−0.01',
    files,
  })
})
