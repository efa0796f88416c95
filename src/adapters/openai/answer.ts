// Reads a chat completion, strictly formatted or not, into the parts that the agent acts on.
import { randomUUID } from 'node:crypto'
import type { ChatCompletionMessageParam } from 'openai/resources'
import { z } from 'zod'
import type { EndpointConfig } from '../../core/config/config.ts'
import type { Usage } from '../../core/record/candidate.ts'

/** Dollars per million tokens. */
type Price = NonNullable<EndpointConfig['price']>

/** A model's reply, reduced to the parts that the agent acts on. */
export interface Reply {
  kind: 'reply'
  /** The message to append to the conversation. */
  message: ChatCompletionMessageParam
  content: string
  refusal: string
  toolCalls: { id: string; name: string; arguments: string }[]
  /** The answer is incomplete: it was too long, or the server failed while sending it. */
  isCut: boolean
  finishReason: string
  usage: Usage
}

const text = z.union([
  z.string(),
  // Some servers answer with parts, like those of OpenAI's request format.
  z
    .array(z.looseObject({ text: z.string().catch('') }))
    .transform((parts) => parts.map((part) => part.text).join('')),
])
const toolCall = z.looseObject({
  // Absent, null or empty on several local servers.
  id: z.string().nullish(),
  function: z.looseObject({
    name: z.string(),
    // An object in llama.cpp for a while (ggml-org/llama.cpp#20202), and in Ollama's own API.
    arguments: z
      .union([z.string(), z.record(z.string(), z.unknown()).transform((value) => JSON.stringify(value))])
      .catch(''),
  }),
})
const answerSchema = z.looseObject({
  choices: z
    .array(
      z.looseObject({
        finish_reason: z.string().nullish(),
        message: z.looseObject({
          content: text.nullish(),
          refusal: z.string().nullish(),
          tool_calls: z.array(toolCall).nullish(),
        }),
      }),
    )
    .min(1),
  usage: z.unknown().optional(),
})
const tokens = z.number().nonnegative()
const usageSchema = z.looseObject({
  prompt_tokens: tokens,
  completion_tokens: tokens,
  // OpenAI, vLLM, OpenRouter, xAI, Mistral; DeepSeek uses its own field.
  prompt_tokens_details: z
    .looseObject({ cached_tokens: tokens.catch(0) })
    .nullish()
    .catch(null),
  prompt_cache_hit_tokens: tokens.nullish().catch(null),
})

/** Besides length limits: OpenRouter's `error` when its provider failed, and DeepSeek's reason for being overloaded. */
const CUT = /^(length|max_tokens|error|insufficient_system_resource)$/i

type Message = z.infer<typeof answerSchema>['choices'][number]['message']

/**
 * @param sent characters of the request; its tokens are estimated from them when the answer reports no usage
 * @returns undefined when `answer` is not a chat completion
 */
export function readAnswer(answer: unknown, sent: number, price: Price | undefined): Reply | undefined {
  const parsed = answerSchema.safeParse(answer)
  const choice = parsed.data?.choices[0]
  if (!choice) return undefined
  const { message } = choice
  const calls = (message.tool_calls ?? []).map((call) => ({ ...call, id: call.id || newCallId() }))
  const finishReason = choice.finish_reason ?? ''
  return {
    kind: 'reply',
    message: continuation(message, calls),
    content: message.content ?? '',
    refusal: message.refusal ?? '',
    toolCalls: calls.map((call) => ({ id: call.id, ...call.function })),
    isCut: CUT.test(finishReason),
    finishReason,
    usage: usageOf(parsed.data?.usage, sent, JSON.stringify(message).length, price),
  }
}

/** Nine letters and digits, because some chat templates of Mistral models accept nothing else (vllm-project/vllm#5649). */
function newCallId(): string {
  return randomUUID().replaceAll('-', '').slice(0, 9)
}

/**
 * The message to send back. Endpoints add their own fields and expect them back, except for the model's reasoning: DeepSeek
 * requires it beside tool calls and only there (api-docs.deepseek.com/guides/thinking_mode), others bill or refuse it.
 */
function continuation(message: Message, calls: readonly object[]): ChatCompletionMessageParam {
  const { reasoning: _, reasoning_content, reasoning_details, tool_calls: __, ...rest } = message
  const thoughts = {
    ...(reasoning_content !== undefined && { reasoning_content }),
    ...(reasoning_details !== undefined && { reasoning_details }),
  }
  const said = calls.length > 0 ? { ...thoughts, tool_calls: calls.map(sendable) } : {}
  return {
    ...rest,
    role: 'assistant',
    content: message.content ?? null,
    ...said,
  } as ChatCompletionMessageParam
}

/** Replaces broken arguments: vLLM and llama.cpp parse those of earlier calls and refuse the request if that fails. */
function sendable(call: object): object {
  const { function: called } = call as z.infer<typeof toolCall>
  return {
    ...call,
    type: 'function',
    function: { ...called, arguments: isJson(called.arguments) ? called.arguments : '{}' },
  }
}

function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'object'
  } catch {
    return false
  }
}

/** Rule of thumb for English text and code. */
export const CHARACTERS_PER_TOKEN = 4

function usageOf(said: unknown, sent: number, received: number, price: Price | undefined): Usage {
  const { data } = usageSchema.safeParse(said)
  const inputTokens = data?.prompt_tokens ?? Math.ceil(sent / CHARACTERS_PER_TOKEN)
  const outputTokens = data?.completion_tokens ?? Math.ceil(received / CHARACTERS_PER_TOKEN)
  const told = data?.prompt_tokens_details?.cached_tokens ?? data?.prompt_cache_hit_tokens ?? 0
  const cachedTokens = Math.min(told, inputTokens)
  return {
    inputTokens,
    ...(cachedTokens > 0 && { cachedTokens }),
    outputTokens,
    dollars: price ? dollarsFor(price, inputTokens, cachedTokens, outputTokens) : 0,
    ...(!data && { estimated: true }),
  }
}

function dollarsFor(price: Price, input: number, cached: number, output: number): number {
  const { cachedInput = price.input } = price
  return ((input - cached) * price.input + cached * cachedInput + output * price.output) / 1e6
}
