// Rules for a single text in the configuration: paths, globs, branch names, hosts and patterns.
import { parseDestination } from './hosts.ts'

/** Why a text is refused: the expected value and the next action. */
export interface Refusal {
  expected: string
  hint: string
}

type Rule = (text: string) => Refusal | undefined

const CONTROL = /\p{Cc}/u

/** A path that stays inside its folder: POSIX, relative, normalised, and naming a file rather than a folder. */
export const pathRule: Rule = (text) => {
  const refuse = (hint: string) => ({ expected: 'a relative path', hint })
  const segments = text.split('/')
  if (text.trim() === '') return refuse('name a file, such as train.py')
  if (text.includes('\\')) return refuse('separate folders with "/"')
  if (text.startsWith('/') || /^[A-Za-z]:/.test(text))
    return refuse('write the path relative to its folder, without a leading "/" or drive letter')
  if (segments.includes('..')) return refuse('remove "..": the path must stay inside its folder')
  if (text.endsWith('/')) return refuse(`name a file, or write "${text}**" where a glob is allowed`)
  if (segments.includes('.') || segments.includes('')) return refuse('remove "./" and "//"')
  return CONTROL.test(text) ? refuse('remove the control characters') : undefined
}

/** Folders that contain home folders, and whole home folders. */
const HOME = /^\/(root|home|Users|var\/home)$|^\/(home|Users|var\/home)\/[^/]+$/

/** A host path that is visible in the sandbox. The training machine also refuses private paths that only it knows. */
export const readPathRule: Rule = (text) => {
  const refuse = (hint: string) => ({ expected: 'an absolute path', hint })
  const segments = text.split('/').slice(1)
  if (!text.startsWith('/')) return refuse('start the path with "/"; ~ and $HOME are not expanded')
  if (text === '/') return refuse('name only the folders that training needs, not the whole machine')
  if (segments.includes('..')) return refuse('remove ".." and write the resulting path')
  if (segments.includes('.') || segments.includes('')) return refuse('remove "./", "//" and a "/" at the end')
  if (CONTROL.test(text)) return refuse('remove the control characters')
  return HOME.test(text) ? refuse('name a folder inside it: home folders contain keys and tokens') : undefined
}

/** Refuses a command that replaces PYTHONPATH: the harness sets Python's seeds through it. */
export const trainRule: Rule = (text) => {
  const replaced = [...text.matchAll(/\bPYTHONPATH=(\S*)/g)].find(
    ([, value]) => !/\$\{?PYTHONPATH\b/.test(value ?? ''),
  )
  if (replaced === undefined) return undefined
  return {
    expected: 'a command that keeps the existing PYTHONPATH',
    hint: `write PYTHONPATH=$PYTHONPATH:${replaced[1] || 'src'}, because the harness sets seeds through PYTHONPATH`,
  }
}

/** A host that a sandboxed agent can connect to, on one port. */
export const hostRule: Rule = (text) =>
  parseDestination(text)
    ? undefined
    : {
        expected: 'a host, with its port if it is not 443',
        hint: 'write, for example, api.anthropic.com or localhost:8000, without https:// or wildcards',
      }

/** A glob of files that a candidate may change or, after a `!`, may not. */
export const editableRule: Rule = (text) => globRule(text.startsWith('!') ? text.slice(1) : text)

/** A glob. Only `*`, `**` and `?`, which all matchers interpret the same way. */
export const globRule: Rule = (text) => {
  if (/^!|[()[\]{}]/.test(text)) {
    return {
      expected: 'a glob with only *, ** and ?',
      hint: 'write one glob per alternative, without ( ) [ ] { }',
    }
  }
  const refusal = pathRule(text)
  if (refusal !== undefined || !reachesDotGithub(text)) return refusal
  return { expected: 'a glob outside .github/', hint: 'remove it: candidates never change .github/' }
}

/** The URL of an endpoint. It is public, and shown in error messages. */
export const endpointRule: Rule = (text) => {
  const url = URL.parse(text)
  const refuse = (hint: string) => ({ expected: 'an http or https URL', hint })
  if (url === null) return undefined
  if (url.username !== '' || url.password !== '' || url.search !== '')
    return refuse('remove the credentials and the query; pass keys in the action input openai-api-keys')
  if (/\/chat\/completions\/?$/.test(url.pathname))
    return refuse('remove /chat/completions: it is added automatically')
  return undefined
}

/** A branch name that git accepts and that the action does not use itself. */
export const branchRule: Rule = (text) => {
  const parts = text.split('/')
  const forbidden = /[\s~^:?*[\\]|\.\.|@\{|^@$|^-|\.$/.test(text) || CONTROL.test(text)
  const hint = 'use letters, digits, "-" and "/", such as autoresearch/baseline'
  if (forbidden || parts.some((part) => part === '' || part.startsWith('.') || part.endsWith('.lock')))
    return { expected: 'a branch name', hint }
  // With a branch named `autoresearch`, git would refuse every branch below it.
  if (!/^autoresearch(\/(ledger|c)(\/.*)?)?$/.test(text)) return undefined
  return {
    expected: 'a branch that is not reserved',
    hint: 'autoresearch/ledger and autoresearch/c/ are reserved; use autoresearch/baseline',
  }
}

/** A regular expression that captures one value, in its only capture group or in the group named `value`. */
export const metricPatternRule: Rule = (text) => {
  const groups = captureGroups(text)
  if (groups.kind === 'invalid') return groups.refusal
  if (groups.names.includes('value') || groups.count === 1) return undefined
  return {
    expected: 'exactly one capture group, or a group named value',
    hint:
      groups.count === 0
        ? 'put parentheses around the number: loss: (\\S+)'
        : 'write (?:…) for groups that capture nothing, or name the group of the number: (?<value>…)',
  }
}

/** A curve that is known by its name alone. */
const CURVE_NAME = /^[A-Za-z_][\w./-]*$/

/** The name of a curve, or a pattern for its values. */
export const curveRule: Rule = (text) => (CURVE_NAME.test(text) ? undefined : metricPatternRule(text))

/** What a curve is called, and the pattern for its values. A name stands for lines that have it before a number. */
export function readCurve(text: string): { curve: string; pattern: string } {
  if (!CURVE_NAME.test(text)) return { curve: 'the curve', pattern: text }
  const name = text.replace(/[./-]/g, '\\$&')
  return { curve: text, pattern: `(?<![\\w./-])${name}["']?\\s*[:=\\s]\\s*(\\S+)` }
}

/** A regular expression with the named groups `step` and `value`. */
export const progressPatternRule: Rule = (text) => {
  const groups = captureGroups(text)
  if (groups.kind === 'invalid') return groups.refusal
  const missing = ['step', 'value'].filter((name) => !groups.names.includes(name))
  if (missing.length === 0) return undefined
  return {
    expected: 'a regular expression with the named groups step and value',
    hint: `add ${missing.map((name) => `(?<${name}>…)`).join(' and ')}`,
  }
}

/** The reason given by the engine, without the pattern that precedes it. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.slice(message.lastIndexOf(': ') + 2).toLowerCase()
}

type CaptureGroups = { kind: 'valid'; count: number; names: string[] } | { kind: 'invalid'; refusal: Refusal }

function captureGroups(pattern: string): CaptureGroups {
  try {
    new RegExp(pattern, 'm')
    // The empty first alternative matches immediately: `pattern` never runs, but the match lists all its groups.
    const match = new RegExp(`|${pattern}`).exec('')
    return { kind: 'valid', count: (match?.length ?? 1) - 1, names: Object.keys(match?.groups ?? {}) }
  } catch (error) {
    const hint = pattern.includes('(?P<')
      ? 'remove the P: JavaScript writes a named group as (?<value>…)'
      : `fix the pattern: ${reasonOf(error)}`
    return { kind: 'invalid', refusal: { expected: 'a JavaScript regular expression', hint } }
  }
}

/** As usual in Unix, wildcards do not match a leading dot, so only a segment that begins with one can match. */
function reachesDotGithub(glob: string): boolean {
  const first = glob.replace(/^(\*\*\/)+/, '').split('/')[0] ?? ''
  const source = first.replace(/\*+|\W/g, (token) => WILDCARDS[token[0] ?? ''] ?? `\\${token}`)
  return first.startsWith('.') && new RegExp(`^${source}$`, 'i').test('.github')
}

const WILDCARDS: Readonly<Record<string, string>> = { '*': '.*', '?': '.' }
