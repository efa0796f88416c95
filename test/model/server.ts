// A loopback endpoint that speaks OpenAI's chat completions and plays a script. It holds no model.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import {
  isFault,
  type ScriptedConversation,
  type ScriptedFault,
  type ScriptedReply,
  ScriptPlayer,
} from './script.ts'
import { anyChatRequestSchema, type ChatRequest, chatRequestSchema } from './validate.ts'

export interface ModelOptions {
  conversations: readonly ScriptedConversation[]
  /** When set, every other key gets a 401. */
  apiKey?: string
  /** When set, every other model gets a 404. */
  models?: readonly string[]
  /** Requests that this endpoint does not take, in its own words. They do not count as a turn of the conversation. */
  refuse?: (request: ChatRequest) => ScriptedFault | undefined
  /** Streams every answer, whether it was asked to or not. */
  alwaysStreams?: boolean
  /** The client is a program that is not ours: it may send and ask for more. */
  isForeign?: boolean
  /** Called for every answer that is played, for whoever wants to show what happens; `key` is of who asked. */
  onAnswer?: (played: {
    label: string
    answer: ScriptedReply | ScriptedFault
    key: string | undefined
  }) => void
}

export interface Model {
  /** What goes into `base-url`. */
  baseUrl: string
  /** Every valid request, in order, those that got a fault included. */
  requests: readonly ChatRequest[]
  /** Why requests were answered 400. Empty as long as the client keeps to the protocol. */
  violations: readonly string[]
  /** Conversations of the script that nobody has begun yet. */
  conversationsLeft(): number
  close(): Promise<void>
}

/** Starts the endpoint on a free port of 127.0.0.1. */
export async function startModel(options: ModelOptions): Promise<Model> {
  const player = new ScriptPlayer(options.conversations)
  const requests: ChatRequest[] = []
  const violations: string[] = []
  let hasRefused = false
  const closing = new AbortController()
  const server = createServer((request, response) => {
    respond(request, response).catch((error: unknown) => {
      if (!closing.signal.aborted) sendError(response, 500, String(error))
    })
  })

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = refuse(request, options)
    if (refusal) return sendError(response, ...refusal)
    const schema = options.isForeign ? anyChatRequestSchema : chatRequestSchema
    const parsed = (schema as typeof chatRequestSchema).safeParse(JSON.parse(await readText(request)))
    if (!parsed.success) {
      violations.push(z.prettifyError(parsed.error))
      return sendError(response, 400, z.prettifyError(parsed.error), 'invalid_request_error')
    }
    const { model } = parsed.data
    if (options.models && !options.models.includes(model))
      return sendError(response, 404, `The model \`${model}\` does not exist`, 'model_not_found')
    requests.push(parsed.data)
    const refused = options.refuse?.(parsed.data)
    if (refused) {
      hasRefused = true
      return playFault(response, refused, closing.signal)
    }
    // Streaming is off unless an endpoint insists on it.
    if (parsed.data.stream && !hasRefused && !options.isForeign)
      violations.push('stream, though nobody asked for it')
    const { answer, conversation, label } = player.next(parsed.data.messages)
    options.onAnswer?.({ label, answer, key: keyOf(request) })
    if (isFault(answer)) return playFault(response, answer, closing.signal)
    if (answer.delayMs !== undefined) await wait(answer.delayMs, undefined, { signal: closing.signal })
    const whole = completion(parsed.data, answer, `${conversation}_${requests.length}`)
    if (parsed.data.stream || options.alwaysStreams) return sendStream(response, whole, answer.events)
    sendJson(response, 200, whole)
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    violations,
    conversationsLeft: () => player.left,
    close: () => {
      closing.abort()
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

function keyOf({ headers }: IncomingMessage): string | undefined {
  return /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1]
}

function refuse(request: IncomingMessage, { apiKey }: ModelOptions): [number, string, string] | undefined {
  const { method, url } = request
  if (method !== 'POST' || url !== '/v1/chat/completions')
    return [404, `Invalid URL (${method} ${url})`, 'unknown_url']
  const key = keyOf(request)
  // OpenAI quotes the key, so that this one does too.
  if (apiKey !== undefined && key !== apiKey)
    return [401, `Incorrect API key provided: ${key}`, 'invalid_api_key']
  return undefined
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

function completion({ model, messages }: ChatRequest, reply: ScriptedReply, id: string) {
  const toolCalls = reply.toolCalls?.map(({ name, arguments: args }, index) => ({
    id: `call_${id}_${index}`,
    type: 'function',
    function: { name, arguments: typeof args === 'string' ? args : JSON.stringify(args) },
  }))
  const message = {
    role: 'assistant',
    content: reply.content ?? null,
    refusal: reply.refusal ?? null,
    ...(toolCalls && { tool_calls: toolCalls }),
    ...reply.message,
  }
  const finish = reply.finishReason ?? (toolCalls ? 'tool_calls' : 'stop')
  const usage = reply.usage === undefined ? estimate(messages, message) : reply.usage
  return {
    id: `chatcmpl-${id}`,
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: finish }],
    ...(usage && { usage: { ...usage, total_tokens: usage.prompt_tokens + usage.completion_tokens } }),
  }
}

/** Four characters a token, the usual rule of thumb. */
function estimate(prompt: unknown, answer: unknown) {
  const tokens = (value: unknown) => Math.ceil(JSON.stringify(value).length / 4)
  return { prompt_tokens: tokens(prompt), completion_tokens: tokens(answer) }
}

/** In pieces of a few characters, as servers do it, with usage in an event of its own. */
function sendStream(
  response: ServerResponse,
  { choices, usage, ...same }: ReturnType<typeof completion>,
  events = Number.POSITIVE_INFINITY,
): void {
  const [choice] = choices
  const { tool_calls: calls = [], content, ...message } = choice?.message ?? {}
  const pieces = [
    ...[message, ...inPieces(content ?? '').map((text) => ({ content: text }))],
    ...calls.flatMap(({ function: called, ...call }, index) => [
      { tool_calls: [{ index, ...call, function: { name: called.name, arguments: '' } }] },
      ...inPieces(called.arguments).map((text) => ({
        tool_calls: [{ index, function: { arguments: text } }],
      })),
    ]),
  ]
  const deltas = pieces.map((delta) => ({ ...same, choices: [{ index: 0, delta, finish_reason: null }] }))
  const end = { ...same, choices: [{ index: 0, delta: {}, finish_reason: choice?.finish_reason }] }
  const chunks = [...deltas, end, ...(usage ? [{ ...same, choices: [], usage }] : [])].map((chunk) =>
    JSON.stringify(chunk),
  )
  const lines = [...chunks, '[DONE]'].slice(0, events).map((data) => `data: ${data}\n\n`)
  response.writeHead(200, { 'content-type': 'text/event-stream' }).end(`: keep-alive\n\n${lines.join('')}`)
}

function inPieces(text: string): string[] {
  return text.match(/[\s\S]{1,7}/g) ?? []
}

async function playFault(
  response: ServerResponse,
  fault: ScriptedFault,
  closing: AbortSignal,
): Promise<void> {
  if (fault.delayMs !== undefined) await wait(fault.delayMs, undefined, { signal: closing })
  if (fault.drop === 'connection') return void response.destroy()
  const { body = { error: { message: `scripted ${fault.status}`, type: 'scripted', code: null } } } = fault
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  response.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers })
  if (fault.drop === 'body') return void response.write(text.slice(0, text.length / 2))
  response.end(text)
}

function sendError(response: ServerResponse, status: number, message: string, code?: string): void {
  sendJson(response, status, {
    error: { message, type: 'invalid_request_error', param: null, code: code ?? null },
  })
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
