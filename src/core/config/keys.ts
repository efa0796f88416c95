// Assigns keys to endpoints. A key belongs to one host and is never sent to another.

/** Keys by host, such as `api.openai.com` or `localhost:8000`. */
export type KeysByHost = ReadonlyMap<string, string>

export type ParsedKeys = { kind: 'keys'; keys: KeysByHost } | { kind: 'wrong'; line: number }

/**
 * Reads the action input `openai-api-keys`: one `host=key` per line.
 *
 * @returns the keys, or the 1-based number of the first invalid line, without its content: it may be a key
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
  given: KeysByHost,
  baseUrls: readonly (string | undefined)[],
): KeysByHost {
  const [first] = baseUrls
  if (single === '' || baseUrls.length === 0) return given
  return new Map([[hostOf(first), single], ...given])
}
