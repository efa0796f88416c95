// The JSON schema of ledger lines as markdown: a table for each event, and for each type that events use.
import type { z } from 'zod'

type Schema = z.core.JSONSchema.BaseSchema

/** Fields of every line, described once. */
const LINE_FIELDS: ReadonlySet<string> = new Set(['kind', 'seq', 'at', 'hash'])

type Types = Readonly<Record<string, Schema>>

export function eventTables({ anyOf = [], $defs = {} }: Schema): string {
  const types = $defs as Types
  const events = (anyOf as Schema[]).map((event) => {
    const table = fieldTable(fieldRows(event, types, LINE_FIELDS))
    return `### \`${property(event, 'kind').const}\`\n\n${event.description}\n\n${table}`
  })
  const tables = Object.entries(types).map(([name, type]) => {
    const table = type.oneOf ? variantTable(type, types) : fieldTable(fieldRows(type, types))
    return `### Type ${name}\n\n${type.description}\n\n${table}`
  })
  return [...events, ...tables].join('\n')
}

function fieldTable(rows: readonly string[]): string {
  return `| field | type | meaning |\n|---|---|---|\n${rows.map((row) => `| ${row} |\n`).join('')}`
}

/** A union: its variants, told apart by their first field, and the fields of each. */
function variantTable({ oneOf = [] }: Schema, types: Types): string {
  const variants = oneOf as Schema[]
  const [by = 'kind'] = Object.keys(variants[0]?.properties ?? {})
  const rows = variants.flatMap((variant) => [
    `\`${property(variant, by).const}\` | | | ${variant.description}`,
    ...fieldRows(variant, types, new Set([by])).map((row) => ` | ${row}`),
  ])
  return `| \`${by}\` | field | type | meaning |\n|---|---|---|---|\n${rows.map((row) => `| ${row} |\n`).join('')}`
}

function fieldRows(
  { properties = {}, required = [] }: Schema,
  types: Types,
  omitted: ReadonlySet<string> = new Set(),
): string[] {
  return Object.entries(properties as Types)
    .filter(([name]) => !omitted.has(name))
    .map(([name, field]) => {
      const optional = required.includes(name) ? '' : 'optional '
      // Zod writes no description beside a reference when it equals that of the type.
      const meaning = field.description ?? types[typeName(field.$ref ?? '')]?.description
      return `\`${name}\` | ${optional}${typeOf(field)} | ${meaning}`
    })
}

function typeOf(schema: Schema): string {
  if (schema.$ref) return `[${typeName(schema.$ref)}](#type-${typeName(schema.$ref).toLowerCase()})`
  if (schema.const !== undefined) return `\`${schema.const}\``
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(', ')
  if (schema.anyOf) return (schema.anyOf as Schema[]).map(typeOf).join(' or ')
  if (schema.type === 'array') return `list of ${typeOf(schema.items as Schema)}`
  if (schema.type === 'object') return `{ ${Object.keys(schema.properties ?? {}).join(', ')} }`
  return [schema.type, ...limits(schema)].join(', ')
}

function typeName($ref: string): string {
  return $ref.replace('#/$defs/', '')
}

/** The pattern of git's object names is long and has a name. */
const OBJECT_NAME = '^[0-9a-f]{40}([0-9a-f]{24})?$'

function limits({ minimum, maximum, maxLength, pattern }: Schema): string[] {
  const isBounded = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER
  return [
    ...(minimum === undefined || minimum === Number.MIN_SAFE_INTEGER ? [] : [`≥ ${minimum}`]),
    ...(isBounded ? [`≤ ${maximum}`] : []),
    ...(maxLength === undefined ? [] : [`at most ${maxLength} characters`]),
    ...(pattern === undefined ? [] : [pattern === OBJECT_NAME ? 'git object name' : `\`${pattern}\``]),
  ]
}

function property({ properties = {} }: Schema, name: string): Schema {
  return properties[name] as Schema
}
