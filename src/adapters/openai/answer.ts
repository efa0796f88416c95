// Reads a chat completion, strict or sloppy, into what the agent acts on.
import { randomUUID } from 'node:crypto'
import type { ChatCompletionMessageParam } from 'openai/resources'
import { z } from 'zod'
import type { EndpointConfig } from '../../core/config/config.ts'
import type { Usage } from '../../core/record/candidate.ts'

/** Dollars per million tokens. */
type Price = NonNullable<EndpointConfig['price']>

/** What the model said, reduced to what the agent acts on. */
export interface Reply {
  kind: 'reply'
  /** What the conversation is continued with. */
  message: ChatCompletionMessageParam
  content: string
  refusal: string
  toolCalls: { id: string; name: string; arguments: string }[]
  /** The answer ended before its end: it was too long, or the server failed meanwhile. */
  isCut: boolean
  finishReason: string
  usage: Usage
}

const text = z.union([
  z.string(),
  // Some servers answer with parts, as OpenAI's request format has them.
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
  // OpenAI, vLLM, OpenRouter, xAI, Mistral; DeepSeek has a field of its own.
  prompt_tokens_details: z
    .looseObject({ cached_tokens: tokens.catch(0) })
    .nullish()
    .catch(null),
  prompt_cache_hit_tokens: tokens.nullish().catch(null),
})

/** OpenRouter ends with `error` what its provider did not finish, DeepSeek with its name for being overloaded. */
const CUT = /^(length|max_tokens|error|insufficient_system_resource)$/i

type Message = z.infer<typeof answerSchema>['choices'][number]['message']

/**
 * @param sent characters of the request, from which its tokens are estimated when the answer does not say
 * @returns undefined when `answer` is no chat completion
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

/** Nine letters and digits, because some templates of Mistral's models take no others (vllm-project/vllm#5649). */
function newCallId(): string {
  return randomUUID().replaceAll('-', '').slice(0, 9)
}

/**
 * The message as it goes back. Endpoints put fields of their own into it and want them back, but for what the model
 * thought: DeepSeek wants that beside tool calls and only there (api-docs.deepseek.com/guides/thinking_mode), others pay
 * for it or refuse it.
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

/** vLLM and llama.cpp parse the arguments of earlier calls, and refuse the request when they are broken. */
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

/** The usual rule of thumb. */
const CHARACTERS_PER_TOKEN = 4

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
