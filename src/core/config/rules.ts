// Rules about one piece of text in the configuration: paths, globs, branch names and patterns.

import { parseDestination } from './hosts.ts'

/** Why a text is refused: what was expected instead, and what to do about it. */
export interface Refusal {
  expected: string
  hint: string
}

type Rule = (text: string) => Refusal | undefined

const CONTROL = /\p{Cc}/u

/** A path that stays inside its folder: posix, relative, normalised, naming a file rather than a folder. */
export const pathRule: Rule = (text) => {
  const refuse = (hint: string) => ({ expected: 'a relative path', hint })
  const segments = text.split('/')
  if (text.trim() === '') return refuse('name a file, such as train.py')
  if (text.includes('\\')) return refuse('separate folders with "/"')
  if (text.startsWith('/') || /^[A-Za-z]:/.test(text)) return refuse('remove what makes it absolute')
  if (segments.includes('..')) return refuse('remove "..": the path must stay inside its folder')
  if (text.endsWith('/')) return refuse(`name a file, or write "${text}**" where a glob is allowed`)
  if (segments.includes('.') || segments.includes('')) return refuse('remove "./" and "//"')
  return CONTROL.test(text) ? refuse('remove the control characters') : undefined
}

/** The folders of users, and every folder directly in them: somebody's whole home. */
const HOME = /^\/(root|home|Users|var\/home)$|^\/(home|Users|var\/home)\/[^/]+$/

/** A host path that the sandbox shows. The machine that trains has more to refuse: what is private only it can see. */
export const readPathRule: Rule = (text) => {
  const refuse = (hint: string) => ({ expected: 'an absolute path', hint })
  const segments = text.split('/').slice(1)
  if (!text.startsWith('/')) return refuse('begin it with "/"; ~ and $HOME are not replaced')
  if (text === '/') return refuse('name the folders that training needs, not the whole machine')
  if (segments.includes('..')) return refuse('remove "..": write the path it leads to')
  if (segments.includes('.') || segments.includes('')) return refuse('remove "./", "//" and a "/" at the end')
  if (CONTROL.test(text)) return refuse('remove the control characters')
  return HOME.test(text) ? refuse('name a folder inside it: a home holds keys and tokens') : undefined
}

/** A command that does not take the seeds of Python from the harness: they come by way of PYTHONPATH. */
export const trainRule: Rule = (text) => {
  const replaced = [...text.matchAll(/\bPYTHONPATH=(\S*)/g)].find(
    ([, value]) => !/\$\{?PYTHONPATH\b/.test(value ?? ''),
  )
  if (replaced === undefined) return undefined
  return {
    expected: 'a command that keeps what is in PYTHONPATH',
    hint: `write PYTHONPATH=$PYTHONPATH:${replaced[1] || 'src'}, because the seeds of a trial come by that way`,
  }
}

/** A host that an agent in its sandbox may talk to: one, at one port. */
export const hostRule: Rule = (text) => {
  if (parseDestination(text)) return undefined
  return {
    expected: 'a host, with its port if that is not 443',
    hint: 'write for example api.anthropic.com or localhost:8000, without https:// and wildcards',
  }
}

/** A glob of files a candidate may change. `*`, `**` and `?` only, so that every matcher understands it alike. */
export const globRule: Rule = (text) => {
  if (/^!|[()[\]{}]/.test(text)) {
    return {
      expected: 'a glob of *, ** and ?',
      hint: 'write one glob per alternative, without ! ( ) [ ] { }',
    }
  }
  const refusal = pathRule(text)
  if (refusal !== undefined || !reachesDotGithub(text)) return refusal
  return {
    expected: 'a glob outside .github/',
    hint: 'remove it: candidates never change .github/',
  }
}

/** Where an endpoint is. What is in it is public, and shown when something fails. */
export const endpointRule: Rule = (text) => {
  const url = URL.parse(text)
  const refuse = (hint: string) => ({ expected: 'an http or https URL', hint })
  if (url === null) return undefined
  if (url.username !== '' || url.password !== '' || url.search !== '')
    return refuse(
      'remove the credentials and the query: keys are secrets, given in the input openai-api-keys',
    )
  if (/\/chat\/completions\/?$/.test(url.pathname)) return refuse('remove /chat/completions: it is added')
  return undefined
}

/** A branch that git accepts and that the record of the research does not already use. */
export const branchRule: Rule = (text) => {
  const parts = text.split('/')
  const forbidden = /[\s~^:?*[\\]|\.\.|@\{|^@$|^-|\.$/.test(text) || CONTROL.test(text)
  if (forbidden || parts.some((part) => part === '' || part.startsWith('.') || part.endsWith('.lock'))) {
    return {
      expected: 'a branch name',
      hint: 'use letters, digits, "-" and "/", such as autoresearch/baseline',
    }
  }
  // `autoresearch` itself would make git refuse every branch below it.
  if (/^autoresearch(\/(ledger|c)(\/.*)?)?$/.test(text)) {
    return {
      expected: 'a branch of its own',
      hint: 'autoresearch/ledger and autoresearch/c/ are taken; use autoresearch/baseline',
    }
  }
  return undefined
}

/** A regular expression that marks one value: its only capture group, or the group named `value`. */
export const metricPatternRule: Rule = (text) => {
  const groups = captureGroups(text)
  if (groups.kind === 'invalid') return groups.refusal
  if (groups.names.includes('value') || groups.count === 1) return undefined
  return {
    expected: 'exactly one capture group, or one named value',
    hint:
      groups.count === 0
        ? 'put parentheses around the number: loss: (\\S+)'
        : 'write (?:…) for groups that only group, or name the number (?<value>…)',
  }
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

/** The engine's reason without the pattern that it repeats in front. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.slice(message.lastIndexOf(': ') + 2).toLowerCase()
}

type CaptureGroups = { kind: 'valid'; count: number; names: string[] } | { kind: 'invalid'; refusal: Refusal }

function captureGroups(pattern: string): CaptureGroups {
  try {
    new RegExp(pattern, 'm')
    // The empty first alternative matches at once, so nothing of `pattern` runs, and still every group is listed.
    const match = new RegExp(`|${pattern}`).exec('')
    return { kind: 'valid', count: (match?.length ?? 1) - 1, names: Object.keys(match?.groups ?? {}) }
  } catch (error) {
    const hint = pattern.includes('(?P<')
      ? 'JavaScript writes a named group (?<value>…), without the P'
      : `mend the pattern: ${reasonOf(error)}`
    return { kind: 'invalid', refusal: { expected: 'a JavaScript regular expression', hint } }
  }
}

/** Wildcards do not match a leading dot, as everywhere in Unix, so only a segment that begins with one gets in. */
function reachesDotGithub(glob: string): boolean {
  const first = glob.replace(/^(\*\*\/)+/, '').split('/')[0] ?? ''
  const source = first.replace(/\*+|\W/g, (token) => WILDCARDS[token[0] ?? ''] ?? `\\${token}`)
  return first.startsWith('.') && new RegExp(`^${source}$`, 'i').test('.github')
}

const WILDCARDS: Readonly<Record<string, string>> = { '*': '.*', '?': '.' }
