// One endpoint with OpenAI's chat completions API: limits time, bytes and retries, explains failures, and adapts to the
// endpoint's peculiarities after its first refusals.
import OpenAI, { APIConnectionError, APIConnectionTimeoutError, APIError } from 'openai'
import type { ChatCompletionMessageParam, ChatCompletionTool } from 'openai/resources'
import type { EndpointConfig } from '../../core/config/config.ts'
import { hostOf, OPENAI_URL } from '../../core/config/secrets.ts'
import { findRefusedAccess } from '../../core/propose/refused-access.ts'
import { type Reply, readAnswer } from './answer.ts'
import { boundedFetch } from './bounded-fetch.ts'
import { type Refusal, rejectsRequest, type Sizes, sizesIn, understand } from './refusals.ts'

export interface EndpointSettings extends EndpointConfig {
  /** May be empty: self-hosted servers often need no key. */
  apiKey: string
  /** Maximum tokens of one answer; absent: the endpoint decides. */
  maxOutputTokens?: number
  /** Timeout for one answer, including its body. Default 300, after which Node itself gives up waiting for headers. */
  timeoutSeconds?: number
  /** Maximum retries for one answer, after a 429, a 5xx, a timeout or a lost connection. Default 4. */
  maxRetries?: number
}

/** `permanent`: every call fails in the same way until a person changes a setting. */
export interface Failure {
  kind: 'failure'
  reason: string
  permanent: boolean
  /** The endpoint is there, and rejects the request. */
  isRejected?: true
  /** Set when a changed request could succeed. */
  refusal?: Refusal
  /** What a refusal for length tells of sizes. */
  sizes?: Sizes
}

interface Question {
  messages: readonly ChatCompletionMessageParam[]
  /** Empty: the model answers in plain text. */
  tools: readonly ChatCompletionTool[]
}

export interface Endpoint {
  model: string
  /** False once it has refused or ignored tools. */
  takesTools: boolean
  /** Requests the next message. Never throws, and returns immediately when aborted. */
  ask(question: Question, signal: AbortSignal): Promise<Reply | Failure>
}

const NOT_A_COMPLETION = 'llm-error: the answer is not a chat completion; check base-url'

/** What is known about an endpoint. Each refusal changes a field once, in one direction, so that adapting terminates. */
interface Dialect {
  /** Names of the answer limit that are left to try. Most servers accept the old name, and some only that. */
  limitNames: string[]
  stream: boolean
  takesThoughts: boolean
}

export function connect(settings: EndpointSettings): Endpoint {
  const { model, timeoutSeconds = 300, maxRetries = 4 } = settings
  const client = new OpenAI({
    // The SDK rejects an empty key, and reads missing options from the environment.
    apiKey: settings.apiKey || 'none',
    organization: null,
    project: null,
    baseURL: settings.baseUrl ?? OPENAI_URL,
    timeout: Math.ceil(timeoutSeconds * 1000),
    maxRetries,
    logLevel: 'off',
    fetch: boundedFetch,
  })
  const dialect: Dialect = {
    limitNames: ['max_tokens', 'max_completion_tokens'],
    stream: false,
    takesThoughts: true,
  }
  const endpoint: Endpoint = {
    model,
    takesTools: true,
    async ask(question, signal) {
      for (;;) {
        const body = requestBody(question, settings, dialect)
        try {
          // Not `chat.completions.create`, which parses streams incrementally; `boundedFetch` has already assembled them.
          const call = client.post('/chat/completions', { body, signal })
          const answer = await unlessAborted(call, signal)
          return readAnswer(answer, JSON.stringify(body).length, settings.price) ?? failure(NOT_A_COMPLETION)
        } catch (error) {
          const refusal = refusalOf(error)
          if (refusal !== undefined && learn(dialect, refusal, body)) continue
          if (refusal === 'no-tools') endpoint.takesTools = false
          const sizes = refusal === 'too-long' ? sizesIn(messageOf(error)) : undefined
          return { ...explain(error, settings), ...(refusal && { refusal }), ...(sizes && { sizes }) }
        }
      }
    },
  }
  return endpoint
}

type RequestBody = Record<string, unknown>

function requestBody(
  { messages, tools }: Question,
  settings: EndpointSettings,
  dialect: Dialect,
): RequestBody {
  const { model, maxOutputTokens } = settings
  const [limit] = dialect.limitNames
  return {
    model,
    messages: dialect.takesThoughts ? messages : messages.map(withoutThoughts),
    ...(tools.length > 0 && { tools }),
    ...(maxOutputTokens !== undefined && limit !== undefined && { [limit]: maxOutputTokens }),
    ...(dialect.stream && { stream: true, stream_options: { include_usage: true } }),
  }
}

function withoutThoughts(message: ChatCompletionMessageParam): ChatCompletionMessageParam {
  if (message.role !== 'assistant') return message
  const { reasoning_content: _, reasoning_details: __, ...rest } = message as unknown as RequestBody
  return rest as unknown as ChatCompletionMessageParam
}

/** @returns whether the next request will differ from the last one */
function learn(dialect: Dialect, refusal: Refusal, body: RequestBody): boolean {
  switch (refusal) {
    case 'limit-name': {
      const sent = dialect.limitNames.findIndex((name) => name in body)
      if (sent >= 0) dialect.limitNames.splice(0, sent + 1)
      return sent >= 0
    }
    case 'stream': {
      const learnt = !('stream' in body)
      dialect.stream = true
      return learnt
    }
    case 'reasoning': {
      const learnt = dialect.takesThoughts
      dialect.takesThoughts = false
      return learnt
    }
    case 'no-tools':
    case 'too-long':
      return false
  }
}

function refusalOf(error: unknown): Refusal | undefined {
  if (!(error instanceof APIError) || error.status === undefined) return undefined
  return understand(error.status, { ...error.error, message: error.message })
}

/** The error's message and fields: llama.cpp tells sizes in fields. */
function messageOf(error: unknown): string {
  return error instanceof APIError ? `${error.message} ${JSON.stringify(error.error ?? '')}` : ''
}

function explain(error: unknown, settings: EndpointSettings): Failure {
  const { model, baseUrl, apiKey, timeoutSeconds = 300 } = settings
  if (error instanceof APIConnectionTimeoutError)
    return failure(`llm-error: no answer within ${timeoutSeconds} s`)
  if (error instanceof APIConnectionError)
    return failure(`llm-error: no connection: ${causeOf(error)} (${hostOf(baseUrl)}); check base-url`)
  if (error instanceof SyntaxError) return failure(NOT_A_COMPLETION)
  if (!(error instanceof APIError)) return failure(`llm-error: ${String(error)}`)
  const { status, code } = error
  if (apiKey === '' && status === 401)
    return failure(
      `the endpoint requires a key: add one for ${hostOf(baseUrl)} to the input openai-api-keys, or for the first endpoint to openai-api-key, from the secret OPENAI_API_KEY`,
      'permanent',
    )
  const access = status === 429 || status === 404 ? undefined : findRefusedAccess(error.message)
  if (status === 401 || status === 403 || access?.kind === 'key')
    return failure(`the endpoint refused the key (${status}): check OPENAI_API_KEY and base-url`, 'permanent')
  if (status === 404)
    return failure(`the endpoint answers 404: check model "${model}" and base-url`, 'permanent')
  if (status === 402 || code === 'insufficient_quota' || access?.kind === 'money')
    return failure(`the account of OPENAI_API_KEY has no quota left (${status})`, 'permanent')
  if (rejectsRequest(status ?? 0, error))
    return {
      ...failure(
        `the endpoint rejects the request: ${error.message}; check the settings of model "${model}" and base-url`,
        'permanent',
      ),
      isRejected: true,
    }
  return failure(`llm-error: ${error.message}`)
}

function failure(reason: string, permanent?: 'permanent'): Failure {
  return { kind: 'failure', reason, permanent: permanent !== undefined }
}

/** The message of the innermost cause: the SDK's own message is only "Connection error." */
function causeOf(error: Error): string {
  let last: Error = error
  while (last.cause instanceof Error) last = last.cause
  return last.message
}

/** Rejects as soon as the signal aborts, because the SDK ignores the signal while it waits before a retry. */
function unlessAborted<T>(call: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    call.then(resolve, reject)
  })
}
