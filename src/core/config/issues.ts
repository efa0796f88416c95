// Turns zod issues into problems that a person can act on: place, expected value, found value and next action.
import { stringify } from 'yaml'
import type { z } from 'zod'
import { nearestWord } from './edit-distance.ts'
import { configJsonSchema } from './schema.ts'
import type { ConfigPath, ConfigProblem, ConfigYaml } from './yaml.ts'

type Field = z.core.JSONSchema.BaseSchema
type ReadYaml = Extract<ConfigYaml, { kind: 'read' }>

let made: Field | undefined

/** Made once: making it takes longer than reading a configuration. */
function theSchema(): Field {
  made ??= configJsonSchema()
  return made
}

export function explainIssues(found: readonly z.core.$ZodIssue[], yaml: ReadYaml): ConfigProblem[] {
  if (found.length === 0) return []
  const issues = found.flatMap(withoutUnion)
  const schema = theSchema()
  const misspelled = new Set<string>()
  const unknown = issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return []
    const known = Object.keys(asMapping(fieldAt(schema, issue.path, yaml.value))?.properties ?? {})
    return issue.keys.map((key) => {
      const meant = nearestWord(key, known)
      if (meant !== undefined) misspelled.add(renderPath([...issue.path, meant]))
      return explainUnknownKey([...issue.path, key], known, meant, yaml)
    })
  })
  const wrong = issues
    .filter((issue) => issue.code !== 'unrecognized_keys')
    .map((issue) => explainIssue(issue, schema, yaml))
    // A misspelled required key is reported once: the missing correct key is not a second problem.
    .filter(({ path, found }) => found !== NOTHING || !misspelled.has(path))
  return [...unknown, ...wrong]
}

/** For a value that may be a word or a mapping and is a mapping: the issues inside the mapping. */
function withoutUnion(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union') return [issue]
  const meant = issue.errors.find((inner) => inner.length > 0 && !inner.some(isAnotherKind))
  return meant?.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })) ?? [issue]
}

function isAnotherKind({ path, code }: z.core.$ZodIssue): boolean {
  return path.length === 0 && (code === 'invalid_type' || code === 'invalid_value')
}

function explainUnknownKey(
  path: ConfigPath,
  known: readonly string[],
  meant: string | undefined,
  yaml: ReadYaml,
): ConfigProblem {
  return {
    ...yaml.positionOf(path, 'key'),
    path: renderPath(path),
    expected: 'a known key',
    found: quote(String(path.at(-1))),
    hint: meant === undefined ? `remove it; known keys: ${known.join(', ')}` : `did you mean ${meant}?`,
  }
}

function explainIssue(issue: z.core.$ZodIssue, schema: Field, yaml: ReadYaml): ConfigProblem {
  const found = valueAt(yaml.value, issue.path)
  const given = issue.code === 'custom' ? issue.params?.hint : undefined
  const choices = 'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : undefined
  const field = choices ? { enum: choices } : fieldAt(schema, issue.path, yaml.value)
  return {
    ...yaml.positionOf(issue.path, 'value'),
    path: renderPath(issue.path),
    expected: issue.message,
    found: describe(found),
    hint: typeof given === 'string' ? given : suggest(issue.path, field, found),
  }
}

function suggest(path: ConfigPath, field: Field | undefined, found: unknown): string {
  const key = path.at(-1)
  if (key === undefined) return 'start from the example in docs/configuration.md'
  const choices = (field?.enum ?? field?.anyOf?.flatMap(wordsOf) ?? []).map(String)
  const meant = typeof found === 'string' ? nearestWord(found, choices) : undefined
  if (meant !== undefined) return `did you mean ${meant}?`
  const example = [field, ...(field?.anyOf ?? [])].flatMap(examplesOf)[0] ?? choices[0]
  if (example !== undefined) {
    return `write, for example, \`${typeof key === 'string' ? `${key}: ${flow(example)}` : flow(example)}\``
  }
  return `add keys below it: ${Object.keys(field?.properties ?? {}).join(', ')}`
}

function wordsOf(option: Field | boolean): unknown[] {
  return typeof option === 'object' ? (option.enum ?? []) : []
}

function examplesOf(option: Field | boolean | undefined): unknown[] {
  return typeof option === 'object' ? (option.examples ?? []) : []
}

function flow(value: unknown): string {
  return stringify(value, {
    collectionStyle: 'flow',
    flowCollectionPadding: false,
    singleQuote: true,
    lineWidth: 0,
  }).trim()
}

/** The part of the published schema that describes `path`. Among alternatives, selects the one with the same `kind`. */
function fieldAt(schema: Field, path: ConfigPath, root: unknown): Field | undefined {
  let field: unknown = schema
  path.forEach((segment, depth) => {
    const { properties, additionalProperties, items, prefixItems } = asMapping((field ?? {}) as Field) ?? {}
    field =
      typeof segment === 'number'
        ? (prefixItems?.[segment] ?? items)
        : (properties?.[String(segment)] ?? additionalProperties)
    const kind = valueAt(root, [...path.slice(0, depth + 1), 'kind'])
    const alternatives = (field as Field | undefined)?.oneOf?.filter(
      ({ properties }) => properties !== undefined,
    )
    field = alternatives?.find((option) => constOf(option.properties?.kind) === kind) ?? field
  })
  return typeof field === 'object' ? (field as Field) : undefined
}

/** The mapping form of a field that has several forms. */
function asMapping(field: Field | undefined): Field | undefined {
  return field?.anyOf?.find((option) => (option as Field).properties !== undefined) ?? field
}

function constOf(field: Field | boolean | undefined): unknown {
  return typeof field === 'object' ? field.const : undefined
}

function valueAt(root: unknown, path: ConfigPath): unknown {
  return path.reduce<unknown>((value, key) => {
    const has = typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    return has ? (value as Record<PropertyKey, unknown>)[key] : undefined
  }, root)
}

const NOTHING = 'nothing'

/** Describes a value in a few words. Looks only one level deep, because aliases can make a value contain itself. */
function describe(value: unknown): string {
  if (value === undefined || value === null) return NOTHING
  // The found value appears in a log, and a URL may contain a key.
  if (typeof value === 'string') return quote(value.replace(/:\/\/[^/?#]*@/, '://…@'))
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`
  if (typeof value !== 'object') return String(value)
  const keys = Object.keys(value)
  return keys.length === 0 ? 'an empty mapping' : `a mapping with ${keys.slice(0, 8).map(bare).join(', ')}`
}

function renderPath(path: ConfigPath): string {
  return path
    .map((key, index) =>
      typeof key === 'number' ? `[${key}]` : `${index === 0 ? '' : '.'}${bare(String(key))}`,
    )
    .join('')
}

function bare(key: string): string {
  return /^[\w-]{1,60}$/.test(key) ? key : quote(key)
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 59)}…` : text)
}
