// What endpoints say, and what it means; conversations with such endpoints are in openai-endpoints.test.ts.
import { describe, expect, test } from 'vitest'
import { rejectsRequest, sizesIn, understand } from '../../src/adapters/openai/refusals.ts'

test.each([
  ['no-tools', 400, { message: 'functions', param: 'tools' }],
  ['no-tools', 404, { message: "No endpoints found that support the provided 'tool_choice' value." }],
  ['no-tools', 400, { message: 'Tool calling is not supported by this model' }],
  ['no-tools', 400, { message: 'Unrecognized request argument supplied: tools' }],
  ['no-tools', 501, { message: 'This model does not support function calling' }],
  ['limit-name', 400, { message: "Unsupported parameter: 'max_tokens' is not supported with this model." }],
  ['limit-name', 422, { message: 'max_completion_tokens: Extra inputs are not permitted' }],
  ['stream', 400, { message: 'Stream must be set to true' }],
  ['stream', 400, { message: 'Non-streaming requests are not supported by this model' }],
  ['reasoning', 400, { message: "property 'reasoning_content' is unsupported" }],
  ['reasoning', 422, { message: 'messages.2.assistant.reasoning_content: Extra inputs are not permitted' }],
  ['too-long', 400, { message: 'max_tokens must be at least 1, got -186.' }],
  ['too-long', 400, { message: 'prompt is too long: 210000 tokens > 200000 maximum' }],
  [
    'too-long',
    400,
    { message: 'The input token count (1200000) exceeds the maximum number of tokens allowed' },
  ],
  ['too-long', 500, { message: 'Trying to keep the first 15857 tokens when context the overflows.' }],
] as const)('%s: %i %o', (meaning, status, body) => {
  expect(understand(status, body)).toBe(meaning)
})

test.each([
  ['money', 402, { message: 'This request requires more credits, or fewer max_tokens' }],
  ['a rate', 429, { message: 'Request too large: reduce the length of the messages' }],
  ['a key', 401, { message: 'tools are not available without a key' }],
  [
    'what is wanted back',
    400,
    { message: 'The `reasoning_content` in the thinking mode must be passed back to the API.' },
  ],
  ['a limit that is too high', 400, { message: 'max_tokens is too large: 100000. At most 16384 tokens.' }],
  [
    'a message of ours',
    400,
    { message: "messages with role 'tool' must follow a message with 'tool_calls'" },
  ],
  ['nothing we know', 500, { message: 'Internal server error' }],
] as const)('a refusal that speaks of %s means none of it', (_, status, body) => {
  expect(understand(status, body)).toBeUndefined()
})

test.each([
  [2048, 5312, "This model's maximum context length is 2048 tokens. However, you requested 5312 tokens."],
  [2048, 5312, 'request (5312 tokens) exceeds the available context size (2048 tokens), try increasing it'],
  [
    4096,
    5000,
    "This endpoint's maximum context length is 4096 tokens. However, you requested about 5000 tokens",
  ],
  [200000, 210000, 'prompt is too long: 210000 tokens > 200000 maximum'],
  [131072, 150000, "This model's maximum prompt length is 131072 but the request contains 150000 tokens."],
  [
    6000,
    9000,
    'Request too large: Limit 6000, Requested 9000, please reduce your message size and try again',
  ],
  [4097, 5000, 'must be <= 4097. Given: 5000 `inputs` tokens and 512'],
  [30720, undefined, 'Range of input length should be [1, 30720]'],
])('F100 a refusal names a context of %s and a request of %s tokens: %s', (context, sent, message) => {
  expect(understand(400, { message })).toBe('too-long')
  expect(sizesIn(message)).toEqual({ context, ...(sent && { sent }) })
})

describe('rejectsRequest', () => {
  test.each([
    [400, { message: "Unsupported value: 'temperature' does not support 0.2 with this model." }],
    [400, { message: 'max_tokens is too large: 100000. At most 16384 tokens.' }],
    [400, { message: 'The model `gpt-9` has been deprecated' }],
    [405, { message: 'Method Not Allowed' }],
    [415, { message: 'Unsupported Media Type' }],
    [422, { message: '[{"loc":["body","model"],"msg":"field required"}]' }],
    [501, { message: 'Not Implemented' }],
  ])('%d %j is a mistake that repeats', (status, body) => {
    expect(rejectsRequest(status, body)).toBe(true)
  })

  test.each([
    [400, { code: 'tool_use_failed', message: 'Failed to call a function. Please adjust your prompt.' }],
    [400, { code: 'content_filter', message: 'The response was filtered' }],
    [400, { message: 'Provider returned error' }],
    [408, { message: 'Request Timeout' }],
    [409, { message: 'Conflict' }],
    [429, { message: 'Too many requests' }],
    [500, { message: 'Internal error' }],
    [503, { message: 'Loading model' }],
  ])('%d %j may pass', (status, body) => {
    expect(rejectsRequest(status, body)).toBe(false)
  })
})
