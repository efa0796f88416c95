// Secrets in action inputs, one `name=value` per line: keys of endpoints by host, and variables for coding agents. A key is
// sent to its host only; a variable is given only to the agents whose configuration names it.

export type Secrets = ReadonlyMap<string, string>
export type ParsedSecrets = { kind: 'secrets'; secrets: Secrets } | { kind: 'wrong'; line: number }

/** A valid environment variable name in a shell. */
export const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/
const VARIABLE = /^\s*([A-Za-z_]\w{0,99})\s*=\s*(\S.*?)\s*$/
/** The host may have a port: `api.openai.com=…`, `localhost:8000=…`, `[::1]:8000=…`. */
const KEY = /^\s*([\w.-]+(?::\d+)?|\[[\da-fA-F:]+\](?::\d+)?)\s*=\s*(\S+)\s*$/

/** @returns the variables, or the 1-based number of the first invalid line, without its content: it may be a key */
export function parseVariables(text: string): ParsedSecrets {
  return parseLines(text, VARIABLE)
}

/** @returns as `parseVariables`, by host in lower case */
export function parseKeys(text: string): ParsedSecrets {
  const parsed = parseLines(text, KEY)
  if (parsed.kind === 'wrong') return parsed
  return {
    kind: 'secrets',
    secrets: new Map([...parsed.secrets].map(([host, key]) => [host.toLowerCase(), key])),
  }
}

function parseLines(text: string, pattern: RegExp): ParsedSecrets {
  const secrets = new Map<string, string>()
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const [, name, value] = pattern.exec(line) ?? []
    if (name === undefined || value === undefined) return { kind: 'wrong', line: index + 1 }
    secrets.set(name, value)
  }
  return { kind: 'secrets', secrets }
}

/** Selects the variables of one agent, or names those that were not given. */
export function pickVariables(
  names: readonly string[],
  given: Secrets,
): { kind: 'picked'; variables: Record<string, string> } | { kind: 'missing'; names: string[] } {
  const missing = names.filter((name) => !given.has(name))
  if (missing.length > 0) return { kind: 'missing', names: missing }
  return { kind: 'picked', variables: Object.fromEntries(names.map((name) => [name, given.get(name) ?? ''])) }
}

export const OPENAI_URL = 'https://api.openai.com/v1'

/** @param baseUrl default: OpenAI's endpoint */
export function hostOf(baseUrl: string | undefined): string {
  return new URL(baseUrl ?? OPENAI_URL).host
}

/**
 * All keys by host: the keys in `given`, plus `single` for the host of the first endpoint unless `given` has one for it.
 *
 * @param baseUrls base URLs of all endpoints, in the order of the configuration
 */
export function assignKeys(
  single: string,
  given: Secrets,
  baseUrls: readonly (string | undefined)[],
): Secrets {
  return single === '' || baseUrls.length === 0 ? given : new Map([[hostOf(baseUrls[0]), single], ...given])
}
