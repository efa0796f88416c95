// One call to an OpenAI-compatible endpoint: bounded in time, bytes and retries, and its failures put into words.
import OpenAI, { APIConnectionError, APIConnectionTimeoutError, APIError } from 'openai'
import type { ChatCompletionCreateParamsNonStreaming, ChatCompletionMessageParam } from 'openai/resources'
import { z } from 'zod'
import type { Usage } from '../../core/candidate.ts'
import { boundedFetch } from './bounded-fetch.ts'

export interface EndpointSettings {
  /** As the endpoint names it. */
  model: string
  /** Default: that of OpenAI. */
  baseUrl?: string
  /** May be empty: servers on one's own machine often want none. */
  apiKey: string
  /** Dollars per million tokens. */
  price?: { input: number; output: number }
  /** For one answer, its body included. Node itself gives up when no answer has begun after 300 s, the default. */
  timeoutSeconds?: number
  /** For one answer, after a 429, a 5xx, a timeout or a lost connection. Default 4. */
  maxRetries?: number
}

/** What the model said, reduced to what the agent acts on. */
export interface Reply {
  kind: 'reply'
  /** As received: what the conversation is continued with. */
  message: ChatCompletionMessageParam
  content: string
  refusal: string
  toolCalls: { id: string; name: string; arguments: string }[]
  finishReason: string
  usage: Usage
}

/** `permanent`: the next call would fail in the same way, until a person changes a setting. */
interface Failure {
  kind: 'failure'
  reason: string
  permanent: boolean
}

export type Ask = (
  request: Pick<ChatCompletionCreateParamsNonStreaming, 'messages' | 'tools'>,
  signal: AbortSignal,
) => Promise<Reply | Failure>

const OPENAI_URL = 'https://api.openai.com/v1'
const NOT_A_COMPLETION = 'llm-error: the answer is not a chat completion; check base-url'

const tokens = z.number().nonnegative().catch(0)
const answerSchema = z.looseObject({
  choices: z
    .array(
      z.looseObject({
        finish_reason: z.string().nullish(),
        message: z.looseObject({
          role: z.literal('assistant'),
          content: z.string().nullish(),
          refusal: z.string().nullish(),
          tool_calls: z
            .array(
              z.looseObject({
                id: z.string().min(1),
                function: z.looseObject({ name: z.string(), arguments: z.string() }),
              }),
            )
            .nullish(),
        }),
      }),
    )
    .min(1),
  usage: z.looseObject({ prompt_tokens: tokens, completion_tokens: tokens }).nullish().catch(null),
})

/** Makes the function that asks the model for its next message. It never throws, and answers at once when aborted. */
export function connect(settings: EndpointSettings): Ask {
  const { model, timeoutSeconds = 300, maxRetries = 4 } = settings
  const client = new OpenAI({
    // The SDK refuses an empty key, and reads the environment for what is left out.
    apiKey: settings.apiKey || 'none',
    baseURL: settings.baseUrl ?? OPENAI_URL,
    timeout: Math.ceil(timeoutSeconds * 1000),
    maxRetries,
    logLevel: 'off',
    fetch: boundedFetch,
  })
  return async (request, signal) => {
    try {
      const call = client.chat.completions.create({ ...request, model }, { signal })
      return readAnswer(await unlessAborted(call, signal), settings)
    } catch (error) {
      return explain(error, settings)
    }
  }
}

function readAnswer(answer: unknown, { price }: EndpointSettings): Reply | Failure {
  const parsed = answerSchema.safeParse(answer)
  const choice = parsed.data?.choices[0]
  if (!choice) return failure(NOT_A_COMPLETION)
  const { message, finish_reason } = choice
  const inputTokens = parsed.data?.usage?.prompt_tokens ?? 0
  const outputTokens = parsed.data?.usage?.completion_tokens ?? 0
  const dollars = price ? (inputTokens * price.input + outputTokens * price.output) / 1e6 : 0
  return {
    kind: 'reply',
    // Endpoints put fields of their own into a message and want them back.
    message: message as unknown as ChatCompletionMessageParam,
    content: message.content ?? '',
    refusal: message.refusal ?? '',
    toolCalls: (message.tool_calls ?? []).map((call) => ({ id: call.id, ...call.function })),
    finishReason: finish_reason ?? '',
    usage: { inputTokens, outputTokens, dollars },
  }
}

function explain(error: unknown, { model, timeoutSeconds = 300 }: EndpointSettings): Failure {
  if (error instanceof APIConnectionTimeoutError)
    return failure(`llm-error: no answer within ${timeoutSeconds} s`)
  if (error instanceof APIConnectionError)
    return failure(`llm-error: no connection: ${causeOf(error)}; check base-url`)
  if (error instanceof SyntaxError) return failure(NOT_A_COMPLETION)
  if (!(error instanceof APIError)) return failure(`llm-error: ${String(error)}`)
  const { status, code } = error
  if (status === 401 || status === 403)
    return failure(`the endpoint refused the key (${status}): check OPENAI_API_KEY and base-url`, 'permanent')
  if (status === 404)
    return failure(`the endpoint answers 404: check model "${model}" and base-url`, 'permanent')
  if (code === 'insufficient_quota')
    return failure(`the account of OPENAI_API_KEY has no quota left (${status})`, 'permanent')
  return failure(`llm-error: ${error.message}`)
}

function failure(reason: string, permanent?: 'permanent'): Failure {
  return { kind: 'failure', reason, permanent: permanent !== undefined }
}

/** The SDK says "Connection error." and keeps what happened in a chain of causes. */
function causeOf(error: Error): string {
  let last: Error = error
  while (last.cause instanceof Error) last = last.cause
  return last.message
}

/** The SDK does not look at the signal while it waits before a retry. */
function unlessAborted<T>(call: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    call.then(resolve, reject)
  })
}
