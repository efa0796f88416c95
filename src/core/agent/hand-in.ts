// What a coding agent of any make is told, and how it says what its change is: a JSON file, or headers in its last words.
import { z } from 'zod'
import { CATEGORIES, type Category, NO_USAGE, type Usage } from '../candidate.ts'
import { fence, visibleText } from '../report/markdown.ts'
import { parseToolCall, toProposal } from './agent.ts'

/** What a proposal says besides its files. */
interface Statement {
  title: string
  hypothesis: string
  category: Category
  expectedEffect: string
}

export type HandedIn =
  | { kind: 'statement'; statement: Statement; usage: Usage }
  /** There is a file, but not what was asked for. */
  | { kind: 'malformed'; problem: string }

const EXAMPLE = {
  title: 'Warm up for 5 % of the steps',
  hypothesis: 'The first steps are too large.',
  category: 'schedule',
  expected_effect: '-0.01',
}

const HEADERS = {
  title: 'TITLE',
  hypothesis: 'HYPOTHESIS',
  category: 'CATEGORY',
  expected_effect: 'EXPECTED',
}

/** Linux takes 128 KiB for one variable, its name included. */
const MAX_VARIABLE_BYTES = 120_000
const MAX_REASON_CHARACTERS = 1500

/**
 * The whole task. Its first part never changes, so that an endpoint can cache it.
 *
 * @param refused why the last attempt of this agent came to nothing, if it did
 */
export function agentTask(brief: string, refused: string | undefined): string {
  return [howToHandIn(), brief, ...(refused === undefined ? [] : [lastTime(refused)])].join('\n\n')
}

function howToHandIn(): string {
  return `# Your task

You are in a copy of a research repository. Change the files you may edit so that the metric below gets better: one idea,
nothing else. Nobody answers questions, and nothing can be installed.

- Edit the files in place, in this folder. What differs when you end is the candidate.
- Add, delete or rename no file, and leave nothing else behind; scratch files go into $TMPDIR.
- Do not commit: there is no git repository.
- When you are done, write a JSON file to the path in $AUTORESEARCH_PROPOSAL, with exactly these fields:

${fence(JSON.stringify(EXAMPLE, null, 2), 'json')}

category is one of ${CATEGORIES.join(', ')}. If you know what your work took, add
"usage": {"input_tokens": 0, "output_tokens": 0, "dollars": 0}.

If you cannot write that file, end your last message with these four lines instead:

TITLE: the change in one line
HYPOTHESIS: why this should improve the metric
CATEGORY: one of the categories
EXPECTED: your guess of the change of the metric`
}

function lastTime(refused: string): string {
  return `# Your last attempt came to nothing\n\n${fence(refused, '', MAX_REASON_CHARACTERS)}`
}

/** The task as far as one variable, or one argument of a program, can hold it. */
export function taskVariable(task: string, file: string): string {
  const bytes = Buffer.from(task)
  if (bytes.length <= MAX_VARIABLE_BYTES) return task
  const kept = bytes
    .subarray(0, MAX_VARIABLE_BYTES)
    .toString('utf8')
    .replace(/\uFFFD+$/, '')
  return `${kept}\n[… cut: the rest is in the file ${file} …]`
}

const tokens = z.int().min(0).max(1e12)
const usageSchema = z.strictObject({
  input_tokens: tokens.default(0),
  cached_tokens: tokens.optional(),
  output_tokens: tokens.default(0),
  dollars: z.number().min(0).max(1e6).default(0),
})

/**
 * Reads what an agent says of its change.
 *
 * @param json content of the file it was asked for, if there is one
 * @param output the end of what it printed
 * @param before the changed files as they were, `after` as they are
 */
export function readStatement(
  json: string | undefined,
  output: string,
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): HandedIn {
  if (json !== undefined) return readFileStatement(json, after)
  return { kind: 'statement', statement: wordsOf(output, before, after), usage: NO_USAGE }
}

function readFileStatement(json: string, files: ReadonlyMap<string, string>): HandedIn {
  const { usage, ...fields } = parseObject(json) ?? {}
  const call = parseToolCall('submit', JSON.stringify(fields), ['submit'])
  if (call.kind === 'malformed' || call.call.tool !== 'submit')
    return malformed(call.kind === 'malformed' ? call.problem.replace('arguments of submit', 'fields') : '')
  const spent = usageSchema.optional().safeParse(usage)
  if (!spent.success) return malformed(`usage is wrong:\n${z.prettifyError(spent.error)}`)
  const { title, hypothesis, category, expectedEffect } = toProposal(call.call, files)
  return {
    kind: 'statement',
    statement: { title, hypothesis, category, expectedEffect },
    usage: spent.data === undefined ? NO_USAGE : toUsage(spent.data),
  }
}

function toUsage(spent: z.infer<typeof usageSchema>): Usage {
  const { input_tokens: inputTokens, cached_tokens: cachedTokens, output_tokens: outputTokens } = spent
  return { inputTokens, ...(cachedTokens && { cachedTokens }), outputTokens, dollars: spent.dollars }
}

function malformed(problem: string): HandedIn {
  return { kind: 'malformed', problem: `the file of the proposal is not as asked: ${problem}` }
}

function parseObject(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}

/** The four headers where they are, and for what is missing its last paragraph. */
function wordsOf(
  output: string,
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): Statement {
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
    hypothesis: header(HEADERS.hypothesis) || visibleText(paragraph, 1000) || 'The agent did not say why.',
    category: CATEGORIES.find((known) => known === category) ?? guessCategory(before, after),
    expectedEffect: visibleText(header(HEADERS.expected_effect), 300) || 'The agent did not say.',
  }
}

/** A change of numbers alone is a turn of a knob, whatever it is about. */
function guessCategory(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): Category {
  const withoutNumbers = (text: string): string => text.replace(/\d[\d_.]*(?:e[+-]?\d+)?/gi, '0')
  const isKnob = [...after].every(
    ([path, text]) => withoutNumbers(before.get(path) ?? '') === withoutNumbers(text),
  )
  return isKnob ? 'hyperparameter' : 'architecture'
}
