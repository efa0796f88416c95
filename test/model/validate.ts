// What OpenAI checks before it answers a chat completion request, as far as this project sends one.
import { z } from 'zod'

const text = z.union([z.string(), z.array(z.looseObject({ type: z.string() }))])

const assistant = z.looseObject({
  role: z.literal('assistant'),
  content: text.nullish(),
  tool_calls: z
    .array(
      z.looseObject({
        id: z.string().min(1),
        type: z.literal('function'),
        // vLLM and llama.cpp parse the arguments of earlier calls; OpenAI does not.
        function: z.looseObject({ name: z.string(), arguments: z.string().refine(isJson, 'not JSON') }),
      }),
    )
    .optional(),
})

function isJson(value: string): boolean {
  try {
    JSON.parse(value)
    return true
  } catch {
    return false
  }
}

const message = z.discriminatedUnion('role', [
  z.looseObject({ role: z.literal('system'), content: text }),
  z.looseObject({ role: z.literal('developer'), content: text }),
  z.looseObject({ role: z.literal('user'), content: text }),
  assistant,
  z.looseObject({ role: z.literal('tool'), content: text, tool_call_id: z.string() }),
])

const tool = z.strictObject({
  type: z.literal('function'),
  function: z.strictObject({
    name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/),
    description: z.string().max(1024).optional(),
    parameters: z.looseObject({ type: z.literal('object') }).optional(),
    strict: z.boolean().nullish(),
  }),
})

const fields = {
  model: z.string().min(1),
  messages: z.array(message).min(1),
  tools: z.array(tool).min(1).max(128).optional(),
  max_tokens: z.int().min(1).optional(),
  max_completion_tokens: z.int().min(1).optional(),
  stream: z.boolean().nullish(),
  stream_options: z.strictObject({ include_usage: z.boolean() }).optional(),
}

/** What a program that is not ours may send: more than we do. */
export const anyChatRequestSchema = z.looseObject({ ...fields, tools: z.array(z.looseObject({})).optional() })

export const chatRequestSchema = z
  .strictObject(fields)
  .superRefine(({ messages, stream, stream_options }, context) => {
    const problem = unansweredCall(messages)
    if (problem) context.addIssue({ code: 'custom', path: ['messages'], message: problem })
    if (stream_options && !stream)
      context.addIssue({ code: 'custom', path: ['stream_options'], message: 'only with stream' })
  })

export type ChatRequest = z.infer<typeof chatRequestSchema>
export type ChatMessage = z.infer<typeof message>

/** Every tool call must be answered right after the message that made it, and nothing else may be answered. */
function unansweredCall(messages: readonly ChatMessage[]): string | undefined {
  const open = new Set<string>()
  for (const current of messages) {
    if (current.role === 'tool') {
      if (!open.delete(current.tool_call_id))
        return `no tool call ${current.tool_call_id} precedes its answer`
      continue
    }
    if (open.size > 0) break
    if (current.role === 'assistant') for (const call of current.tool_calls ?? []) open.add(call.id)
  }
  return open.size > 0 ? `tool calls without an answer: ${[...open].join(', ')}` : undefined
}
