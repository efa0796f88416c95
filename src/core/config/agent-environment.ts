// Secrets for coding agents: read from an action input, and given only to the agent whose configuration names them.

export type Variables = ReadonlyMap<string, string>
export type ParsedVariables = { kind: 'variables'; variables: Variables } | { kind: 'wrong'; line: number }

/** A valid environment variable name in a shell. */
export const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/

/**
 * Reads the action input `agent-environment`: one `NAME=value` per line.
 *
 * @returns the variables, or the 1-based number of the first invalid line, without its content: it may be a key
 */
export function parseVariables(text: string): ParsedVariables {
  const variables = new Map<string, string>()
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const [, name, value] = /^\s*(\w+)\s*=\s*(\S.*?)\s*$/.exec(line) ?? []
    if (name === undefined || value === undefined || !VARIABLE_NAME.test(name))
      return { kind: 'wrong', line: index + 1 }
    variables.set(name, value)
  }
  return { kind: 'variables', variables }
}

/**
 * Selects the variables of one agent.
 *
 * @param names the variables in its configuration
 * @returns the selected variables, or the names of those that were not given
 */
export function pickVariables(
  names: readonly string[],
  given: Variables,
): { kind: 'picked'; variables: Record<string, string> } | { kind: 'missing'; names: string[] } {
  const missing = names.filter((name) => !given.has(name))
  if (missing.length > 0) return { kind: 'missing', names: missing }
  return { kind: 'picked', variables: Object.fromEntries(names.map((name) => [name, given.get(name) ?? ''])) }
}
