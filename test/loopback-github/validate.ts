/** Holds every REST call against GitHub's own description: what is asked, and what this server answers. */
import type { ErrorObject, ValidateFunction } from 'ajv'
import { checkAgainst, type Operation } from './operations.ts'

/** Answers GitHub gives everywhere, whether an operation lists them or not. */
const EVERYWHERE = new Set([401, 403, 404, 409, 422, 429])

const basicError = checkAgainst('components', 'schemas', 'basic-error')
const validationError = checkAgainst('components', 'schemas', 'validation-error')

export interface Problem {
  readonly where: 'parameters' | 'query' | 'body' | 'ignored' | 'answer'
  readonly message: string
}

function failures(where: Problem['where'], check: ValidateFunction, value: unknown): Problem[] {
  return check(value) ? [] : (check.errors ?? []).map((error) => ({ where, message: describe(error) }))
}

/** In the words GitHub uses for these cases, where it has them. */
function describe({ instancePath, keyword, params, message, data }: ErrorObject): string {
  const at = instancePath.slice(1).replaceAll('/', '.')
  if (keyword === 'required')
    return `"${at === '' ? '' : `${at}.`}${params.missingProperty}" wasn't supplied.`
  if (keyword === 'maxLength')
    return `${at}: only ${params.limit} characters are allowed; ${String(data).length} were supplied.`
  return `${at || 'it'} ${message} (${keyword})`
}

export function checkRequest(
  operation: Operation,
  parameters: Record<string, string>,
  body: unknown,
): Problem[] {
  const found = failures('parameters', operation.checkParameters(), { ...parameters })
  if (operation.checkBody === undefined) return found
  found.push(...failures('body', operation.checkBody(), body ?? {}))
  const names = typeof body === 'object' && body !== null && !Array.isArray(body) ? Object.keys(body) : []
  const unknown = names.filter((name) => operation.bodyNames.size > 0 && !operation.bodyNames.has(name))
  return [
    ...found,
    ...unknown.map((name) => ({ where: 'body' as const, message: `"${name}" is not a permitted key.` })),
  ]
}

/** GitHub ignores query parameters it does not know; whoever sent one surely meant something by it. */
export const unknownQuery = (operation: Operation, names: readonly string[]): Problem[] =>
  names
    .filter((name) => !operation.queryNames.has(name))
    .map((name) => ({ where: 'query', message: `"${name}" is no parameter of ${operation.id}` }))

export function checkAnswer(operation: Operation, status: number, body: unknown): Problem[] {
  const described = operation.checkAnswers.has(String(status))
  if (!described && !EVERYWHERE.has(status))
    return [{ where: 'answer', message: `${operation.id} never answers ${status}` }]
  const check = described ? operation.checkAnswers.get(String(status)) : errorCheckFor(body)
  if (check === undefined) {
    return body === undefined || status >= 400 ? [] : [{ where: 'answer', message: 'it must have no body' }]
  }
  return failures('answer', check(), body)
}

const errorCheckFor = (body: unknown) =>
  typeof body === 'object' && body !== null && 'errors' in body ? validationError : basicError
