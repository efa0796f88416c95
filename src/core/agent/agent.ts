// What the built-in agent may call: its four tools, the schemas of their arguments, and the reading of a call.
import { z } from 'zod'
import { CATEGORIES, type Proposal } from '../candidate.ts'

const path = z.string().min(1).max(400).describe('Path as list_files shows it.')

const listFiles = z.strictObject({ tool: z.literal('list_files') })

const readFile = z.strictObject({
  tool: z.literal('read_file'),
  path,
  from_line: z.int().min(1).max(10_000_000).optional().describe('First line to show, 1-based. Default 1.'),
})

const editFile = z.strictObject({
  tool: z.literal('edit_file'),
  path,
  search: z
    .string()
    .min(1)
    .describe('Text as it stands in the file now, to the last space. Must occur exactly once.'),
  replace: z.string().describe('Text to put in its place.'),
})

const submit = z.strictObject({
  tool: z.literal('submit'),
  title: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .describe('The change in one line, such as "Warm up for 5 % of the steps".'),
  hypothesis: z.string().trim().min(1).max(1000).describe('Why this should improve the metric.'),
  category: z.enum(CATEGORIES),
  expected_effect: z.string().trim().min(1).max(300).describe('Your guess of the change of the metric.'),
})

const toolCall = z.discriminatedUnion('tool', [listFiles, readFile, editFile, submit])

/** A call whose arguments have been checked. */
type ToolCall = z.infer<typeof toolCall>
export type SubmitCall = Extract<ToolCall, { tool: 'submit' }>

export type ParsedToolCall = { kind: 'call'; call: ToolCall } | { kind: 'malformed'; problem: string }

/** A tool as an OpenAI-compatible endpoint wants it described. */
export interface ToolDefinition {
  name: ToolCall['tool']
  description: string
  /** JSON schema of the arguments. */
  parameters: Record<string, unknown>
}

export const AGENT_TOOLS: readonly ToolDefinition[] = [
  {
    name: 'list_files',
    description: 'Lists every file you may read, and which of them you may edit.',
    parameters: argumentSchema(listFiles),
  },
  {
    name: 'read_file',
    description: 'Shows a file, with your edits in it. Long files come in pieces: continue with from_line.',
    parameters: argumentSchema(readFile),
  },
  {
    name: 'edit_file',
    description:
      'Replaces one exact piece of text in an editable file. Call it several times for several places.',
    parameters: argumentSchema(editFile),
  },
  {
    name: 'submit',
    description:
      'Submits your edits as one candidate and ends the conversation. Call it once, after the edits.',
    parameters: argumentSchema(submit),
  },
]

function argumentSchema(schema: z.ZodObject): Record<string, unknown> {
  const { $schema: _, ...parameters } = z.toJSONSchema(schema.omit({ tool: true }), { io: 'input' })
  return parameters
}

/**
 * Reads one tool call of a model.
 *
 * @param name the tool's name, as the model wrote it
 * @param text its arguments, as the model wrote them: JSON at best
 */
export function parseToolCall(name: string, text: string): ParsedToolCall {
  if (!AGENT_TOOLS.some((tool) => tool.name === name)) {
    const names = AGENT_TOOLS.map((tool) => tool.name).join(', ')
    return malformed(`there is no tool ${JSON.stringify(name.slice(0, 60))}; there are ${names}`)
  }
  const value = parseObject(text)
  if (value === undefined) return malformed(`the arguments of ${name} are not a JSON object`)
  const parsed = toolCall.safeParse({ ...value, tool: name })
  if (parsed.success) return { kind: 'call', call: parsed.data }
  return malformed(`the arguments of ${name} are wrong:\n${z.prettifyError(parsed.error).slice(0, 1000)}`)
}

function malformed(problem: string): ParsedToolCall {
  return { kind: 'malformed', problem }
}

function parseObject(text: string): object | undefined {
  try {
    // Several endpoints send nothing at all for a tool without arguments.
    const value: unknown = JSON.parse(text.trim() || '{}')
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** The candidate that a `submit` describes. */
export function toProposal(call: SubmitCall, files: ReadonlyMap<string, string>): Proposal {
  return {
    title: call.title.replace(/\s+/g, ' '),
    hypothesis: call.hypothesis,
    category: call.category,
    expectedEffect: call.expected_effect,
    files,
  }
}
