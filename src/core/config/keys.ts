// Which key goes to which endpoint. A key belongs to a host and is never sent to another one.

/** Key by host, as in `api.openai.com` or `localhost:8000`. */
export type KeysByHost = ReadonlyMap<string, string>

export type ParsedKeys = { kind: 'keys'; keys: KeysByHost } | { kind: 'wrong'; line: number }

/**
 * Reads the input `openai-api-keys`: `host=key`, one a line.
 *
 * @returns the number of the first line (1-based) that is none, and never a word of it: it may be a key
 */
export function parseKeys(text: string): ParsedKeys {
  const keys = new Map<string, string>()
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const [, host, key] = /^\s*([\w.-]+(?::\d+)?|\[[\da-fA-F:]+\](?::\d+)?)\s*=\s*(\S+)\s*$/.exec(line) ?? []
    if (host === undefined || key === undefined) return { kind: 'wrong', line: index + 1 }
    keys.set(host.toLowerCase(), key)
  }
  return { kind: 'keys', keys }
}

export const OPENAI_URL = 'https://api.openai.com/v1'

/** @param baseUrl undefined stands for OpenAI's own endpoint */
export function hostOf(baseUrl: string | undefined): string {
  return new URL(baseUrl ?? OPENAI_URL).host
}

/**
 * All keys by host: those that were given with their host, and `single` for the host of the first endpoint, unless that
 * host has one.
 *
 * @param baseUrls of all endpoints, in the order of the configuration
 */
export function assignKeys(
  single: string,
  given: KeysByHost,
  baseUrls: readonly (string | undefined)[],
): KeysByHost {
  const [first] = baseUrls
  if (single === '' || baseUrls.length === 0) return given
  return new Map([[hostOf(first), single], ...given])
}
