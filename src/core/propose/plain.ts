// Plain-text answers for models that cannot call tools: the format shown to the model, and its strict parser.
import { CATEGORIES } from '../record/candidate.ts'
import { parseToolCall, type SubmitCall } from './agent.ts'

interface PlainEdit {
  path: string
  search: string
  replace: string
}

export type PlainAnswer =
  | { kind: 'candidate'; edits: PlainEdit[]; submit: SubmitCall }
  /** The answer uses the format incorrectly. */
  | { kind: 'malformed'; problem: string }
  /** The answer does not use the format at all. */
  | { kind: 'prose' }

const [SEARCH, DIVIDER, REPLACE] = ['<<<<<<< SEARCH', '=======', '>>>>>>> REPLACE']
/** Headers of a plain answer, by the field of `submit` that they replace. */
export const HEADERS = {
  title: 'TITLE',
  hypothesis: 'HYPOTHESIS',
  category: 'CATEGORY',
  expected_effect: 'EXPECTED',
}

export const PLAIN_FORMAT = `Answer with your candidate in exactly this form, each header on one line:

TITLE: the change in one line
HYPOTHESIS: why this should improve the metric
CATEGORY: one of ${CATEGORIES.join(', ')}
EXPECTED: your estimate of the change in the metric

FILE: path/of/the/file
${SEARCH}
lines exactly as in the current file, including all spaces; they must occur exactly once
${DIVIDER}
replacement lines
${REPLACE}

Repeat FILE and its block for every place you change. Write nothing else. If you have no idea, say so instead.`

/**
 * Parses an answer strictly: a duplicate header, an unterminated block or an extra marker makes the whole answer malformed, so
 * that a truncated or garbled answer is never partly applied.
 */
export function parsePlainAnswer(text: string): PlainAnswer {
  const lines = withoutThoughts(text).split(/\r?\n/)
  if (!lines.includes(SEARCH) && !lines.some((line) => line.startsWith(`${HEADERS.title}:`)))
    return { kind: 'prose' }
  const headers = new Map<string, string>()
  const edits: PlainEdit[] = []
  let path: string | undefined
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? ''
    const [, name = '', value = ''] = /^([A-Z]+):\s*(.*)$/.exec(line) ?? []
    if (name === 'FILE') path = value.trim()
    else if (Object.values(HEADERS).includes(name)) {
      if (headers.has(name)) return malformed(`${name} occurs twice`)
      headers.set(name, value)
    } else if (line === SEARCH) {
      const block = readBlock(lines, index)
      if (typeof block === 'string') return malformed(block)
      if (path === undefined) return malformed('a block has no FILE line before it')
      edits.push({ path, search: block.search, replace: block.replace })
      index = block.end
    } else if (line === DIVIDER || line === REPLACE) return malformed(`"${line}" is outside a block`)
  }
  return candidate(headers, edits)
}

function candidate(headers: ReadonlyMap<string, string>, edits: PlainEdit[]): PlainAnswer {
  if (edits.length === 0) return malformed(`there is no block that begins with "${SEARCH}"`)
  const fields = Object.entries(HEADERS).map(([field, name]) => [field, headers.get(name)])
  const missing = Object.values(HEADERS).filter((name) => !headers.has(name))
  if (missing.length > 0) return malformed(`these lines are missing: ${missing.join(', ')}`)
  const parsed = parseToolCall('submit', JSON.stringify(Object.fromEntries(fields)), ['submit'])
  if (parsed.kind === 'malformed') return parsed
  return { kind: 'candidate', edits, submit: parsed.call as SubmitCall }
}

/** @returns the block that begins at `start`, or what is wrong with it */
function readBlock(
  lines: readonly string[],
  start: number,
): (Omit<PlainEdit, 'path'> & { end: number }) | string {
  const end = lines.indexOf(REPLACE, start)
  if (end < 0) return `a block does not end with "${REPLACE}"`
  const body = lines.slice(start + 1, end)
  const divider = body.indexOf(DIVIDER)
  if (divider < 0) return `a block has no "${DIVIDER}"`
  if (body.includes(SEARCH) || body.indexOf(DIVIDER, divider + 1) >= 0)
    return `a block contains "${SEARCH}" or a second "${DIVIDER}"; split it so that no block contains that line`
  const replace = body.slice(divider + 1).join('\n')
  return { search: body.slice(0, divider).join('\n'), replace, end }
}

/** Removes the reasoning that some servers leave in front of the answer. */
export function withoutThoughts(text: string): string {
  return text.split('</think>').at(-1) ?? ''
}

function malformed(problem: string): PlainAnswer {
  return { kind: 'malformed', problem }
}
