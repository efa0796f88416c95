// The built-in agent's tools: their descriptions, the schemas of their arguments, and the parser for tool calls.
import { z } from 'zod'
import { CATEGORIES, type Proposal } from '../record/candidate.ts'
import { EFFECTS } from './past.ts'

const path = z.string().min(1).max(400).describe('Path as list_files shows it.')
const lineNumber = z.int().min(1).max(10_000_000)

function tool<Shape extends z.core.$ZodLooseShape>(description: string, shape: Shape) {
  return z.strictObject(shape).describe(description)
}

/** The arguments of each tool. */
const SCHEMAS = {
  list_files: tool('Lists all files you may read and marks those you may edit.', {}),
  read_file: tool(
    'Shows a file, including your edits. Long files are shown in parts: continue with from_line.',
    {
      path,
      from_line: lineNumber.optional().describe('First line to show, 1-based. Default 1.'),
      to_line: lineNumber.optional().describe('Last line to show. Default: the end.'),
    },
  ),
  search_files: tool('Finds lines in all files, including your edits.', {
    text: z.string().min(1).max(300).describe('Text to find within one line.'),
    regex: z.boolean().optional().describe('Whether text is a JavaScript regular expression.'),
    path: path.optional().describe('Search only this file, or the files in this folder.'),
  }),
  edit_file: tool('Replaces one exact piece of text in an editable file. Call it once per place.', {
    path,
    search: z
      .string()
      .min(1)
      .describe('Text exactly as in the current file, including all spaces. Must occur exactly once.'),
    replace: z.string().describe('Replacement text.'),
  }),
  write_file: tool(
    'Replaces the whole content of an editable file, or adds one. Use edit_file for small changes.',
    {
      path,
      content: z.string().min(1).describe('The complete new content.'),
    },
  ),
  delete_file: tool('Deletes an editable file.', { path }),
  move_file: tool('Renames an editable file, or moves it to another editable folder.', {
    path,
    to: z.string().min(1).max(400).describe('New path, at which no file is.'),
  }),
  show_diff: tool('Shows your edits so far as a diff.', {}),
  run_checks: tool(
    'Runs the quick checks of this repository on your edits, such as a syntax check, for at most a minute.',
    {},
  ),
  search_past: tool('Finds earlier candidates with their results.', {
    category: z.enum(CATEGORIES).optional(),
    effect: z.enum(EFFECTS).optional(),
    text: z.string().max(200).optional().describe('Text in the title, hypothesis or verdict.'),
  }),
  read_past: tool('Shows the change of an earlier candidate, or the end of its output if it failed.', {
    id: z.string().min(1).max(40).describe('Candidate id, as search_past shows it.'),
    part: z.enum(['diff', 'log']).describe('Its change, or the end of its output if it failed.'),
  }),
  submit: tool(
    'Submits your edits as one candidate and ends the conversation. Call it once, after the edits.',
    {
      title: z
        .string()
        .trim()
        .min(1)
        .max(100)
        .describe('The change in one line, such as "Warm up for 5 % of the steps".'),
      hypothesis: z.string().trim().min(1).max(1000).describe('Why this should improve the metric.'),
      category: z.enum(CATEGORIES),
      expected_effect: z
        .string()
        .trim()
        .min(1)
        .max(300)
        .describe('Your estimate of the change in the metric.'),
    },
  ),
}

export type ToolName = keyof typeof SCHEMAS
export type ToolCall = {
  [Name in ToolName]: { tool: Name } & z.infer<(typeof SCHEMAS)[Name]>
}[ToolName]
export type SubmitCall = Extract<ToolCall, { tool: 'submit' }>

export type ParsedToolCall = { kind: 'call'; call: ToolCall } | { kind: 'malformed'; problem: string }

/** A tool definition for an OpenAI-compatible endpoint. */
export interface ToolDefinition {
  name: ToolName
  description: string
  parameters: Record<string, unknown>
}

/** @param checks whether `run_checks` is offered */
export function agentTools({ checks }: { checks: boolean }): ToolDefinition[] {
  const names = (Object.keys(SCHEMAS) as ToolName[]).filter((name) => checks || name !== 'run_checks')
  return names.map((name) => {
    const { $schema: _, description = '', ...parameters } = z.toJSONSchema(SCHEMAS[name], { io: 'input' })
    return { name, description, parameters }
  })
}

/**
 * Parses a model's tool call.
 *
 * @param name the tool's name as the model wrote it
 * @param text the arguments as the model wrote them, which may not be valid JSON
 * @param offered tools offered in this conversation
 */
export function parseToolCall(name: string, text: string, offered: readonly ToolName[]): ParsedToolCall {
  const tool = offered.find((known) => known === name)
  if (tool === undefined)
    return malformed(
      `there is no tool ${JSON.stringify(name.slice(0, 60))}; available tools: ${offered.join(', ')}`,
    )
  // Some endpoints send an empty string for a tool without arguments.
  const value = parseObject(text.trim() || '{}')
  if (value === undefined) return malformed(`the arguments of ${name} are not a JSON object`)
  const parsed = SCHEMAS[tool].safeParse(Object.fromEntries(Object.entries(value).flatMap(tidy)))
  if (parsed.success) return { kind: 'call', call: { tool, ...parsed.data } as ToolCall }
  return malformed(`the arguments of ${name} are invalid:\n${z.prettifyError(parsed.error).slice(0, 1000)}`)
}

const NOT_TEXT = /^(from_line|to_line|regex)$/

/**
 * Some models write `null` for omitted arguments, numbers and booleans as strings, an effect as a number, and the tool's name
 * among its arguments.
 */
function tidy([name, value]: [string, unknown]): [string, unknown][] {
  if (value === null || name === 'tool') return []
  if (typeof value === 'string' && NOT_TEXT.test(name) && /^(\d{1,8}|true|false)$/.test(value))
    return [[name, JSON.parse(value.replace(/^0+(?=\d)/, ''))]]
  return [[name, typeof value === 'number' && name === 'expected_effect' ? `${value}` : value]]
}

function malformed(problem: string): ParsedToolCall {
  return { kind: 'malformed', problem }
}

/** The JSON object in a text; undefined when it is anything else. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}

/** How an agent describes its change. */
export type Statement = Omit<Proposal, 'files' | 'knob'>

export function toStatement({ title, hypothesis, category, expected_effect }: SubmitCall): Statement {
  return { title: title.replace(/\s+/g, ' '), hypothesis, category, expectedEffect: expected_effect }
}
