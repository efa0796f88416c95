import { describe, expect, test } from 'vitest'
import { agentTools, parseToolCall, toStatement } from '../../../src/core/propose/agent.ts'

const SUBMIT = {
  title: 'Warm up',
  hypothesis: 'The first steps are too large.',
  category: 'schedule',
  expected_effect: '−0.01',
}

const TOOLS = agentTools({ checks: true })
const NAMES = TOOLS.map(({ name }) => name)

function parse(name: string, text: string) {
  return parseToolCall(name, text, NAMES)
}

function submitWith(fields: Record<string, unknown>) {
  return parse('submit', JSON.stringify({ ...SUBMIT, ...fields }))
}

describe('agentTools', () => {
  test('describes every argument as a strict JSON schema', () => {
    expect(NAMES).toHaveLength(12)
    for (const { parameters } of TOOLS)
      expect(parameters).toMatchObject({ type: 'object', additionalProperties: false })
  })

  test('offers checks only where they can be run', () => {
    expect(NAMES).toContain('run_checks')
    expect(agentTools({ checks: false }).map(({ name }) => name)).toEqual(
      NAMES.filter((name) => name !== 'run_checks'),
    )
  })

  test('the schema carries the limits that are checked, and not our own discriminator', () => {
    const submit = TOOLS.find(({ name }) => name === 'submit')
    expect(submit?.parameters).toMatchObject({
      required: ['title', 'hypothesis', 'category', 'expected_effect'],
      properties: {
        title: { type: 'string', maxLength: 100 },
        hypothesis: { maxLength: 1000 },
        category: { enum: expect.arrayContaining(['optimizer', 'schedule']) },
      },
    })
    expect(JSON.stringify(TOOLS)).not.toContain('"tool"')
    expect(JSON.stringify(TOOLS)).not.toContain('$schema')
  })
})

describe('parseToolCall', () => {
  test.each(['run_command', 'edit_workflow', 'merge'])(
    'F65 a model that was talked into %s finds no such tool',
    (name) => {
      expect(parse(name, '{}')).toEqual({
        kind: 'malformed',
        problem: `there is no tool "${name}"; available tools: list_files, read_file, search_files, edit_file, write_file, delete_file, move_file, show_diff, run_checks, search_past, read_past, submit`,
      })
    },
  )

  test.each([
    ['list_files', '', { tool: 'list_files' }],
    ['list_files', '{}', { tool: 'list_files' }],
    ['read_file', '{"path":"a.py","from_line":3}', { tool: 'read_file', path: 'a.py', from_line: 3 }],
    ['search_files', '{"text":"lr","regex":true}', { tool: 'search_files', text: 'lr', regex: true }],
    ['search_past', '{"effect":"failed"}', { tool: 'search_past', effect: 'failed' }],
    ['read_past', '{"id":"a1","part":"log"}', { tool: 'read_past', id: 'a1', part: 'log' }],
    [
      'edit_file',
      '{"path":"a.py","search":" x","replace":""}',
      { tool: 'edit_file', path: 'a.py', search: ' x', replace: '' },
    ],
    ['submit', JSON.stringify(SUBMIT), { tool: 'submit', ...SUBMIT }],
    [
      'read_file',
      '{"path":"a.py","from_line":"3","to_line":null}',
      { tool: 'read_file', path: 'a.py', from_line: 3 },
    ],
    ['search_files', '{"text":"12","regex":"false"}', { tool: 'search_files', text: '12', regex: false }],
    ['search_past', '{"category":null,"effect":null,"text":"lr"}', { tool: 'search_past', text: 'lr' }],
    [
      'submit',
      JSON.stringify({ ...SUBMIT, expected_effect: -0.01 }),
      { tool: 'submit', ...SUBMIT, expected_effect: '-0.01' },
    ],
  ])('reads %s %s', (name, text, call) => {
    expect(parse(name, text)).toEqual({ kind: 'call', call })
  })

  test.each([
    ['broken JSON', 'edit_file', '{"path": "a.py", "search', 'are not a JSON object'],
    ['an array', 'list_files', '[]', 'are not a JSON object'],
    ['null', 'list_files', 'null', 'are not a JSON object'],
    [
      'an unknown tool',
      'run_shell',
      '{}',
      'there is no tool "run_shell"; available tools: list_files, read_file',
    ],
    ['a missing argument', 'read_file', '{}', 'path'],
    ['null for a required argument', 'read_file', '{"path":null}', 'path'],
    ['a line that is not a number', 'read_file', '{"path":"a","from_line":"top"}', 'from_line'],
    ['an extra argument', 'list_files', '{"recursive":true}', 'recursive'],
    ['an empty search', 'edit_file', '{"path":"a","search":"","replace":"x"}', 'search'],
  ])('F3 %s is reported, not thrown', (_, name, text, expected) => {
    const parsed = parse(name, text)
    expect(parsed).toMatchObject({ kind: 'malformed', problem: expect.stringContaining(expected) })
  })

  test.each([
    ['a title over 100 characters', { title: 'x'.repeat(101) }, 'title'],
    ['an empty title', { title: '  ' }, 'title'],
    ['a hypothesis over 1000 characters', { hypothesis: 'x'.repeat(1001) }, 'hypothesis'],
    ['an unknown category', { category: 'magic' }, 'category'],
  ])('refuses %s', (_, fields, name) => {
    expect(submitWith(fields)).toMatchObject({ kind: 'malformed', problem: expect.stringContaining(name) })
  })

  test('a tool that is not offered does not exist', () => {
    expect(parseToolCall('run_checks', '{}', ['submit'])).toEqual({
      kind: 'malformed',
      problem: 'there is no tool "run_checks"; available tools: submit',
    })
  })

  test('the arguments cannot name another tool', () => {
    expect(parse('list_files', '{"tool":"submit"}')).toEqual({
      kind: 'call',
      call: { tool: 'list_files' },
    })
  })
})

test('toStatement keeps the title on one line', () => {
  const call = { tool: 'submit', ...SUBMIT, title: 'Warm\nup', category: 'schedule' } as const
  expect(toStatement(call)).toEqual({
    title: 'Warm up',
    hypothesis: SUBMIT.hypothesis,
    category: 'schedule',
    expectedEffect: '−0.01',
  })
})
