// What the tools do in a conversation, and how a conversation that goes nowhere ends.
import { describe, expect, test } from 'vitest'
import { within } from '../../src/adapters/openai/tools.ts'
import { searchFiles } from '../../src/core/propose/search.ts'
import { openWorkspace } from '../../src/core/propose/workspace.ts'
import type { ProposalRequest } from '../../src/ports/proposer.ts'
import { call, calls, edit, models, propose, submit, told } from './openai-lab.ts'

const done = calls(edit(), submit)

/** What `tool` answered, in a conversation that then submits. */
async function answerOf(
  tool: ReturnType<typeof call>,
  request: Partial<ProposalRequest> = {},
): Promise<string> {
  const result = await propose([calls(tool), done], { request })
  expect(result.kind).toBe('proposal')
  return told().at(-1) ?? ''
}

describe('tools', () => {
  test('read a range of lines', async () => {
    expect(await answerOf(call('read_file', { path: 'train.py', from_line: 2, to_line: 2 }))).toBe('wd = 1')
  })

  test('search all files', async () => {
    expect(await answerOf(call('search_files', { text: 'w?d = \\d', regex: true }))).toBe(
      'train.py:2: wd = 1',
    )
  })

  const endless = { text: '^(a+)+$', regex: true }
  const searched = new Map([['train.py', `lr = 1\n${'a'.repeat(40)}b\n`]])

  test('F65 a pattern that would take for ever is stopped', async () => {
    const answer = await answerOf(call('search_files', endless), { files: searched })
    expect(answer).toBe('error: the search took too long; use a simpler pattern')
  })

  test('F65 removed: given a second, the pattern takes all of it', () => {
    expect(within(1000, () => searchFiles(openWorkspace(searched, []), endless))).toBeUndefined()
  })

  test('write a whole file', async () => {
    const whole = call('write_file', { path: 'train.py', content: 'lr = 5\n' })
    const result = await propose([calls(whole, submit)])
    expect(result).toMatchObject({ proposal: { files: new Map([['train.py', 'lr = 5\n']]) } })
  })

  test.each(['../x', '/etc/passwd', 'eval.py', 'new.py'])('F9 no whole file at %s', async (path) => {
    expect(await answerOf(call('write_file', { path, content: 'x' }))).toMatch(/^error: /)
  })

  test('show the edits so far', async () => {
    await propose([calls(edit(), call('show_diff')), calls(submit)])
    expect(told().at(-1)).toContain('-lr = 1\n+lr = 2')
  })

  test('look up the past, and read a part of it', async () => {
    const past: ProposalRequest['past'] = {
      search: async ({ effect }) => ({ text: `asked for ${effect}`, ids: [] }),
      read: async (id, part) => (id === 'a1' ? `${part} of a1` : undefined),
    }
    expect(await answerOf(call('search_past', { effect: 'failed' }), { past })).toBe('asked for failed')
  })

  test('what is not kept of the past is no mistake of the model', async () => {
    const unknown = calls(call('read_past', { id: 'zz', part: 'log' }))
    const other = calls(call('read_past', { id: 'yy', part: 'diff' }))
    expect((await propose([unknown, other, done])).kind).toBe('proposal')
    expect(told()).toContain('error: no log of "zz" is kept')
  })
})

describe('checks', () => {
  const check: NonNullable<ProposalRequest['check']> = async (files) => ({
    passed: files.get('train.py')?.includes('lr = 2') ?? false,
    text: '$ make lint: exit code 0',
  })

  test('run on the edits, and the model gets their outcome', async () => {
    await propose([calls(edit(), call('run_checks')), calls(submit)], { request: { check } })
    expect(told().at(-1)).toBe('passed\n$ make lint: exit code 0')
  })

  test('are not offered where they cannot be run', async () => {
    expect(await answerOf(call('run_checks'))).toMatch(/^error: there is no tool "run_checks"/)
    const offered = models[0]?.requests[0]?.tools?.map((tool) => tool.function.name)
    expect(offered).not.toContain('run_checks')
  })

  test('do not run what the gate refuses', async () => {
    const request: Partial<ProposalRequest> = {
      check: () => Promise.reject(new Error('it ran')),
      review: () => ['only a seed changes'],
    }
    await propose([calls(edit(), call('run_checks')), { content: '' }], { request })
    expect(told().at(-1)).toContain('not checked, because this change would be refused: only a seed changes')
  })

  test('removed: what no gate looks at, is run', async () => {
    const request: Partial<ProposalRequest> = { check, review: () => [] }
    await propose([calls(edit(), call('run_checks')), { content: '' }], { request })
    expect(told().at(-1)).toContain('$ make lint: exit code 0')
  })

  test('need an edit', async () => {
    expect(await answerOf(call('run_checks'), { check })).toBe('error: nothing is edited yet')
  })
})

describe('a conversation that goes nowhere', () => {
  const reading = calls(call('read_file', { path: 'train.py' }))

  test('F65 ends at the third turn with the same call', async () => {
    const result = await propose([reading, reading, reading, done])
    expect(result).toMatchObject({
      kind: 'nothing',
      reason: 'the model repeats the same call: read_file {"path":"train.py"}',
      exhausted: false,
    })
    expect(models[0]?.requests).toHaveLength(3)
  })

  test('F65 removed: with calls that differ it goes on to the last turn', async () => {
    const readings = Array.from({ length: 9 }, (_, index) =>
      calls(call('search_files', { text: `lr = ${index}` })),
    )
    expect(await propose(readings)).toMatchObject({ reason: 'no submission within 8 turns' })
    expect(models[0]?.requests).toHaveLength(8)
  })

  test('may read again what it has changed', async () => {
    const result = await propose([reading, reading, calls(edit()), reading, reading, calls(submit)])
    expect(result.kind).toBe('proposal')
  })

  test('F5 an empty turn ends it, also in the middle', async () => {
    expect(await propose([reading, { content: '' }, done])).toMatchObject({
      kind: 'nothing',
      reason: 'empty answer',
    })
  })
})

describe('the budget', () => {
  const usage = { prompt_tokens: 900, completion_tokens: 100 }

  test('F10 of tokens: the conversation that has spent it ends, and what it cost is counted', async () => {
    const reading = { ...calls(call('list_files')), usage }
    const result = await propose([reading, reading, done], {
      request: { budget: { tokens: 1500, dollars: 9 } },
    })
    expect(result).toMatchObject({
      kind: 'nothing',
      reason: 'stopped: the token limit of this candidate is reached',
      usage: { inputTokens: 1800, outputTokens: 200 },
    })
    expect(models[0]?.requests).toHaveLength(2)
  })

  test('F10 of dollars: the same', async () => {
    const result = await propose([{ ...calls(call('list_files')), usage }, done], {
      request: { budget: { tokens: 1e6, dollars: 0.001 } },
      settings: { price: { input: 1, output: 1 } },
    })
    expect(result).toMatchObject({ reason: 'stopped: the dollar limit of this candidate is reached' })
  })

  test('a candidate that was submitted with the last of it counts', async () => {
    const request = { budget: { tokens: 10, dollars: 9 } }
    expect((await propose([done], { request })).kind).toBe('proposal')
  })
})
