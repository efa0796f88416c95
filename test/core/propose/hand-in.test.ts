import { describe, expect, test } from 'vitest'
import { cannotOf, type HandedIn, readStatement } from '../../../src/core/propose/hand-in.ts'

const BEFORE = new Map([['train.py', 'lr = 1\n']])
const AFTER = new Map([['train.py', 'lr = 2e-3\n']])
const FIELDS = { title: 'Raise lr', hypothesis: 'It falls.', category: 'schedule', expected_effect: '-0.1' }

const fromFile = (fields: unknown): HandedIn => readStatement(JSON.stringify(fields), '', BEFORE, AFTER)
const fromWords = (output: string, after = AFTER) => {
  const handedIn = readStatement(undefined, output, BEFORE, after)
  return handedIn.kind === 'statement' ? handedIn.statement : undefined
}

describe('the proposal file', () => {
  test('describes the change and its usage', () => {
    expect(fromFile({ ...FIELDS, usage: { input_tokens: 5, cached_tokens: 3, dollars: 0.1 } })).toEqual({
      kind: 'statement',
      statement: { title: 'Raise lr', hypothesis: 'It falls.', category: 'schedule', expectedEffect: '-0.1' },
      usage: { inputTokens: 5, cachedTokens: 3, outputTokens: 0, dollars: 0.1 },
    })
  })

  test.each([
    ['no JSON object', ['x']],
    ['a missing field', { ...FIELDS, title: undefined }],
    ['an extra field', { ...FIELDS, files: {} }],
    ['an unknown category', { ...FIELDS, category: 'magic' }],
    ['a title that is too long', { ...FIELDS, title: 'x'.repeat(101) }],
    ['negative usage', { ...FIELDS, usage: { input_tokens: -1 } }],
    ['usage that is not a number', { ...FIELDS, usage: { dollars: '1' } }],
  ])('is refused with %s', (_what, fields) =>
    expect(fromFile(fields)).toMatchObject({
      kind: 'malformed',
      problem: expect.stringMatching(/^the proposal file has the wrong format: /),
    }),
  )

  test('is refused when it is not JSON', () => {
    expect(readStatement('{', '', BEFORE, AFTER)).toMatchObject({ kind: 'malformed' })
  })
})

describe('the output of an agent', () => {
  test('is read by its headers, the last of each, in markdown too', () => {
    const output = `TITLE: An old one
\u001b[1m**TITLE:** Raise lr\u001b[0m
> HYPOTHESIS: It falls.
CATEGORY: Schedule
EXPECTED: -0.1`.replaceAll('\u001b[1m', '')
    expect(fromWords(output)).toEqual({
      title: 'Raise lr',
      hypothesis: 'It falls.',
      category: 'schedule',
      expectedEffect: '-0.1',
    })
  })

  test('replaces missing headers with its last paragraph or the file names', () => {
    expect(fromWords('First.\n\nI raised lr.\nIt was low.\n\n \n')).toMatchObject({
      title: 'I raised lr.',
      hypothesis: 'I raised lr. It was low.',
    })
    expect(fromWords('')).toMatchObject({ title: 'Edit train.py', hypothesis: 'The agent gave no reason.' })
  })

  test('gets its category from the change when the header is missing', () => {
    expect(fromWords('')?.category).toBe('hyperparameter')
    expect(fromWords('', new Map([['train.py', 'lr = warm(1)\n']]))?.category).toBe('architecture')
  })
})

test.each([
  ['Looking.\n\nCANNOT: it needs\nthe network.\n\nBye.', 'it needs\nthe network.'],
  ['CANNOT: one.\n\nCANNOT: two.', 'two.'],
  ['I CANNOT: do it', undefined],
  ['', undefined],
])('why a request cannot be done is read from %j', (output, reason) => expect(cannotOf(output)).toBe(reason))
