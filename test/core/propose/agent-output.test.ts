// What real agents printed, and what is read from it.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { AgentOutputReader } from '../../../src/core/propose/agent-output.ts'
import { findRefusedAccess } from '../../../src/core/propose/refused-access.ts'

const OUTPUTS = join(import.meta.dirname, '../../fixtures/agents/outputs')

function read(text: string, pieceCharacters = Number.POSITIVE_INFINITY) {
  const reader = new AgentOutputReader()
  for (let at = 0; at < text.length; at += pieceCharacters) reader.push(text.slice(at, at + pieceCharacters))
  return reader.end()
}

function outputOf(name: string): string {
  return readFileSync(join(OUTPUTS, name), 'utf8')
}

const TWO_ANSWERS = { inputTokens: 2000, cachedTokens: 800, outputTokens: 100, dollars: 0 }

describe('the tokens and the last message of', () => {
  test.each([
    ['claude-code.jsonl', { ...TWO_ANSWERS, dollars: 0.00696 }],
    ['codex.jsonl', TWO_ANSWERS],
    ['opencode.jsonl', TWO_ANSWERS],
    ['copilot-cli.txt', TWO_ANSWERS],
    ['pi.jsonl', TWO_ANSWERS],
    ['gemini-cli.jsonl', TWO_ANSWERS],
    ['qwen-code.jsonl', TWO_ANSWERS],
    ['aider.txt', { inputTokens: 658, outputTokens: 2, dollars: 0 }],
  ])('%s', (name, usage) => {
    const output = read(outputOf(name))
    expect(output.usage).toEqual(usage)
    expect(output.text).toContain('Done.')
  })

  test('aider with a price, summed over its messages', () => {
    expect(read(outputOf('aider-cost.txt')).usage).toEqual({
      inputTokens: 4600,
      cachedTokens: 1200,
      outputTokens: 240,
      dollars: expect.closeTo(0.015),
    })
  })

  test('every agent do not depend on how its output is cut into pieces', () => {
    for (const name of readdirSync(OUTPUTS)) {
      const text = outputOf(name)
      expect(read(text, 7), name).toEqual(read(text))
    }
  })
})

describe('an output', () => {
  test('of plain words tells no tokens, and is its own last message', () => {
    expect(read('Looking.\n\nTITLE: Double lr\n')).toMatchObject({
      usage: undefined,
      text: 'Looking.\n\nTITLE: Double lr\n',
    })
  })

  test('with JSON that no agent prints is neither read nor quoted', () => {
    expect(read('{"loss": 2.5}\n{"type": 7}\n')).toMatchObject({ usage: undefined, lastWords: '' })
  })

  test('with tokens that are none counts them as 0', () => {
    const usage = { input_tokens: -5, output_tokens: 'many', cached_input_tokens: 1e99 }
    expect(read(JSON.stringify({ type: 'turn.completed', usage })).usage).toEqual({
      inputTokens: 0,
      outputTokens: 0,
      dollars: 0,
    })
  })

  test('F39 with an endless line is read on from the next line', () => {
    const reader = new AgentOutputReader()
    for (let count = 0; count < 40; count++) reader.push('x'.repeat(100_000))
    reader.push(`\n${outputOf('codex.jsonl')}`)
    expect(reader.end()).toMatchObject({ usage: TWO_ANSWERS, text: 'Done.' })
  })
})

describe('F102 a refused key is recognised in the words of', () => {
  test.each(readdirSync(OUTPUTS).filter((name) => name.includes('-key')))('%s', (name) => {
    const { errors, lastWords } = read(outputOf(name))
    expect(findRefusedAccess(errors)).toMatchObject({ kind: 'key' })
    expect(lastWords).not.toBe('')
  })

  test.each([
    'Invalid API key · Please run /login',
    'Not logged in · Please run /login',
    'Error: No authentication information found.',
    'litellm.AuthenticationError: AuthenticationError: OpenAIException - Incorrect API key provided',
    '[API Error: 401 Incorrect API key provided: sk-x]',
    'Please set an Auth method in your /root/.gemini/settings.json or specify GEMINI_API_KEY',
    'No API key found for anthropic.',
    'Failed to authenticate. API Error: 401 {"type":"error"}',
    'Error: API key is missing. Pass it using the environment variable ANTHROPIC_API_KEY.',
    'AI_APICallError: Unauthorized',
    'unexpected status 401 Unauthorized: Missing bearer or basic authentication in header',
    'Access denied due to invalid subscription key or wrong API endpoint.',
    'Authentication Fails, Your api key is invalid',
    'invalid x-api-key',
  ])('%s', (words) => {
    expect(findRefusedAccess(`thinking\n${words}\nbye`)).toEqual({ kind: 'key', quote: words })
  })

  test.each([
    'Your credit balance is too low to access the Anthropic API.',
    'insufficient_quota: check your plan',
    'Error 402: Insufficient Balance',
    'This request requires more credits, or fewer max_tokens.',
  ])('an account without money: %s', (words) => {
    expect(findRefusedAccess(words)?.kind).toBe('money')
  })

  test.each([
    'I could not find the key of the dictionary.',
    'the tokenizer has no token for it',
    'line 401: lr = 2',
    'API Error: 529 Overloaded',
    'rate limit of this API key: 3 requests per minute',
    'This host is blocked: it is not listed under `hosts` of this agent.',
    'Proxy response (403) !== 200 when HTTP Tunneling',
    'thinking',
  ])('and in nothing else: %s', (words) => {
    expect(findRefusedAccess(words)).toBeUndefined()
  })
})
