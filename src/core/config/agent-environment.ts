// The secrets of coding agents: read from one input of the action, and given only to the agent that asks for them by name.

export type Variables = ReadonlyMap<string, string>
export type ParsedVariables = { kind: 'variables'; variables: Variables } | { kind: 'wrong'; line: number }

/** What a shell takes for the name of a variable. */
export const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/

/**
 * Reads the input `agent-environment`: `NAME=value`, one a line.
 *
 * @returns the number of the first line (1-based) that is none, and never a word of it: it may be a key
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

/** @returns the variables an agent asks for, or the names of those that were not given */
export function pickVariables(
  names: readonly string[],
  given: Variables,
): { kind: 'picked'; variables: Record<string, string> } | { kind: 'missing'; names: string[] } {
  const missing = names.filter((name) => !given.has(name))
  if (missing.length > 0) return { kind: 'missing', names: missing }
  return { kind: 'picked', variables: Object.fromEntries(names.map((name) => [name, given.get(name) ?? ''])) }
}
