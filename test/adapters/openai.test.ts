import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import type { ScriptedAnswer, ScriptedReply } from '../model/script.ts'
import { startModel } from '../model/server.ts'
import {
  AT_ONCE,
  aProposer,
  aRequest,
  calls,
  edit,
  FILES,
  KEY,
  models,
  propose,
  type Settings,
  SUBMIT,
  start,
  submit,
  told,
  untilTheEnd,
} from './openai-lab.ts'

describe('a conversation', () => {
  test('that edits and submits is a proposal of the changed files only', async () => {
    const result = await propose([
      calls({ name: 'list_files', arguments: {} }, { name: 'read_file', arguments: { path: 'train.py' } }),
      calls(edit()),
      calls(submit),
    ])
    expect(result).toMatchObject({
      kind: 'proposal',
      proposal: {
        title: SUBMIT.title,
        hypothesis: SUBMIT.hypothesis,
        category: 'hyperparameter',
        expectedEffect: '−0.01',
        files: new Map([['train.py', 'lr = 2\nwd = 1\n']]),
      },
    })
  })

  test('starts with the brief, offers the tools, and returns their results to the model', async () => {
    await propose([calls({ name: 'read_file', arguments: { path: 'eval.py' } }), calls(edit(), submit)])
    const [first, second] = models[0]?.requests ?? []
    expect(first).toMatchObject({
      model: 'gpt-x',
      messages: [{ role: 'system' }, { role: 'user', content: 'Improve it.' }],
    })
    expect(first?.tools?.map((tool) => tool.function.name)).toEqual([
      'list_files',
      'read_file',
      'search_files',
      'edit_file',
      'write_file',
      'delete_file',
      'move_file',
      'show_diff',
      'search_past',
      'read_past',
      'submit',
    ])
    expect(second?.messages.at(-1)).toMatchObject({ role: 'tool', content: 'score()\n' })
  })

  test('sums its usage, in dollars where a price is known', async () => {
    const usage = { prompt_tokens: 1000, completion_tokens: 100 }
    const result = await propose(
      [
        { ...calls(edit()), usage },
        { ...calls(submit), usage },
      ],
      {
        settings: { price: { input: 2, output: 10 } },
      },
    )
    expect(result.usage).toEqual({ inputTokens: 2000, outputTokens: 200, dollars: 0.006 })
  })

  test('estimates a missing usage, dollars included, and says so', async () => {
    const result = await propose([{ ...calls(edit(), submit), usage: null }], {
      settings: { price: { input: 2, output: 10 } },
    })
    expect(result).toMatchObject({ kind: 'proposal', usage: { estimated: true } })
    // A quarter of the characters of the request, most of which are the tools, and of the answer.
    expect(result.usage.inputTokens).toBeGreaterThan(500)
    expect(result.usage.outputTokens).toBeGreaterThan(50)
    const { inputTokens, outputTokens, dollars } = result.usage
    expect(dollars).toBeCloseTo((2 * inputTokens + 10 * outputTokens) / 1e6)
  })

  test('counts cached tokens apart, at their own price', async () => {
    const usage = {
      prompt_tokens: 1000,
      completion_tokens: 100,
      prompt_tokens_details: { cached_tokens: 800 },
    }
    const result = await propose([{ ...calls(edit(), submit), usage }], {
      settings: { price: { input: 2, cachedInput: 0.5, output: 10 } },
    })
    expect(result.usage).toEqual({
      inputTokens: 1000,
      cachedTokens: 800,
      outputTokens: 100,
      dollars: expect.closeTo((200 * 2 + 800 * 0.5 + 100 * 10) / 1e6),
    })
  })

  test('ends after the allowed number of turns, and what it cost is counted', async () => {
    const reading = calls({ name: 'list_files', arguments: {} })
    const result = await propose([reading, reading, reading], { settings: { maxTurns: 2 } })
    expect(result).toMatchObject({
      kind: 'nothing',
      reason: 'no submission within 2 turns',
      exhausted: false,
    })
    expect(models[0]?.requests).toHaveLength(2)
    expect(result.usage.inputTokens).toBeGreaterThan(0)
  })

  test('ends at once when the run is stopped, while the model is silent', async () => {
    const stopping = new AbortController()
    await start([{ answers: [{ status: 200, delayMs: 60_000 }] }], { onAnswer: () => stopping.abort() })
    const result = await aProposer().propose(aRequest({ signal: stopping.signal }))
    expect(result).toMatchObject({ kind: 'nothing', reason: 'stopped', exhausted: false })
  })

  test('ends at once when the run is stopped, while waiting to retry', { timeout: 50_000 }, async () => {
    const stopping = new AbortController()
    await start([{ answers: [{ status: 429, headers: { 'retry-after-ms': '59000' } }] }])
    const proposing = aProposer().propose(aRequest({ signal: stopping.signal }))
    while (models[0]?.requests.length === 0) await new Promise(setImmediate)
    // Lets the answer arrive, so that the SDK is in its wait.
    for (let turn = 0; turn < 500; turn++) await new Promise(setImmediate)
    stopping.abort()
    expect(await proposing).toMatchObject({ kind: 'nothing', reason: 'stopped' })
  })

  test('does not begin when the run is already stopped', async () => {
    const result = await propose([calls(edit(), submit)], { request: { signal: AbortSignal.abort() } })
    expect(result).toMatchObject({ kind: 'nothing', reason: 'stopped' })
    expect(models[0]?.requests).toHaveLength(0)
  })

  test('is independent of the previous one and its edits', async () => {
    await start([
      { answers: [calls(edit()), { content: 'no' }, { content: 'no' }] },
      { answers: [calls(edit('wd = 1', 'wd = 2'), submit)] },
    ])
    const proposer = aProposer()
    expect(await proposer.propose(aRequest())).toMatchObject({ kind: 'nothing' })
    expect(await proposer.propose(aRequest())).toMatchObject({
      kind: 'proposal',
      proposal: { files: new Map([['train.py', 'lr = 1\nwd = 2\n']]) },
    })
  })

  test('can run beside another one', async () => {
    const [first, second] = [edit('lr = 1', 'lr = 8'), edit('wd = 1', 'wd = 8')]
    await start([{ answers: [calls(first), calls(submit)] }, { answers: [calls(second), calls(submit)] }])
    const proposer = aProposer()
    const results = await Promise.all([proposer.propose(aRequest()), proposer.propose(aRequest())])
    const texts = results.map((result) => result.kind === 'proposal' && result.proposal.files.get('train.py'))
    expect(texts.toSorted()).toEqual(['lr = 1\nwd = 8\n', 'lr = 8\nwd = 1\n'])
  })

  test('ends politely when the model has no more ideas', async () => {
    const result = await propose([])
    expect(result).toMatchObject({
      kind: 'nothing',
      reason: 'no tool call: I have no more ideas.',
      exhausted: false,
    })
    expect(models[0]?.requests).toHaveLength(2)
  })
})

describe('the gate', () => {
  const review = ({ files }: { files: ReadonlyMap<string, string> }) =>
    files.get('train.py')?.includes('seed') ? ['only a seed changes'] : []

  test('its reasons are sent once, and a corrected change is proposed', async () => {
    const result = await propose(
      [calls(edit('lr = 1', 'seed = 1'), submit), calls(edit('seed = 1', 'lr = 3'), submit)],
      { request: { review } },
    )
    expect(result).toMatchObject({
      kind: 'proposal',
      proposal: { files: new Map([['train.py', 'lr = 3\nwd = 1\n']]) },
    })
    expect(told().at(-1)).toContain('only a seed changes')
  })

  test('a second refused submission ends it with the reasons', async () => {
    const result = await propose(
      [calls(edit('lr = 1', 'seed = 1'), submit), calls(submit), calls(edit(), submit)],
      {
        request: { review },
      },
    )
    expect(result).toMatchObject({
      kind: 'nothing',
      reason: 'refused twice: only a seed changes',
      exhausted: false,
    })
    expect(models[0]?.requests).toHaveLength(2)
  })

  test('a submission without a change is refused', async () => {
    const away = calls(edit('lr = 1', 'lr = 2'), edit('lr = 2', 'lr = 1'), submit)
    expect(await propose([away, calls(submit)])).toMatchObject({
      kind: 'nothing',
      reason: 'refused twice: no file differs from the baseline',
    })
  })
})

describe('what models do wrong', () => {
  test.each([
    ['broken JSON', { name: 'edit_file', arguments: '{"path": "train.py", "sea' }, 'not a JSON object'],
    ['arguments of the wrong shape', { name: 'edit_file', arguments: { file: 'train.py' } }, 'are invalid'],
    ['an unknown tool', { name: 'run_shell', arguments: { command: 'rm -rf /' } }, 'no tool "run_shell"'],
  ])('F3 %s is answered with an error, and the model may repair it', async (_, wrong, problem) => {
    const result = await propose([calls(wrong), calls(edit(), submit)])
    expect(result.kind).toBe('proposal')
    expect(told().at(-1)).toContain(problem)
  })

  test('F3 a repair that is broken too ends it', async () => {
    const wrong = calls({ name: 'submit', arguments: '{' })
    const result = await propose([wrong, wrong, wrong])
    expect(result).toMatchObject({
      kind: 'nothing',
      reason: 'twice in a row, error: the arguments of submit are not a JSON object',
    })
    expect(models[0]?.requests).toHaveLength(2)
  })

  test('F101 an answer that is cut at its limit is asked for again once', async () => {
    const result = await propose([
      { ...calls(edit(), submit), finishReason: 'length' },
      calls(edit(), submit),
    ])
    expect(result.kind).toBe('proposal')
    expect(told().join()).toContain('cut off at its length limit')
  })

  test('F4 a truncated answer is rejected whole, also when its calls look complete', async () => {
    const cut = { ...calls(submit), finishReason: 'length' } as const
    const result = await propose([calls(edit()), cut, cut])
    expect(result).toMatchObject({ kind: 'nothing', reason: 'answer was cut off', exhausted: false })
    expect(models[0]?.requests).toHaveLength(3)
  })

  test.each<[string, ScriptedReply, string]>([
    ['an empty answer', { content: '' }, 'empty answer'],
    ['an answer of blanks', { content: ' \n' }, 'empty answer'],
    ['a refusal', { refusal: 'I cannot help with that.' }, 'the model refused: I cannot help with that.'],
    [
      'a content filter',
      { content: 'x', finishReason: 'content_filter' },
      'the model refused: content filter',
    ],
  ])('F5 %s is nothing', async (_, answer, reason) => {
    expect(await propose([answer])).toMatchObject({ kind: 'nothing', reason, exhausted: false })
    expect(models[0]?.requests).toHaveLength(1)
  })

  test('F5 an answer without a tool call is reminded once', async () => {
    const result = await propose([{ content: 'I would double lr.' }, calls(edit(), submit)])
    expect(result.kind).toBe('proposal')
    expect(told().at(-1)).toContain('Nothing happens without a tool call')
  })

  test('F5 a second answer without a tool call is nothing, on one line without control characters', async () => {
    const result = await propose([{ content: 'hm' }, { content: 'I would\n\u001b[31mdouble\u202e lr.' }])
    expect(result).toMatchObject({ kind: 'nothing', reason: 'no tool call: I would double lr.' })
  })

  test('F6 an edit that does not apply is told, and the files stay as they were', async () => {
    const result = await propose([calls(edit('lr = 7')), calls(edit('wd = 1', 'wd = 2'), submit)])
    expect(result).toMatchObject({
      kind: 'proposal',
      proposal: { files: new Map([['train.py', 'lr = 1\nwd = 2\n']]) },
    })
    expect(told().at(-1)).toContain('the search text is not in train.py')
  })

  test('F6 told once, a second edit that does not apply ends it', async () => {
    const result = await propose([calls(edit('lr = 7')), calls(edit('lr = 8')), calls(edit(), submit)])
    expect(result).toMatchObject({ kind: 'nothing', reason: expect.stringContaining('twice in a row') })
    expect(models[0]?.requests).toHaveLength(2)
  })

  test('F6 a submission behind a failed edit is not taken', async () => {
    const result = await propose([
      calls(edit('wd = 1', 'wd = 2'), edit('lr = 7'), submit),
      calls(edit(), submit),
    ])
    expect(result).toMatchObject({
      kind: 'proposal',
      proposal: { files: new Map([['train.py', 'lr = 2\nwd = 2\n']]) },
    })
    expect(told().at(-1)).toContain('not submitted, because a call before it failed')
  })

  test.each(['../secret', '/etc/passwd', 'lib\\..\\x', 'eval.py'])(
    'F9 an edit of %s is refused',
    async (path) => {
      const result = await propose([calls(edit('score', 'cheat', path), submit), calls(edit(), submit)])
      expect(result).toMatchObject({
        kind: 'proposal',
        proposal: { files: new Map([['train.py', 'lr = 2\nwd = 1\n']]) },
      })
    },
  )

  test('F8 hundreds of calls in one reply do not fill the conversation', async () => {
    const many = Array.from({ length: 300 }, () => ({ name: 'read_file', arguments: { path: 'train.py' } }))
    expect((await propose([calls(...many), calls(edit(), submit)])).kind).toBe('proposal')
    expect(told().filter((text) => text === FILES.get('train.py'))).toHaveLength(16)
  })
})

describe('what endpoints do wrong', () => {
  const done = calls(edit(), submit)

  test('F1 a 429 is retried after the time it names', async () => {
    const result = await propose([{ status: 429, headers: { 'retry-after': '0.01' } }, done])
    expect(result.kind).toBe('proposal')
    expect(models[0]?.requests).toHaveLength(2)
  })

  test.each([
    ['seconds', { 'retry-after': '3600' }],
    ['milliseconds', { 'retry-after-ms': '3600000' }],
    ['a date', { 'retry-after': new Date(Date.now() + 3_600_000).toUTCString() }],
  ])('F1 a 429 that asks for an hour, in %s, is not waited for', async (_, headers) => {
    const result = await propose([{ status: 429, headers }, done])
    expect(result).toMatchObject({ kind: 'nothing', reason: 'llm-error: 429 scripted 429', exhausted: false })
    expect(models[0]?.requests).toHaveLength(1)
  })

  test('F1 a 429 for good, because no money is left, exhausts the proposer', async () => {
    const body = { error: { message: 'You exceeded your quota', code: 'insufficient_quota' } }
    const result = await propose([{ status: 429, headers: AT_ONCE, body }], { settings: { maxRetries: 0 } })
    expect(result).toMatchObject({
      kind: 'nothing',
      reason: expect.stringContaining('no quota left'),
      exhausted: true,
    })
  })

  test('F2 a 5xx is retried', async () => {
    const result = await propose([
      { status: 503, headers: AT_ONCE },
      calls(edit()),
      { status: 500, headers: AT_ONCE },
      calls(submit),
    ])
    expect(result.kind).toBe('proposal')
  })

  test('F2 a 5xx that stays is an llm-error after bounded retries, and the next candidate gets its chance', async () => {
    const fault = { status: 502, headers: AT_ONCE }
    await start([{ answers: [fault, fault, fault] }, { answers: [done] }])
    const proposer = aProposer()
    expect(await proposer.propose(aRequest())).toMatchObject({
      kind: 'nothing',
      reason: 'llm-error: 502 scripted 502',
      exhausted: false,
    })
    expect(models[0]?.requests).toHaveLength(3)
    expect((await proposer.propose(aRequest())).kind).toBe('proposal')
  })

  test.each<[string, ScriptedAnswer]>([
    ['never begins', { status: 200, delayMs: 60_000 }],
    ['stops in the middle', { status: 200, drop: 'body' }],
  ])('F2 an answer that %s times out', async (_, answer) => {
    const result = await propose([answer], { settings: { timeoutSeconds: 0.1, maxRetries: 0 } })
    expect(result).toMatchObject({
      kind: 'nothing',
      reason: 'llm-error: no answer within 0.1 s',
      exhausted: false,
    })
  })

  test('F2 a lost connection is retried', async () => {
    const result = await propose([{ status: 200, drop: 'connection' }, done])
    expect(result.kind).toBe('proposal')
  })

  test('F2 an endpoint that is not there is an llm-error that names base-url', async () => {
    const closed = await start([])
    await closed.close()
    const result = await aProposer({ maxRetries: 0 }).propose(aRequest())
    expect(result).toMatchObject({ kind: 'nothing', exhausted: false })
    expect(result).toMatchObject({
      reason: expect.stringMatching(/^llm-error: no connection: .*ECONNREFUSED.*base-url$/),
    })
  })

  test.each<[string, ScriptedAnswer]>([
    ['HTML', { status: 200, body: '<html>', headers: { 'content-type': 'text/html' } }],
    ['HTML that is called JSON', { status: 200, body: '<html>' }],
    ['half of a JSON text', { status: 200, body: '{"choices": [' }],
    ['JSON of another kind', { status: 200, body: { choices: [] } }],
    ['an empty body', { status: 200, body: '' }],
  ])('F3 %s instead of a completion is an llm-error', async (_, answer) => {
    expect(await propose([answer])).toMatchObject({
      kind: 'nothing',
      reason: 'llm-error: the answer is not a chat completion; check base-url',
    })
  })

  test.each<[string, Partial<ScriptedAnswer>]>([
    ['answer', { status: 200 }],
    ['error', { status: 400 }],
  ])('F8 a huge %s is not read to its end, and not asked for again', async (_, answer) => {
    const body = JSON.stringify({ error: { message: 'x'.repeat(6 * 1024 * 1024) } })
    const result = await propose([{ status: 200, ...answer, body }])
    expect(result).toMatchObject({
      kind: 'nothing',
      reason: 'llm-error: 502 the answer is larger than 4 MiB',
    })
    expect(models[0]?.requests).toHaveLength(1)
  })

  test('F8 an endless answer is cut off', async () => {
    const endless = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      const pour = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      }
      response.on('drain', pour)
      pour()
    })
    await new Promise<void>((resolve) => endless.listen(0, '127.0.0.1', resolve))
    const baseUrl = `http://127.0.0.1:${(endless.address() as AddressInfo).port}/v1`
    const result = await aProposer({ baseUrl }).propose(aRequest())
    expect(result).toMatchObject({ reason: 'llm-error: 502 the answer is larger than 4 MiB' })
    endless.closeAllConnections()
    await new Promise((resolve) => endless.close(resolve))
  })
})

describe('settings', () => {
  const done = calls(edit(), submit)

  test('a wrong key exhausts the proposer, with a reason that names the setting and never the key', async () => {
    await start([{ answers: [done] }], { apiKey: 'another-key' })
    const result = await aProposer().propose(aRequest())
    expect(result).toMatchObject({
      kind: 'nothing',
      reason: 'the endpoint refused the key (401): check OPENAI_API_KEY and base-url',
      exhausted: true,
    })
  })

  test.each<[string, Settings]>([
    ['an unknown model', { model: 'gpt-nope' }],
    ['a wrong path', {}],
  ])('%s exhausts the proposer, with a reason that names model and base-url', async (_, settings) => {
    const { baseUrl } = await start([{ answers: [done] }])
    const wrong = settings.model ? baseUrl : `${baseUrl}/v2`
    const result = await aProposer({ ...settings, baseUrl: wrong }).propose(aRequest())
    expect(result).toMatchObject({ kind: 'nothing', exhausted: true })
    expect(result).toMatchObject({ reason: expect.stringMatching(/404: check model "gpt-.+" and base-url/) })
  })

  test.each<[string, ScriptedAnswer]>([
    ['an error', { status: 400, body: { error: { message: `bad header Bearer ${KEY}` } } }],
    ['a long error', { status: 400, body: { error: { message: `${'x'.repeat(270)}${KEY}` } } }],
    ['a refusal', { refusal: `your key is ${KEY}` }],
  ])('the key is taken out of %s that quotes it', async (_, answer) => {
    const result = await propose([answer])
    expect(result.kind).toBe('nothing')
    expect(JSON.stringify(result)).not.toContain(KEY.slice(0, 12))
  })

  test('removed: a key that is not known as one stays in the reason', async () => {
    untilTheEnd(await startModel({ conversations: [{ answers: [{ refusal: `your key is ${KEY}` }] }] }))
    const result = await aProposer({ apiKey: 'another-key' }).propose(aRequest())
    expect(JSON.stringify(result)).toContain(KEY)
  })

  test('a server of one’s own may need no key', async () => {
    untilTheEnd(await startModel({ conversations: [{ answers: [done] }] }))
    expect((await aProposer({ apiKey: '' }).propose(aRequest())).kind).toBe('proposal')
  })

  test('the name tells the model', () => {
    expect(aProposer().name).toBe('openai gpt-x')
  })
})
