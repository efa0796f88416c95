/** The operations of GitHub's own OpenAPI description (`openapi-slice.json`): found by method and path, with compiled schemas. */
import { readFileSync } from 'node:fs'
import { Ajv, type ValidateFunction } from 'ajv'
import formats from 'ajv-formats'

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const

interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query'
  readonly required?: boolean
  readonly schema: object
}

interface Described {
  readonly operationId: string
  readonly parameters?: readonly (Parameter | { $ref: string })[]
  readonly requestBody?: { content: Record<string, { schema: { properties?: object } }> }
  readonly responses: Record<string, { $ref: string } | { content?: Record<string, unknown> }>
}

interface Slice {
  readonly paths: Record<string, Partial<Record<(typeof METHODS)[number], Described>>>
  readonly components: { parameters: Record<string, Parameter>; responses: Record<string, object> }
}

/** Compiling all schemas takes a second, a test needs few: each is compiled at its first use. */
type Lazy = () => ValidateFunction

export interface Operation {
  readonly id: string
  readonly method: string
  readonly path: RegExp
  readonly checkParameters: Lazy
  readonly queryNames: ReadonlySet<string>
  readonly checkBody: Lazy | undefined
  readonly bodyNames: ReadonlySet<string>
  readonly checkAnswers: ReadonlyMap<string, Lazy | undefined>
}

export interface Matched {
  readonly operation: Operation
  readonly params: Record<string, string>
}

/** Parameters that may hold slashes: names of branches and labels. */
const MULTI_SEGMENT = new Set(['ref', 'branch', 'base', 'head', 'name'])

const slice = JSON.parse(readFileSync(new URL('openapi-slice.json', import.meta.url), 'utf8')) as Slice
const ajv = new Ajv({ strict: false, allErrors: true, verbose: true })
const coercing = new Ajv({ strict: false, allErrors: true, coerceTypes: true })
for (const one of [ajv, coercing]) {
  formats.default(one)
  one.addFormat('repo.nwo', true)
  one.addSchema(slice, 'github')
}

const pointer = (...keys: string[]) =>
  `github#/${keys.map((key) => encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`

function lazily(compile: Lazy): Lazy {
  let compiled: ValidateFunction | undefined
  return () => {
    compiled ??= compile()
    return compiled
  }
}

export const checkAgainst = (...keys: string[]) => lazily(() => ajv.compile({ $ref: pointer(...keys) }))

function parameterOf(parameter: Parameter | { $ref: string }): Parameter {
  if (!('$ref' in parameter)) return parameter
  const found = slice.components.parameters[parameter.$ref.replace('#/components/parameters/', '')]
  if (found === undefined) throw new Error(`No parameter ${parameter.$ref}`)
  return found
}

function checkerOfParameters(parameters: readonly Parameter[]): Lazy {
  const required = parameters.filter(({ required }) => required).map(({ name }) => name)
  // In a URL the number 7 and the text "7" are the same: both schemas of a `oneOf` match.
  const lenient = (schema: object) => ('oneOf' in schema ? { anyOf: schema.oneOf } : schema)
  const properties = Object.fromEntries(parameters.map(({ name, schema }) => [name, lenient(schema)]))
  return lazily(() => coercing.compile({ type: 'object', properties, required }))
}

function checkersOfAnswers(path: string, method: string, { responses }: Described) {
  return new Map(
    Object.entries(responses).map(([status, response]): [string, Lazy | undefined] => {
      const keys =
        '$ref' in response ? response.$ref.slice(2).split('/') : ['paths', path, method, 'responses', status]
      const content = '$ref' in response ? componentContent(response.$ref) : response.content
      if (content?.['application/json'] === undefined) return [status, undefined]
      return [status, checkAgainst(...keys, 'content', 'application/json', 'schema')]
    }),
  )
}

function componentContent(reference: string): Record<string, unknown> | undefined {
  const response = slice.components.responses[reference.replace('#/components/responses/', '')]
  return (response as { content?: Record<string, unknown> } | undefined)?.content
}

function operationOf(path: string, method: string, described: Described): Operation {
  const parameters = (described.parameters ?? []).map(parameterOf)
  const body = described.requestBody?.content['application/json']
  const keys = ['paths', path, method, 'requestBody', 'content', 'application/json', 'schema']
  return {
    id: described.operationId,
    method: method.toUpperCase(),
    path: patternOf(path),
    checkParameters: checkerOfParameters(parameters),
    queryNames: new Set(parameters.filter((one) => one.in === 'query').map(({ name }) => name)),
    checkBody: body && checkAgainst(...keys),
    bodyNames: new Set(Object.keys(body?.schema.properties ?? {})),
    checkAnswers: checkersOfAnswers(path, method, described),
  }
}

function patternOf(path: string): RegExp {
  const escaped = path.replaceAll('.', '\\.')
  const groups = escaped.replace(/\{(\w+)\}/g, (_, name: string) => {
    // The root directory is the empty path.
    if (name === 'path') return `?(?<${name}>.*)`
    return MULTI_SEGMENT.has(name) ? `(?<${name}>.+?)` : `(?<${name}>[^/]+)`
  })
  return new RegExp(`^${groups}$`)
}

const operations = Object.entries(slice.paths)
  // The longer template first: `/commits/{ref}/check-runs` must win over `/commits/{ref}`.
  .sort(([one], [other]) => other.split('/').length - one.split('/').length)
  .flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const described = item[method]
      return described === undefined ? [] : [operationOf(path, method, described)]
    }),
  )

/** Finds the operation that GitHub describes for this method and path (without `/api/v3`). */
export function matchOperation(method: string, path: string): Matched | undefined {
  for (const operation of operations) {
    const found = operation.method === method ? operation.path.exec(path) : null
    if (found === null) continue
    const decoded = Object.entries(found.groups ?? {}).map(([name, value]) => [
      name,
      decodeURIComponent(value),
    ])
    return { operation, params: Object.fromEntries(decoded) }
  }
  return undefined
}
