// Reads the configuration as YAML: its value, the position of every key, and problems with the YAML itself.
import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml'
export type ConfigPath = readonly PropertyKey[]

/** 1-based, as editors count. */
interface Position {
  line: number
  column: number
}

/** One problem in the configuration. `path` is empty for the whole file. */
export interface ConfigProblem extends Position {
  path: string
  expected: string
  found: string
  /** The next action, as an imperative sentence. */
  hint: string
}

export type ConfigYaml =
  | {
      kind: 'read'
      value: unknown
      /** Problems that leave the rest readable: duplicate keys. */
      problems: ConfigProblem[]
      /** Position of the value at `path` or of its key; for a missing value, of the key of its nearest parent. */
      positionOf: (path: ConfigPath, part: 'key' | 'value') => Position
    }
  | { kind: 'unreadable'; problems: ConfigProblem[] }

/** A configuration is about a page of text: a longer file is a mistake, or an attack on the parser. */
const MAX_BYTES = 64 * 1024

const START: Position = { line: 1, column: 1 }

const QUOTE_COLON = "put text that contains ': ' in single quotes"

const HINTS: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'indent with spaces instead of tabs',
  DUPLICATE_KEY: 'remove one of the two keys',
  MULTIPLE_DOCS: 'remove the "---" line and what follows it',
  BAD_DQ_ESCAPE: "write text with backslashes in single quotes: '\\s+'",
  BLOCK_AS_IMPLICIT_KEY: QUOTE_COLON,
  BLOCK_IN_FLOW: QUOTE_COLON,
  TAG_RESOLVE_FAILED: 'put text that begins with "!" in single quotes',
  MISSING_CHAR: 'close the quote or bracket',
}

/** Reads `text`; never throws. */
export function readYaml(text: string): ConfigYaml {
  if (new TextEncoder().encode(text).length > MAX_BYTES) {
    return unreadable(
      'at most 64 KiB',
      `${text.length} characters`,
      'remove everything but the configuration from this file',
    )
  }
  try {
    return readDocument(text)
  } catch (error) {
    // The yaml package throws on alias bombs, and the engine throws when nesting exceeds its stack.
    const reason = error instanceof Error ? error.message : String(error)
    return unreadable('plain YAML', reason, 'write out the values, without aliases or deep nesting')
  }
}

function readDocument(text: string): ConfigYaml {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter, prettyErrors: false, logLevel: 'error' })
  const at = (offset: number): Position => {
    const { line, col } = lineCounter.linePos(offset)
    return line === 0 ? START : { line, column: col }
  }
  const faults = [...document.errors, ...document.warnings]
  const problems = [...faults.map((fault) => explainFault(fault, text, at)), ...strayAliases(document, at)]
  if (problems.length > faults.length || faults.some(({ code }) => code !== 'DUPLICATE_KEY')) {
    return { kind: 'unreadable', problems: firstOfEachLine(problems) }
  }
  const positionOf = (path: ConfigPath, part: 'key' | 'value') => at(offsetOf(document, path, part))
  return { kind: 'read', value: document.toJS(), problems, positionOf }
}

/** One mistake makes the parser report every following token on the line; only the first problem matters. */
function firstOfEachLine(problems: readonly ConfigProblem[]): ConfigProblem[] {
  return problems.filter(
    ({ line }, index) => problems.findIndex((problem) => problem.line === line) === index,
  )
}

function unreadable(expected: string, found: string, hint: string): ConfigYaml {
  return { kind: 'unreadable', problems: [{ ...START, path: '', expected, found, hint }] }
}

function explainFault(fault: YAMLError, text: string, at: (offset: number) => Position): ConfigProblem {
  const [offset] = fault.pos
  const hint = HINTS[fault.code] ?? 'see docs/configuration.md for an example'
  const problem = { ...at(offset), path: '', expected: 'valid YAML', found: fault.message, hint }
  if (fault.code === 'MULTIPLE_DOCS')
    return { ...problem, expected: 'a single document', found: 'a second document' }
  if (fault.code !== 'DUPLICATE_KEY') return problem
  const key = /^[^:\s,}]+/.exec(text.slice(offset))?.[0] ?? ''
  return { ...problem, expected: 'each key only once', found: `a second ${JSON.stringify(key)}` }
}

/** In YAML, `editable: [*.py]` is an alias, which its author probably did not intend. */
function strayAliases(document: Document, at: (offset: number) => Position): ConfigProblem[] {
  const anchors = new Set<string>()
  const problems: ConfigProblem[] = []
  visit(document, (_key, node) => {
    if (isAlias(node) && !anchors.has(node.source)) {
      const hint = `put text that begins with "*" in single quotes: '*${node.source}'`
      const expected = 'an alias of an anchor above it'
      problems.push({ ...at(node.range?.[0] ?? 0), path: '', expected, found: `*${node.source}`, hint })
    } else if (isNode(node) && !isAlias(node) && node.anchor !== undefined) {
      anchors.add(node.anchor)
    }
  })
  return problems
}

function offsetOf(document: Document, path: ConfigPath, part: 'key' | 'value'): number {
  let node: unknown = document.contents
  let key = startOf(node) ?? 0
  for (const segment of path) {
    const parent = isAlias(node) ? node.resolve(document) : node
    const pair = isMap(parent) ? parent.items.findLast((item) => keyOf(item) === String(segment)) : undefined
    if (pair !== undefined) {
      node = pair.value
      key = startOf(pair.key) ?? key
    } else if (isSeq(parent) && parent.items[Number(segment)] !== undefined) {
      node = parent.items[Number(segment)]
      key = startOf(node) ?? key
    } else {
      return key
    }
  }
  return part === 'key' || isCollection(node) ? key : (startOf(node) ?? key)
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined
}

function keyOf(pair: Pair): string {
  return String(isScalar(pair.key) ? pair.key.value : pair.key)
}
