// A loopback server that plays one scripted coding session in the four protocols that coding agents speak. It holds no model.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'

/** Tokens that the server reports for each answer, whatever the protocol calls them. */
export const ANSWER_TOKENS = { input: 1000, cached: 400, output: 50 }

export interface AgentServerOptions {
  /** The shell command that the model runs with the agent's own tool in its first turn. Default: it only answers. */
  command?: string
  /** What it says in its last turn. */
  text?: string
  /** Answers every request with this error, in the protocol's own form. */
  refusal?: { status: number; message: string }
}

export interface AgentServer {
  /** `http://127.0.0.1:PORT`, without a path. */
  origin: string
  /** `host:port`, as `hosts` wants it. */
  host: string
  /** Requests in order, as `POST /path`. */
  requests: readonly string[]
  /** The bodies of the requests to a model. */
  bodies: readonly Body[]
  close(): Promise<void>
}

type Body = Record<string, unknown>
interface Tool {
  name: string
  properties: Record<string, { type?: unknown }>
}
interface Turn {
  call?: { name: string; arguments: Record<string, unknown> }
  text: string
}
interface Protocol {
  path: RegExp
  tools(body: Body): Tool[]
  answer(response: ServerResponse, turn: Turn, body: Body): void
  error(message: string, status: number): object
}

const SHELLS = /^(bash|shell|exec|exec_command|shell_command|run_shell_command|local_shell)$/i

export async function startAgentServer(options: AgentServerOptions): Promise<AgentServer> {
  const requests: string[] = []
  const bodies: Body[] = []
  const server = createServer((request, response) => {
    respond(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)))
  })

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '', 'http://localhost')
    requests.push(`${request.method} ${pathname}`)
    const protocol = PROTOCOLS.find(({ path }) => path.test(pathname))
    const body = await readBody(request)
    if (!protocol || request.method !== 'POST')
      return sendJson(response, 404, { error: { message: 'not found' } })
    bodies.push(body)
    const { refusal } = options
    if (refusal) return sendJson(response, refusal.status, protocol.error(refusal.message, refusal.status))
    protocol.answer(response, turnFor(protocol.tools(body), body, options), body)
  }

  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    origin: `http://${host}`,
    host,
    requests,
    bodies,
    close: () => {
      server.closeAllConnections()
      return new Promise((closed) => server.close(() => closed()))
    },
  }
}

/** The command once, then the text. Requests without a shell, such as those for a session's title, get the text. */
function turnFor(tools: readonly Tool[], body: Body, { command, text = 'Done.' }: AgentServerOptions): Turn {
  const shell = tools.find(({ name }) => SHELLS.test(name))
  if (command === undefined || !shell || JSON.stringify(body).includes('call_scripted')) return { text }
  return { call: { name: shell.name, arguments: shellArguments(shell, command) }, text }
}

function shellArguments({ properties }: Tool, command: string): Record<string, unknown> {
  const name = 'cmd' in properties ? 'cmd' : 'command'
  const value = properties[name]?.type === 'array' ? ['sh', '-c', command] : command
  return {
    [name]: value,
    ...('description' in properties && { description: 'Edit and hand in' }),
    ...('is_background' in properties && { is_background: false }),
  }
}

const { input, cached, output } = ANSWER_TOKENS

const MESSAGES: Protocol = {
  path: /\/v1\/messages$/,
  tools: ({ tools }) => toolsOf(tools, (tool) => tool, 'input_schema'),
  answer(response, { call, text }, { model }) {
    const usage = {
      input_tokens: input - cached,
      cache_read_input_tokens: cached,
      cache_creation_input_tokens: 0,
      output_tokens: output,
    }
    const message = {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage,
    }
    const block = call
      ? { type: 'tool_use', id: 'call_scripted', name: call.name, input: {} }
      : { type: 'text', text: '' }
    const delta = call
      ? { type: 'input_json_delta', partial_json: JSON.stringify(call.arguments) }
      : { type: 'text_delta', text }
    sendEvents(response, [
      { type: 'message_start', message },
      { type: 'content_block_start', index: 0, content_block: block },
      { type: 'content_block_delta', index: 0, delta },
      { type: 'content_block_stop', index: 0 },
      {
        type: 'message_delta',
        delta: { stop_reason: call ? 'tool_use' : 'end_turn', stop_sequence: null },
        usage: { output_tokens: output },
      },
      { type: 'message_stop' },
    ])
  },
  error: (message) => ({ type: 'error', error: { type: 'authentication_error', message } }),
}

const RESPONSES: Protocol = {
  path: /\/responses$/,
  tools: codexTools,
  answer(response, { call, text }) {
    const item =
      call?.name === 'exec'
        ? scriptCall(call.arguments)
        : call
          ? {
              type: 'function_call',
              id: 'fc_1',
              call_id: 'call_scripted',
              name: call.name,
              arguments: JSON.stringify(call.arguments),
              status: 'completed',
            }
          : {
              type: 'message',
              id: 'msg_1',
              role: 'assistant',
              status: 'completed',
              content: [{ type: 'output_text', text, annotations: [] }],
            }
    const usage = {
      input_tokens: input,
      input_tokens_details: { cached_tokens: cached },
      output_tokens: output,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: input + output,
    }
    sendEvents(response, [
      { type: 'response.created', response: { id: 'resp_1' } },
      { type: 'response.output_item.added', output_index: 0, item },
      { type: 'response.output_item.done', output_index: 0, item },
      { type: 'response.completed', response: { id: 'resp_1', status: 'completed', output: [item], usage } },
    ])
  },
  error: openAIError,
}

/** Besides functions, Codex has offered its tools in a message since 0.171, for calls from one script. */
function codexTools({ tools, input: messages }: Body): Tool[] {
  const added = list(messages)
    .flatMap((message) => list(message.tools))
    .flatMap((space) => list(space.tools))
  const scripts = added
    .filter(({ name }) => name === 'exec')
    .map(() => ({ name: 'exec', properties: { cmd: {} } }))
  return [...toolsOf(tools, (tool) => tool, 'parameters'), ...scripts]
}

function scriptCall(args: Record<string, unknown>): object {
  const script = `text(await tools.exec_command(${JSON.stringify(args)}))`
  return {
    type: 'custom_tool_call',
    id: 'ctc_1',
    call_id: 'call_scripted',
    name: 'exec',
    input: script,
    status: 'completed',
  }
}

const COMPLETIONS: Protocol = {
  path: /\/chat\/completions$/,
  tools: ({ tools }) => toolsOf(tools, (tool) => tool.function as Body, 'parameters'),
  answer(response, { call, text }, { model, stream }) {
    const calls = call && [
      {
        index: 0,
        id: 'call_scripted',
        type: 'function',
        function: { name: call.name, arguments: JSON.stringify(call.arguments) },
      },
    ]
    const message = { role: 'assistant', content: calls ? null : text, ...(calls && { tool_calls: calls }) }
    const same = { id: 'chatcmpl-1', created: 1, model }
    const usage = {
      prompt_tokens: input,
      prompt_tokens_details: { cached_tokens: cached },
      completion_tokens: output,
      total_tokens: input + output,
    }
    const finish_reason = calls ? 'tool_calls' : 'stop'
    if (!stream)
      return sendJson(response, 200, {
        ...same,
        object: 'chat.completion',
        choices: [{ index: 0, message, finish_reason }],
        usage,
      })
    const chunk = (delta: object, reason: string | null) => ({
      ...same,
      object: 'chat.completion.chunk',
      choices: [{ index: 0, delta, finish_reason: reason }],
    })
    sendEvents(
      response,
      [
        chunk(message, null),
        chunk({}, finish_reason),
        { ...same, object: 'chat.completion.chunk', choices: [], usage },
      ],
      '[DONE]',
    )
  },
  error: openAIError,
}

const GEMINI: Protocol = {
  path: /:(streamG|g)enerateContent$/,
  tools: ({ tools }) =>
    list(tools).flatMap(({ functionDeclarations }) =>
      toolsOf(functionDeclarations, (tool) => tool, 'parametersJsonSchema', 'parameters'),
    ),
  answer(response, { call, text }) {
    const part = call
      ? { functionCall: { id: 'call_scripted', name: call.name, args: call.arguments } }
      : { text }
    sendEvents(response, [
      {
        candidates: [{ index: 0, content: { role: 'model', parts: [part] }, finishReason: 'STOP' }],
        usageMetadata: {
          promptTokenCount: input,
          cachedContentTokenCount: cached,
          candidatesTokenCount: output,
          totalTokenCount: input + output,
        },
        modelVersion: 'gemini-test',
      },
    ])
  },
  error: (message, status) => ({ error: { code: status, message, status: 'INVALID_ARGUMENT' } }),
}

const PROTOCOLS = [MESSAGES, RESPONSES, COMPLETIONS, GEMINI]

function openAIError(message: string): object {
  return { error: { message, type: 'invalid_request_error', param: null, code: 'invalid_api_key' } }
}

function list(value: unknown): Body[] {
  return Array.isArray(value) ? value : []
}

function toolsOf(tools: unknown, of: (tool: Body) => Body, ...schemas: string[]): Tool[] {
  return list(tools).flatMap((tool) => {
    const { name, ...fields } = of(tool) ?? {}
    const schema = schemas.map((field) => fields[field]).find((found) => found !== undefined)
    const { properties = {} } = (schema ?? {}) as { properties?: Tool['properties'] }
    return typeof name === 'string' ? [{ name, properties }] : []
  })
}

async function readBody(request: IncomingMessage): Promise<Body> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const bytes = Buffer.concat(chunks)
  const { 'content-encoding': encoding } = request.headers
  const plain =
    encoding === 'zstd' ? zstdDecompressSync(bytes) : encoding === 'gzip' ? gunzipSync(bytes) : bytes
  try {
    return JSON.parse(plain.toString('utf8'))
  } catch {
    return {}
  }
}

/** Server-sent events. Anthropic's and OpenAI's newer ones carry their type as the event's name, too. */
function sendEvents(response: ServerResponse, events: readonly object[], end?: string): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const event of events) {
    const name = 'type' in event ? `event: ${event.type}\n` : ''
    response.write(`${name}data: ${JSON.stringify(event)}\n\n`)
  }
  response.end(end === undefined ? undefined : `data: ${end}\n\n`)
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
