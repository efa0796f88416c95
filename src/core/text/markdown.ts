// Makes candidate text inert, and builds the few markdown elements that reports use.
import { stripVTControlCharacters } from 'node:util'

/**
 * Characters that a machine sees and a reader does not: controls, bidi overrides, tag characters, zero-width and other
 * ignorable code points, lone surrogates.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu
const INVISIBLE_INSIDE_LINES = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu

/**
 * Inserted into everything that GitHub would link, notify or close. An entity (`&#64;org`) or a backslash does not work:
 * GitHub searches the rendered text for mentions and references, where both are already resolved, and searches commit
 * messages and titles for closing keywords, where both would be visible. A zero-width space works in all these places.
 */
const BREAK = '\u200b'

/** Longer runs of backticks have no meaning in a log, and the surrounding fence would have to be longer still. */
const MAX_BACKTICKS = 20

/** Far more than is ever shown. Searching for unterminated escape sequences takes quadratic time. */
const MAX_READ_CHARACTERS = 20_000

/** The text as a reader would see it, on one line: no escape sequences or invisible characters, white space collapsed. */
export function visibleText(text: string, maxCharacters: number): string {
  return cap(visibleLine(text), maxCharacters)
}

/** For titles, commit messages and other plain text: visible text in which nothing links, notifies, closes or skips CI. */
export function inertTitle(text: string, maxCharacters: number): string {
  return cap(breakTriggers(visibleLine(text)), maxCharacters)
}

/**
 * For markdown, including tables: one line that GitHub renders as the literal text.
 *
 * @param maxCharacters maximum length of the escaped text; longer text is cut and ends with `…`.
 */
export function inertText(text: string, maxCharacters: number): string {
  return cap(escapeMarkdown(breakTriggers(visibleLine(text))), maxCharacters)
}

function visibleLine(text: string): string {
  const line = stripVTControlCharacters(text.slice(0, MAX_READ_CHARACTERS))
    .replace(/[\s\u0085]+/g, ' ')
    .replace(INVISIBLE, '')
  return line.replace(/ +/g, ' ').trim()
}

/** Disarms mentions, issue and commit references, links, emoji codes and `[skip ci]`. */
function breakTriggers(line: string): string {
  return line
    .replace(/@(?=\S)/g, `${BREAK}@${BREAK}`)
    .replace(/#(?=\S)/g, `#${BREAK}`)
    .replace(/(?<=[a-z]{2})-(?=\d)|(?<=\bghsa)-/gi, `$&${BREAK}`)
    .replace(/:(?=\/\/)|www(?=\.)/gi, `$&${BREAK}`)
    .replace(/:(?=[\w+-]+:)/g, `$&${BREAK}`)
    .replace(/\[(?=(skip|ci|no|actions)\b)/gi, `$&${BREAK}`)
    .replace(/\b[0-9a-f]{7,}\b/gi, (hex) => hex.replace(/.{6}(?=.)/g, `$&${BREAK}`))
}

/** Named entities, because GitHub could read the `#124` in a numeric entity as a reference. */
const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '|': '&vert;',
  $: '&dollar;',
}

/** An underscore inside a word means nothing to GitHub, and names like `val_bpb` stay readable in plain-text mail. */
const METACHARACTER = /[&<>|$\\`*[\]~#]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g

function escapeMarkdown(line: string): string {
  return line
    .replace(METACHARACTER, (character) => ENTITIES[character] ?? `\\${character}`)
    .replace(/^[-+=:]/, '\\$&')
    .replace(/^(\d+)([.)])/, '$1\\$2')
}

/** Shortens without cutting an entity, an escape or a surrogate pair in half. */
function cap(text: string, maxCharacters: number): string {
  if (text.length <= maxCharacters) return text
  let kept = ''
  for (const [piece] of text.matchAll(/&\w+;|\\.|./gu)) {
    if (kept.length + piece.length >= maxCharacters) break
    kept += piece
  }
  return `${kept.trimEnd()}…`
}

/**
 * A code block that its content cannot close. HTML comment markers inside it, which reports use, are disarmed.
 *
 * @param maxCharacters maximum length of the content; the middle of longer content is left out, and the tail is twice the head.
 */
export function fence(text: string, language = '', maxCharacters = 4000): string {
  const clean = stripVTControlCharacters(capMiddle(text, Math.max(MAX_READ_CHARACTERS, maxCharacters)))
    .replace(/\r\n?|[\u0085\u2028\u2029]/g, '\n')
    .replace(INVISIBLE_INSIDE_LINES, '')
    .replace(/`{20,}/g, '`'.repeat(MAX_BACKTICKS))
    .replaceAll('<!--', `<${BREAK}!--`)
  const content = capMiddle(clean.replace(/^\n+|\s+$/g, ''), maxCharacters)
  const longest = Math.max(2, ...[...content.matchAll(/`+/g)].map(([run]) => run.length))
  const ticks = '`'.repeat(longest + 1)
  return `${ticks}${language.replace(/[^\w-]/g, '')}\n${content}\n${ticks}`
}

function capMiddle(text: string, maxCharacters: number): string {
  if (text.length <= maxCharacters) return text
  const kept = Math.max(0, maxCharacters - 60)
  const head = text.slice(0, Math.floor(kept / 3))
  const tail = text.slice(text.length - Math.ceil((kept * 2) / 3))
  const left = text.length - head.length - tail.length
  return `${head}\n[… ${left} characters left out …]\n${tail}`.toWellFormed()
}

/** A table. Cells are markdown; a `|` or a line break inside a cell cannot end it. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replace(/\s*\n\s*/g, ' ').replaceAll('|', '&vert;')).join(' | ')} |`
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n')
}

/** Keeps as many whole leading lines as fit, closes a code block that was cut, and states how many lines are missing. */
export function truncateMarkdown(text: string, maxCharacters: number): string {
  if (text.length <= maxCharacters) return text
  const lines = text.split('\n')
  const kept: string[] = []
  let open = ''
  let length = 0
  for (const line of lines) {
    const ticks = /^`{3,}/.exec(line)?.[0] ?? ''
    // Leaves room for closing the block and for the notice.
    if (length + line.length + 1 + MAX_BACKTICKS + 60 > maxCharacters) break
    if (open === '') open = ticks
    else if (ticks.length >= open.length && line === ticks) open = ''
    kept.push(line)
    length += line.length + 1
  }
  const notice = `_… ${lines.length - kept.length} lines left out …_`
  return [...kept, ...(open === '' ? [] : [open]), '', notice].join('\n')
}

/** Escapes text for HTML content and attribute values. Removes invisible characters and keeps line breaks. */
export function escapeHtml(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  }
  return stripVTControlCharacters(text)
    .replace(INVISIBLE_INSIDE_LINES, '')
    .replace(/[&<>"']/g, (character) => entities[character] ?? character)
}

/** Removes `pattern` until it no longer occurs: removing one may join the halves of another. */
export function removeAll(text: string, pattern: RegExp): string {
  const without = text.replace(pattern, '')
  return without === text ? text : removeAll(without, pattern)
}
