// Strict and sloppy endpoints: each refuses or garbles something that another one wants.
import { describe, expect, test } from 'vitest'
import { createOpenAIProposer } from '../../src/adapters/openai/openai.ts'
import { assignKeys, parseKeys } from '../../src/core/config/secrets.ts'
import type { ScriptedAnswer, ScriptedFault } from '../model/script.ts'
import { type ModelOptions, startModel } from '../model/server.ts'
import {
  AT_ONCE,
  aProposer,
  aRequest,
  calls,
  edit,
  KEY,
  models,
  propose,
  start,
  submit,
  told,
  untilTheEnd,
} from './openai-lab.ts'

const done = calls(edit(), submit)
const CHANGED = new Map([['train.py', 'lr = 2\nwd = 1\n']])
const PLAIN = `TITLE: Double the learning rate
HYPOTHESIS: The loss still falls at the end.
CATEGORY: hyperparameter
EXPECTED: −0.01

FILE: train.py
<<<<<<< SEARCH
lr = 1
=======
lr = 2
>>>>>>> REPLACE`

const error = (status: number, fields: Record<string, unknown>): ScriptedFault => ({
  status,
  body: { error: fields },
})

/** Words of real servers. */
const NO_TOOLS: readonly (readonly [string, ScriptedFault])[] = [
  [
    'vLLM',
    {
      status: 400,
      body: {
        object: 'error',
        message: '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set',
        type: 'BadRequestError',
        param: null,
        code: 400,
      },
    },
  ],
  ['Ollama', error(400, { message: 'registry.ollama.ai/library/gemma3:4b does not support tools' })],
  ['Ollama’s own API', { status: 400, body: { error: 'gemma3:4b does not support tools' } }],
  ['OpenRouter', error(404, { message: 'No endpoints found that support tool use.', code: 404 })],
  [
    'llama.cpp',
    error(500, { code: 500, message: 'tools param requires --jinja flag', type: 'server_error' }),
  ],
  ['a strict server', { status: 422, body: { detail: 'tools: Extra inputs are not permitted' } }],
]

describe('an endpoint without tools', () => {
  test.each(NO_TOOLS)('%s refuses them: the conversation restarts in plain text', async (_, fault) => {
    const refuse: ModelOptions['refuse'] = ({ tools }) => (tools ? fault : undefined)
    const result = await propose([{ content: PLAIN }], { options: { refuse } })
    expect(result).toMatchObject({ kind: 'proposal', proposal: { files: CHANGED } })
    const [first, second] = models[0]?.requests ?? []
    expect(first?.tools).toHaveLength(11)
    expect(second?.messages).toHaveLength(2)
    expect(told()[1]).toMatch(/^Improve it\.[\s\S]*<<<<<<< SEARCH/)
  })

  test('gets no tools in later requests', async () => {
    const refuse: ModelOptions['refuse'] = ({ tools }) => (tools ? NO_TOOLS[0]?.[1] : undefined)
    await start([{ answers: [{ content: PLAIN }] }, { answers: [{ content: PLAIN }] }], { refuse })
    const proposer = aProposer()
    expect((await proposer.propose(aRequest())).kind).toBe('proposal')
    expect((await proposer.propose(aRequest())).kind).toBe('proposal')
    expect(models[0]?.requests.map(({ tools }) => tools !== undefined)).toEqual([true, false, false])
  })

  test('that ignores them is told the plain form, is understood, and gets no tools in the next conversation', async () => {
    await start([
      { answers: [{ content: 'I would double lr.' }, { content: PLAIN }] },
      { answers: [{ content: PLAIN }] },
    ])
    const proposer = aProposer()
    expect(await proposer.propose(aRequest())).toMatchObject({ proposal: { files: CHANGED } })
    expect(await proposer.propose(aRequest())).toMatchObject({ proposal: { files: CHANGED } })
    expect(models[0]?.requests.map(({ tools }) => tools !== undefined)).toEqual([true, true, false])
  })

  test('thinks aloud before its answer', async () => {
    const content = `<think>Maybe\n<<<<<<< SEARCH\nnothing</think>\n${PLAIN}`
    expect(await propose([{ content }])).toMatchObject({ proposal: { files: CHANGED } })
  })

  test.each([
    ['F3 a block without its end', PLAIN.replace('>>>>>>> REPLACE', ''), 'does not end with'],
    ['F6 text that is not there', PLAIN.replace('lr = 1', 'lr = 7'), 'the search text is not in train.py'],
    ['F9 a path outside', PLAIN.replace('FILE: train.py', 'FILE: ../train.py'), 'is not a relative path'],
    ['F9 a file that is not editable', PLAIN.replace('FILE: train.py', 'FILE: eval.py'), 'is not editable'],
  ])('%s is told once, and a corrected answer counts', async (_, wrong, problem) => {
    const result = await propose([{ content: wrong }, { content: PLAIN }])
    expect(result).toMatchObject({ kind: 'proposal', proposal: { files: CHANGED } })
    expect(told().at(-1)).toContain(problem)
  })

  test('F6 a second wrong answer ends it, and of its edits none is kept', async () => {
    const wrong = `${PLAIN}\n\n${PLAIN.slice(PLAIN.indexOf('FILE')).replace('lr = 1', 'lr = 7')}`
    const result = await propose([{ content: wrong }, { content: wrong }, { content: PLAIN }])
    expect(result).toMatchObject({
      kind: 'nothing',
      reason: expect.stringMatching(/^twice in a row, error: the search text is not in train\.py/),
    })
  })

  test.each(['length', 'error'] as const)(
    'F4 an answer that ended with %s is rejected whole',
    async (finishReason) => {
      const result = await propose([
        { content: PLAIN, finishReason },
        { content: PLAIN, finishReason },
      ])
      expect(result).toMatchObject({ kind: 'nothing', reason: 'answer was cut off' })
    },
  )
})

describe('the limit of an answer', () => {
  const settings = { maxOutputTokens: 4000 }
  const sent = () =>
    models[0]?.requests.map(({ max_tokens: old, max_completion_tokens: young }) => ({ old, young }))

  test('is not sent unless it is configured', async () => {
    await propose([done])
    expect(sent()).toEqual([{ old: undefined, young: undefined }])
  })

  test('is sent by its new name after the old one was refused, and so from then on', async () => {
    const refuse: ModelOptions['refuse'] = ({ max_tokens }) =>
      max_tokens === undefined
        ? undefined
        : error(400, {
            message:
              "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
            param: 'max_tokens',
            code: 'unsupported_parameter',
          })
    const result = await propose([calls(edit()), calls(submit)], { settings, options: { refuse } })
    expect(result.kind).toBe('proposal')
    expect(sent()).toEqual([{ old: 4000 }, { young: 4000 }, { young: 4000 }])
  })

  test('is left out where both names are refused', async () => {
    const refuse: ModelOptions['refuse'] = ({ max_tokens, max_completion_tokens }) => {
      const name = max_tokens ? 'max_tokens' : max_completion_tokens ? 'max_completion_tokens' : undefined
      return name === undefined ? undefined : error(400, { message: `Unknown parameter: '${name}'` })
    }
    expect((await propose([done], { settings, options: { refuse } })).kind).toBe('proposal')
    expect(sent()).toEqual([{ old: 4000 }, { young: 4000 }, {}])
  })
})

describe('streaming', () => {
  const demanded = error(400, {
    code: 'invalid_parameter_error',
    message: 'This model only support stream mode, please enable the stream parameter to access the model.',
  })
  const refuse: ModelOptions['refuse'] = ({ stream }) => (stream ? undefined : demanded)

  test('is off, on when a server demands it, and then read whole', async () => {
    const usage = { prompt_tokens: 100, completion_tokens: 10 }
    const result = await propose(
      [
        { ...calls(edit()), usage },
        { ...calls(submit), usage },
      ],
      { options: { refuse } },
    )
    expect(result).toMatchObject({ proposal: { files: CHANGED } })
    expect(result.usage).toEqual({ inputTokens: 200, outputTokens: 20, dollars: 0 })
    expect(models[0]?.requests.map(({ stream }) => stream ?? false)).toEqual([false, true, true])
  })

  test('that was not requested is understood, including several calls in one answer', async () => {
    const result = await propose(
      [{ ...calls(edit(), edit('wd = 1', 'wd = 2'), submit), content: 'Two at once.' }],
      {
        options: { alwaysStreams: true },
      },
    )
    expect(result).toMatchObject({ proposal: { files: new Map([['train.py', 'lr = 2\nwd = 2\n']]) } })
  })

  test('keeps what a server adds to a call', async () => {
    const message = {
      reasoning_content: '',
      tool_calls: [
        {
          id: 'a',
          function: { name: 'edit_file', arguments: JSON.stringify(edit().arguments) },
          extra_content: { s: 1 },
        },
      ],
    }
    const result = await propose([{ message }, calls(submit)], { options: { alwaysStreams: true } })
    expect(result).toMatchObject({ proposal: { files: CHANGED } })
    const back = models[0]?.requests.at(-1)?.messages.find(({ role }) => role === 'assistant')
    expect(back).toMatchObject({ reasoning_content: '', tool_calls: [{ id: 'a', extra_content: { s: 1 } }] })
  })

  test('F4 that breaks off is a cut answer, however complete its calls look', async () => {
    const result = await propose(
      [
        { ...done, events: -3 },
        { ...done, events: -3 },
      ],
      { options: { alwaysStreams: true } },
    )
    expect(result).toMatchObject({ kind: 'nothing', reason: 'answer was cut off' })
  })

  test('F2 that reports an error is an error', async () => {
    const body = 'data: {"error": {"message": "upstream is overloaded", "code": 502}}\n\ndata: [DONE]\n\n'
    const fault = { status: 200, body, headers: { 'content-type': 'text/event-stream', ...AT_ONCE } }
    expect((await propose([fault, done])).kind).toBe('proposal')
  })
})

describe('what a model thought', () => {
  const thoughts = { reasoning_content: 'Hm.', reasoning: 'Hm.' }
  const kept = () =>
    models[0]?.requests
      .at(-1)
      ?.messages.flatMap((message) =>
        message.role === 'assistant'
          ? [Object.keys(message).filter((key) => key.startsWith('reasoning'))]
          : [],
      )

  test('goes back beside tool calls, as DeepSeek requires, and only in the field it names', async () => {
    await propose([{ ...calls(edit()), message: thoughts }, calls(submit)])
    expect(kept()).toEqual([['reasoning_content']])
  })

  test('does not go back without tool calls', async () => {
    await propose([{ content: 'Hm.', message: thoughts }, done])
    expect(kept()).toEqual([[]])
  })

  test('does not go back to a server that refuses it', async () => {
    const refuse: ModelOptions['refuse'] = ({ messages }) =>
      messages.some((message) => 'reasoning_content' in message)
        ? error(400, {
            message:
              "'messages.2' : for 'role:assistant' the following must be satisfied[('messages.2' : property 'reasoning_content' is unsupported)]",
          })
        : undefined
    const result = await propose([{ ...calls(edit()), message: thoughts }, calls(submit)], {
      options: { refuse },
    })
    expect(result.kind).toBe('proposal')
    expect(kept()).toEqual([[]])
  })

  test('alone is an empty answer', async () => {
    const result = await propose([{ content: '', message: thoughts }])
    expect(result).toMatchObject({ kind: 'nothing', reason: 'empty answer' })
  })
})

describe('a sloppy answer', () => {
  const sloppy = (id: unknown, args: unknown = edit().arguments) => ({
    tool_calls: [{ id, function: { name: 'edit_file', arguments: args } }],
  })

  test.each([
    ['ids of calls are missing', sloppy(undefined)],
    ['ids of calls are null', sloppy(null)],
    ['ids of calls are empty', sloppy('')],
    ['arguments are an object', sloppy('call_1_x')],
  ])('is understood when %s', async (_, message) => {
    const result = await propose([{ message }, calls(submit)])
    expect(result).toMatchObject({ proposal: { files: CHANGED } })
  })

  test('is understood when its content comes in parts', async () => {
    const message = { content: [{ type: 'text', text: PLAIN }] }
    expect(await propose([{ message }])).toMatchObject({ proposal: { files: CHANGED } })
  })

  test('with broken arguments goes back with empty ones, which servers that parse them can read', async () => {
    const result = await propose([calls({ name: 'edit_file', arguments: '{"path": ' }), done])
    expect(result.kind).toBe('proposal')
    expect(JSON.stringify(models[0]?.requests.at(-1)?.messages)).toContain('"arguments":"{}"')
  })
})

describe('a request that the endpoint rejects', () => {
  test.each<[string, ScriptedFault, string]>([
    [
      'OpenAI',
      error(400, { message: "Unsupported value: 'temperature'", param: 'temperature' }),
      'temperature',
    ],
    [
      'FastAPI',
      { status: 422, body: { detail: [{ loc: ['body', 'model'], msg: 'field required' }] } },
      'field required',
    ],
    ['a proxy', { status: 405, body: 'Method Not Allowed' }, 'Method Not Allowed'],
  ])('%s: is a mistake that repeats, not an outage, and is quoted', async (_, fault, quote) => {
    const result = await propose([fault])
    expect(result).toMatchObject({ kind: 'nothing', exhausted: true, cause: 'unreachable' })
    expect(result).toMatchObject({ reason: expect.stringContaining('the endpoint rejects the request: ') })
    expect(result).toMatchObject({ reason: expect.stringContaining(quote) })
    expect(models[0]?.requests).toHaveLength(1)
  })

  test('after an answer, costs this conversation, not the proposer', async () => {
    const result = await propose([
      calls(edit('lr = 1', 'lr = 2')),
      error(400, { message: 'Bad messages[3]' }),
    ])
    expect(result).toMatchObject({ kind: 'nothing', exhausted: false })
    expect(result).not.toHaveProperty('cause')
    expect(result).toMatchObject({ reason: expect.stringContaining('Bad messages[3]') })
  })

  test('F2 because of what the model wrote may pass', async () => {
    const fault = error(400, { code: 'tool_use_failed', message: 'Failed to call a function' })
    expect(await propose([fault])).toMatchObject({ exhausted: false, cause: 'unreachable' })
  })
})

describe('a conversation that does not fit', () => {
  const section = (name: string) => `# ${name}\n\n${'All work and no play.\n'.repeat(500)}`
  const brief = `# Rules\n\nPropose one change.\n\n${section('Source')}\n${section('Tried so far')}`

  test.each<[string, ScriptedFault]>([
    ['OpenAI', error(400, { code: 'context_length_exceeded', message: 'Too long' })],
    [
      'vLLM',
      {
        status: 400,
        body: {
          message:
            "This model's maximum context length is 16384 tokens. However, you requested 122946 tokens (112946 in the messages, 10000 in the completion). Please reduce the length of the messages or completion.",
          code: 400,
        },
      },
    ],
    [
      'llama.cpp',
      error(400, {
        code: 400,
        message: 'request (4390 tokens) exceeds the available context size (4096 tokens), try increasing it',
        type: 'exceed_context_size_error',
      }),
    ],
    ['llama.cpp, with 500', error(500, { code: 500, message: 'Context size has been exceeded.' })],
    [
      'LM Studio, with 200',
      error(200, {
        message: 'The number of tokens to keep from the initial prompt is greater than the context length.',
      }),
    ],
  ])('for %s: the brief is cut to half, each of its parts kept', async (_, fault) => {
    const result = await propose([fault, done], { request: { brief } })
    expect(result.kind).toBe('proposal')
    const [first, second] = models[0]?.requests.map(({ messages }) => String(messages[1]?.content)) ?? []
    expect(second?.length).toBeLessThan((first?.length ?? 0) / 2 + 200)
    expect(second).toContain('Propose one change.')
    for (const part of ['# Rules', '# Source', '# Tried so far']) expect(second).toContain(part)
  })

  test('later cuts what the tools answered, too', async () => {
    const files = new Map([['train.py', `lr = 1\n${'# text\n'.repeat(2000)}`]])
    const fault = error(400, { code: 'context_length_exceeded', message: 'Too long' })
    const read = calls({ name: 'read_file', arguments: { path: 'train.py' } })
    expect((await propose([read, fault, done], { request: { brief, files } })).kind).toBe('proposal')
    expect(told().at(-1)?.length).toBeLessThan(600)
  })

  const tooLong = error(400, {
    message: "This model's maximum context length is 2048 tokens. However, you requested 5312 tokens.",
  })

  test('F100 a context smaller than the shortest brief is permanent, with both numbers', async () => {
    const result = await propose([tooLong, tooLong, tooLong, done], { request: { brief } })
    expect(result).toMatchObject({
      kind: 'nothing',
      reason:
        "the model's context of 2048 tokens is smaller than the shortest brief (5312 tokens): use a larger context or another model",
      cause: 'unreachable',
      exhausted: true,
    })
    expect(models[0]?.requests).toHaveLength(3)
  })

  test('F100 a context that fits the shortest brief gets it', async () => {
    expect((await propose([tooLong, tooLong, done], { request: { brief } })).kind).toBe('proposal')
  })
})

describe('limits of rate', () => {
  test('F1 a 429 without a time is retried after a pause of our own, and not for ever', async () => {
    const fault = { status: 429 }
    const result = await propose([fault, fault, done], { settings: { maxRetries: 1 } })
    expect(result).toMatchObject({ kind: 'nothing', reason: 'llm-error: 429 scripted 429' })
    expect(models[0]?.requests).toHaveLength(2)
  })

  test('F1 a 429 that speaks of tokens is not taken for a conversation that does not fit', async () => {
    const message = 'Rate limit reached: too many input tokens per minute'
    const fault = { ...error(429, { message }), headers: AT_ONCE }
    const result = await propose([fault, done])
    expect(result.kind).toBe('proposal')
    expect(told()[1]).toBe('Improve it.')
  })
})

describe('several endpoints', () => {
  /** One proposer with two endpoints, of which the first one answers `answers`. */
  async function fallBack(
    answers: readonly ScriptedAnswer[],
    keysOf = ([one, other]: string[]) => `${one}=key-1\n${other}=key-2\n`,
  ) {
    const first = await start([{ answers }, { answers: [done] }], { apiKey: 'key-1', models: ['gpt-x'] })
    const second = await start([{ answers: [done] }], { apiKey: 'key-2', models: ['gpt-y'] })
    const endpoints = [
      { model: 'gpt-x', baseUrl: first.baseUrl },
      { model: 'gpt-y', baseUrl: second.baseUrl, price: { input: 1, output: 1 } },
    ] as const
    const hosts = [first, second].map(({ baseUrl }) => new URL(baseUrl).host)
    const parsed = parseKeys(keysOf(hosts))
    if (parsed.kind === 'wrong') throw new Error(`line ${parsed.line}`)
    const urls = endpoints.map(({ baseUrl }) => baseUrl)
    const proposer = createOpenAIProposer(
      { endpoints: [...endpoints], maxTurns: 8, maxRetries: 1 },
      assignKeys('key-1', parsed.secrets, urls),
    )
    return { proposer, first, second }
  }

  test.each<[string, ScriptedAnswer[]]>([
    [
      'is overloaded',
      [
        { status: 503, headers: AT_ONCE },
        { status: 503, headers: AT_ONCE },
      ],
    ],
    ['is out of quota', [{ status: 402, body: { error: { message: 'Insufficient credits' } } }]],
    ['asks for an hour', [{ status: 429, headers: { 'retry-after': '3600' } }]],
    ['fails in the middle', [calls(edit('wd = 1', 'wd = 9')), { status: 400 }]],
  ])('F2 the second is asked, from the beginning, when the first %s', async (_, answers) => {
    const { proposer, second } = await fallBack(answers)
    const result = await proposer.propose(aRequest())
    expect(result).toMatchObject({ kind: 'proposal', author: 'openai gpt-y', proposal: { files: CHANGED } })
    expect(second.requests[0]?.messages).toHaveLength(2)
    expect(result.usage.dollars).toBeGreaterThan(0)
  })

  test('the first is used again for the next candidate', async () => {
    const { proposer, first } = await fallBack([{ status: 400 }])
    await proposer.propose(aRequest())
    expect(await proposer.propose(aRequest())).toMatchObject({ author: 'openai gpt-x' })
    expect(first.requests).toHaveLength(2)
  })

  test('a model without an idea does not cause a switch to the next endpoint', async () => {
    const { proposer, second } = await fallBack([{ content: '' }])
    expect(await proposer.propose(aRequest())).toMatchObject({ kind: 'nothing', reason: 'empty answer' })
    expect(second.requests).toHaveLength(0)
  })

  test('a key is not sent to another host, and neither appears in a reason', async () => {
    const refused = { status: 400, body: { error: { message: 'no key-1' } } }
    const { proposer } = await fallBack([refused], () => '')
    const result = await proposer.propose(aRequest())
    // The second one has no key of its own: it is asked without, and says so.
    expect(result).toMatchObject({ kind: 'nothing', exhausted: true })
    expect(result).toMatchObject({
      reason: expect.stringMatching(
        /no \*\*\*; .*; then gpt-y: the endpoint requires a key: add one for 127/,
      ),
    })
    expect(JSON.stringify(result)).not.toContain('key-1')
  })

  test('removed: where keys do not go by host, the second one gets the key of the first', async () => {
    const { proposer } = await fallBack([{ status: 400 }], ([, other]) => `${other}=key-1`)
    expect(await proposer.propose(aRequest())).toMatchObject({
      reason: expect.stringContaining('then gpt-y: the endpoint refused the key (401)'),
    })
  })

  /** An endpoint that sends whoever asks it to another one, which wants no key. */
  async function moved() {
    const elsewhere = untilTheEnd(await startModel({ conversations: [{ answers: [done] }] }))
    const headers = { location: `${elsewhere.baseUrl}/chat/completions` }
    const { baseUrl } = await start([{ answers: [{ status: 307, headers, body: '' }] }])
    return { baseUrl, elsewhere }
  }

  test('a redirection is not followed', async () => {
    const { baseUrl, elsewhere } = await moved()
    const result = await aProposer({ baseUrl }).propose(aRequest())
    expect(result).toMatchObject({
      kind: 'nothing',
      reason: expect.stringContaining('the endpoint redirects'),
    })
    expect(elsewhere.requests).toHaveLength(0)
    expect(JSON.stringify(result)).not.toContain(KEY)
  })

  test('removed: as anybody fetches, the source code goes there, too', async () => {
    const { baseUrl, elsewhere } = await moved()
    await fetch(`${baseUrl}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}` },
      body: JSON.stringify({ model: 'gpt-x', messages: [{ role: 'user', content: 'lr = 1' }] }),
    })
    expect(elsewhere.requests).toMatchObject([{ messages: [{ content: 'lr = 1' }] }])
  })
})
