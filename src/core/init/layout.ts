// A repository as `init` sees it: its text files. Everything in them is data: a line is quoted as evidence, never executed.
import { visibleText } from '../text/markdown.ts'

/** Text files by path. */
export type Layout = ReadonlyMap<string, string>

/** A place in the repository from which something was concluded. */
export interface Evidence {
  path: string
  /** 1-based; absent when the file's existence is the evidence. */
  line?: number
  /** The line as a person sees it. */
  text?: string
}

/** A path that a generated command can contain without quotes. Others are never named in generated files. */
const PLAIN_PATH = /^(?![-/])[\w./+@-]+$/
const MAX_LINE_CHARACTERS = 2000
const MAX_SHOWN_CHARACTERS = 160

/** The paths with plain names, those nearest to the root first. */
export function plainPaths(layout: Layout, pattern: RegExp): string[] {
  return [...layout.keys()]
    .filter((path) => PLAIN_PATH.test(path) && !path.split('/').includes('..') && pattern.test(path))
    .sort((a, b) => depth(a) - depth(b) || (a < b ? -1 : 1))
}

function depth(path: string): number {
  return path.split('/').length
}

export function evidenceOfFile(path: string): Evidence {
  return { path }
}

export function evidenceOfLine(path: string, line: number, text: string): Evidence {
  return { path, line, text: visibleText(text, MAX_SHOWN_CHARACTERS) }
}

/** The lines of a file, cut to a length at which no pattern takes long. */
export function linesOf(layout: Layout, path: string): string[] {
  return (layout.get(path) ?? '').split(/\r?\n/).map((line) => line.slice(0, MAX_LINE_CHARACTERS))
}

/** The first line of the file that matches. */
export function findLine(layout: Layout, path: string, pattern: RegExp): Evidence | undefined {
  const lines = linesOf(layout, path)
  const index = lines.findIndex((line) => pattern.test(line))
  return index === -1 ? undefined : evidenceOfLine(path, index + 1, lines[index] ?? '')
}

/** The first group of the pattern in the first line that matches, with its place. */
export function findValue(
  layout: Layout,
  path: string,
  pattern: RegExp,
): { value: string; evidence: Evidence } | undefined {
  const evidence = findLine(layout, path, pattern)
  if (evidence?.line === undefined) return undefined
  const value = pattern.exec(linesOf(layout, path)[evidence.line - 1] ?? '')?.[1]
  return value === undefined ? undefined : { value, evidence }
}

/** `path:line`, or the path alone. */
export function placeOf({ path, line }: Evidence): string {
  return line === undefined ? path : `${path}:${line}`
}
