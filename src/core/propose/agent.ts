// The built-in agent's tools: their descriptions, the schemas of their arguments, and the parser for tool calls.
import { z } from 'zod'
import { CATEGORIES, type Proposal } from '../record/candidate.ts'
import { EFFECTS } from './past.ts'

const path = z.string().min(1).max(400).describe('Path as list_files shows it.')
const lineNumber = z.int().min(1).max(10_000_000)

const SCHEMAS = {
  list_files: z.strictObject({ tool: z.literal('list_files') }),
  read_file: z.strictObject({
    tool: z.literal('read_file'),
    path,
    from_line: lineNumber.optional().describe('First line to show, 1-based. Default 1.'),
    to_line: lineNumber.optional().describe('Last line to show. Default: the end.'),
  }),
  search_files: z.strictObject({
    tool: z.literal('search_files'),
    text: z.string().min(1).max(300).describe('Text to find within one line.'),
    regex: z.boolean().optional().describe('Whether text is a JavaScript regular expression.'),
    path: path.optional().describe('Search only this file, or the files in this folder.'),
  }),
  edit_file: z.strictObject({
    tool: z.literal('edit_file'),
    path,
    search: z
      .string()
      .min(1)
      .describe('Text exactly as in the current file, including all spaces. Must occur exactly once.'),
    replace: z.string().describe('Replacement text.'),
  }),
  write_file: z.strictObject({
    tool: z.literal('write_file'),
    path,
    content: z.string().min(1).describe('The complete new content.'),
  }),
  delete_file: z.strictObject({ tool: z.literal('delete_file'), path }),
  move_file: z.strictObject({
    tool: z.literal('move_file'),
    path,
    to: z.string().min(1).max(400).describe('New path, at which no file is.'),
  }),
  show_diff: z.strictObject({ tool: z.literal('show_diff') }),
  run_checks: z.strictObject({ tool: z.literal('run_checks') }),
  search_past: z.strictObject({
    tool: z.literal('search_past'),
    category: z.enum(CATEGORIES).optional(),
    effect: z.enum(EFFECTS).optional(),
    text: z.string().max(200).optional().describe('Text in the title, hypothesis or verdict.'),
  }),
  read_past: z.strictObject({
    tool: z.literal('read_past'),
    id: z.string().min(1).max(40).describe('Candidate id, as search_past shows it.'),
    part: z.enum(['diff', 'log']).describe('Its change, or the end of its output if it failed.'),
  }),
  submit: z.strictObject({
    tool: z.literal('submit'),
    title: z
      .string()
      .trim()
      .min(1)
      .max(100)
      .describe('The change in one line, such as "Warm up for 5 % of the steps".'),
    hypothesis: z.string().trim().min(1).max(1000).describe('Why this should improve the metric.'),
    category: z.enum(CATEGORIES),
    expected_effect: z.string().trim().min(1).max(300).describe('Your estimate of the change in the metric.'),
  }),
}

export type ToolName = keyof typeof SCHEMAS
/** A tool call with validated arguments. */
export type ToolCall = z.infer<(typeof SCHEMAS)[ToolName]>
export type SubmitCall = Extract<ToolCall, { tool: 'submit' }>

export type ParsedToolCall = { kind: 'call'; call: ToolCall } | { kind: 'malformed'; problem: string }

/** A tool definition for an OpenAI-compatible endpoint. */
export interface ToolDefinition {
  name: ToolName
  description: string
  /** JSON schema of the arguments. */
  parameters: Record<string, unknown>
}

const DESCRIPTIONS: Readonly<Record<ToolName, string>> = {
  list_files: 'Lists all files you may read and marks those you may edit.',
  read_file: 'Shows a file, including your edits. Long files are shown in parts: continue with from_line.',
  search_files: 'Finds lines in all files, including your edits.',
  edit_file: 'Replaces one exact piece of text in an editable file. Call it once per place.',
  write_file: 'Replaces the whole content of an editable file, or adds one. Use edit_file for small changes.',
  delete_file: 'Deletes an editable file.',
  move_file: 'Renames an editable file, or moves it to another editable folder.',
  show_diff: 'Shows your edits so far as a diff.',
  run_checks:
    'Runs the quick checks of this repository on your edits, such as a syntax check, for at most a minute.',
  search_past: 'Finds earlier candidates with their results.',
  read_past: 'Shows the change of an earlier candidate, or the end of its output if it failed.',
  submit: 'Submits your edits as one candidate and ends the conversation. Call it once, after the edits.',
}

/** @param checks whether `run_checks` is offered */
export function agentTools({ checks }: { checks: boolean }): ToolDefinition[] {
  return (Object.keys(SCHEMAS) as ToolName[])
    .filter((name) => checks || name !== 'run_checks')
    .map((name) => ({ name, description: DESCRIPTIONS[name], parameters: argumentSchema(SCHEMAS[name]) }))
}

function argumentSchema(schema: z.ZodObject): Record<string, unknown> {
  const { $schema: _, ...parameters } = z.toJSONSchema(schema.omit({ tool: true }), { io: 'input' })
  return parameters
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
  const parsed = SCHEMAS[tool].safeParse({ ...Object.fromEntries(Object.entries(value).flatMap(tidy)), tool })
  if (parsed.success) return { kind: 'call', call: parsed.data }
  return malformed(`the arguments of ${name} are invalid:\n${z.prettifyError(parsed.error).slice(0, 1000)}`)
}

const NOT_TEXT = /^(from_line|to_line|regex)$/

/** Some models write `null` for omitted arguments, numbers and booleans as strings, and an effect as a number. */
function tidy([name, value]: [string, unknown]): [string, unknown][] {
  if (value === null) return []
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
