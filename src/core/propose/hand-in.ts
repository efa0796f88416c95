// Reads how a coding agent describes its change: from a JSON file, or from headers in its last message.
import { z } from 'zod'
import { CATEGORIES, type Category, type FileEdits, NO_USAGE, type Usage } from '../record/candidate.ts'
import { visibleText } from '../text/markdown.ts'
import { parseObject, parseToolCall, type Statement, toStatement } from './agent.ts'
import { readCannot } from './asked.ts'
import { HEADERS } from './plain.ts'

export type HandedIn =
  | { kind: 'statement'; statement: Statement; usage: Usage }
  /** The file exists but does not have the required format. */
  | { kind: 'malformed'; problem: string }

const tokens = z.int().min(0).max(1e12)
const usageSchema = z.strictObject({
  input_tokens: tokens.default(0),
  cached_tokens: tokens.optional(),
  output_tokens: tokens.default(0),
  dollars: z.number().min(0).max(1e6).default(0),
})

/**
 * Reads an agent's description of its change.
 *
 * @param json content of the proposal file, if the agent wrote one
 * @param output end of the agent's output
 * @param before original content of the changed files
 * @param after new content of the changed files
 */
export function readStatement(
  json: string | undefined,
  output: string,
  before: ReadonlyMap<string, string>,
  after: FileEdits,
): HandedIn {
  if (json !== undefined) return readFileStatement(json)
  return { kind: 'statement', statement: readOutput(output, before, after), usage: NO_USAGE }
}

function readFileStatement(json: string): HandedIn {
  const { usage, ...fields } = parseObject(json) ?? {}
  const call = parseToolCall('submit', JSON.stringify(fields), ['submit'])
  if (call.kind === 'malformed' || call.call.tool !== 'submit')
    return malformed(call.kind === 'malformed' ? call.problem.replace('arguments of submit', 'fields') : '')
  const spent = usageSchema.optional().safeParse(usage)
  if (!spent.success) return malformed(`usage is invalid:\n${z.prettifyError(spent.error)}`)
  const total = spent.data === undefined ? NO_USAGE : toUsage(spent.data)
  return { kind: 'statement', statement: toStatement(call.call), usage: total }
}

function toUsage(spent: z.infer<typeof usageSchema>): Usage {
  const { input_tokens: inputTokens, cached_tokens: cachedTokens, output_tokens: outputTokens } = spent
  return { inputTokens, ...(cachedTokens && { cachedTokens }), outputTokens, dollars: spent.dollars }
}

function malformed(problem: string): HandedIn {
  return { kind: 'malformed', problem: `the proposal file has the wrong format: ${problem}` }
}

/** Reads why a request cannot be done, from the last paragraph that says so. */
export function cannotOf(output: string): string | undefined {
  return output
    .split(/\n\s*\n/)
    .map(readCannot)
    .findLast((reason) => reason !== undefined)
}

/** Reads the four headers. The last paragraph replaces a missing title or hypothesis. */
function readOutput(output: string, before: ReadonlyMap<string, string>, after: FileEdits): Statement {
  const header = (name: string): string => {
    const lines = [...output.matchAll(new RegExp(`^[\\s>*_-]*${name}[*_]*:[*_]*(.*)$`, 'gm'))]
    return visibleText(lines.at(-1)?.[1] ?? '', 1000)
  }
  const paragraph = output.split(/\n\s*\n/).findLast((text) => visibleText(text, 10) !== '') ?? ''
  const [line = ''] = paragraph.trim().split('\n')
  const category = header(HEADERS.category).toLowerCase()
  return {
    title:
      visibleText(header(HEADERS.title) || line, 100) || `Edit ${[...after.keys()].join(', ')}`.slice(0, 100),
    hypothesis: header(HEADERS.hypothesis) || visibleText(paragraph, 1000) || 'The agent gave no reason.',
    category: CATEGORIES.find((known) => known === category) ?? guessCategory(before, after),
    expectedEffect: visibleText(header(HEADERS.expected_effect), 300) || 'The agent gave no estimate.',
  }
}

/** A change to numbers alone is a hyperparameter change. */
function guessCategory(before: ReadonlyMap<string, string>, after: FileEdits): Category {
  const withoutNumbers = (text: string): string => text.replace(/\d[\d_.]*(?:e[+-]?\d+)?/gi, '0')
  const isKnob = [...after].every(
    ([path, text]) => withoutNumbers(before.get(path) ?? '') === withoutNumbers(text ?? ''),
  )
  return isKnob ? 'hyperparameter' : 'architecture'
}
