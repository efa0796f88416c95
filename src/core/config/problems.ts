// Problems in the configuration, and how they are shown.

/** One problem in the configuration. Line and column are 1-based; `path` is empty for the whole file. */
export interface ConfigProblem {
  line: number
  column: number
  path: string
  expected: string
  found: string
  /** The next action, as an imperative sentence. */
  hint: string
}

/**
 * Renders problems for people, as two lines per problem.
 *
 * @param file the path of the configuration, as the reader knows it
 */
export function renderConfigProblems(file: string, problems: readonly ConfigProblem[]): string {
  return problems
    .map(({ line, column, path, expected, found, hint }) => {
      const subject = path === '' ? '' : `${path}: `
      return `${file}:${line}:${column}  ${subject}expected ${expected}, found ${found}\n  hint: ${hint}`
    })
    .join('\n')
}
