// The configuration's fields as markdown tables. What each allows is asked of the parser itself: it is what its error says it expected.
import { stringify } from 'yaml'
import type { z } from 'zod'
import { parseConfig } from '../../src/core/config/config.ts'
import { configJsonSchema } from '../../src/core/config/schema.ts'

type Schema = z.core.JSONSchema.BaseSchema
type Fields = Record<string, unknown>

/** What a field that is tried needs beside it. */
const SMALLEST = {
  editable: ['train.py'],
  train: 'python train.py',
  budget: '5m',
  metric: { name: 'loss', direction: 'minimize', pattern: '(.+)' },
}
/** At the top, command and budget belong to the first of them. */
const SMALLEST_SCALE = { name: 'a', train: 'a', budget: '5m' }
const PROPOSERS: Record<string, Fields> = {
  knobs: { kind: 'knobs' },
  openai: { kind: 'openai', model: 'm' },
  command: { kind: 'command', name: 'a', run: 'a', hosts: ['a.example'] },
}

/**
 * @param name a section of the configuration (`metric`), a kind of proposer (`proposers openai`), or `all`, which is the outermost
 *   fields
 * @returns the table of its fields, and of those of the mappings inside it
 * @throws Error when there is no such section
 */
export function fieldTable(name: string): string {
  const rows = ['field | meaning | value | default', '--- | --- | --- | ---', ...rowsOf(name)]
  return `${rows.map((row) => `| ${row} |`).join('\n')}\n`
}

function rowsOf(name: string): string[] {
  const all = configJsonSchema()
  if (name === 'all') return fieldRows(all, (fields) => fields, [], [])
  const [section = '', kind] = name.split(' ')
  const schema = (all.properties as Record<string, Schema>)[section]
  if (schema === undefined) throw new Error(`The configuration has no "${section}"`)
  const items = schema.items as Schema | undefined
  if (items && isMapping(items)) {
    const { before, entry, shown } = section === 'scales' ? SCALES : GUARDS
    return fieldRows(
      items,
      (fields) => ({ [section]: [...before, { ...entry, ...fields }] }),
      [`${section}[${before.length}]`],
      shown,
    )
  }
  if (kind === undefined) {
    const mapping = [schema, ...((schema.anyOf ?? []) as Schema[])].find(({ properties }) => properties)
    if (mapping === undefined) throw new Error(`"${section}" has no fields`)
    const beside = ((SMALLEST as Fields)[section] ?? {}) as Fields
    return fieldRows(mapping, (fields) => ({ [section]: { ...beside, ...fields } }), [section], [section])
  }
  const variants = (schema.items as Schema).oneOf as Schema[]
  const variant = variants.find(({ properties = {} }) => (properties.kind as Schema).const === kind)
  if (variant === undefined) throw new Error(`"${section}" has no kind "${kind}"`)
  return fieldRows(
    variant,
    (fields) => ({ [section]: [{ ...PROPOSERS[kind], ...fields }] }),
    [`${section}[0]`],
    [],
  )
}

/** The smallest entries of lists of mappings, and what must stand before them. The first scale has fewer fields than the others. */
const SCALES = { before: [SMALLEST_SCALE], entry: { ...SMALLEST_SCALE, name: 'b' }, shown: [] }
const GUARDS = { before: [], entry: SMALLEST.metric, shown: ['guards'] }

/**
 * @param around puts fields into a configuration
 * @param path where the parser reports these fields
 * @param shown what stands before their names in the table
 */
function fieldRows(
  { properties = {}, required = [] }: Schema,
  around: (fields: Fields) => Fields,
  path: readonly string[],
  shown: readonly string[],
): string[] {
  return Object.entries(properties as Record<string, Schema>).flatMap(([name, field]) => {
    const here = [...path, name].join('.')
    const allowed = expected(around({ [name]: wrong(field) }), here)
    const isOwnTable = path.length === 0 && [field, ...((field.anyOf ?? []) as Schema[])].some(isMapping)
    const value = isOwnTable ? allowed.replace('a mapping', `[a mapping](#${name})`) : allowed
    const initial = required.includes(name) ? 'required' : defaultOf(field) || (isOwnTable ? '' : 'none')
    const row = [`\`${[...shown, name].join('.')}\``, meaningOf(field), value, initial].map(cell).join(' | ')
    if (isOwnTable || !isMapping(field)) return [row]
    return [
      row,
      ...fieldRows(field, (fields) => around({ [name]: fields }), [...path, name], [...shown, name]),
    ]
  })
}

function isMapping({ properties }: Schema): boolean {
  return properties !== undefined
}

/** A value that no field of this type accepts. */
function wrong({ type, anyOf = [] }: Schema): unknown {
  const types = [type, ...(anyOf as Schema[]).map((one) => one.type)]
  return types.some((one) => one === 'number' || one === 'integer') ? { nothing: 7 } : 7
}

function expected(config: Fields, path: string): string {
  const result = parseConfig(stringify({ ...SMALLEST, ...config }))
  const problem = result.kind === 'problems' && result.problems.find((one) => one.path === path)
  if (!problem) throw new Error(`${path} accepts the wrong value in ${JSON.stringify(config)}`)
  return linked(problem.expected)
}

/** Sections of the document that explain how a kind of value is written. */
const EXPLAINED = {
  'a branch name': 'branch-names',
  'a count': 'counts',
  'a duration': 'durations',
  'a gain': 'gains',
  'a list of absolute paths': 'absolute-paths',
  'a list of globs': 'globs',
  'a regular expression': 'patterns',
  'a relative path': 'paths',
  'a size': 'sizes',
}

function linked(value: string): string {
  const kind = Object.entries(EXPLAINED).find(([words]) => value.startsWith(words))
  return kind ? `[${kind[0]}](#${kind[1]})${value.slice(kind[0].length)}` : value
}

const DEFAULT_IN_WORDS = / Default( with [^:]+)?: (.+)\.$/
const REQUIRED_IN_WORDS = / (Required unless .+)\.$/

function meaningOf({ description = '' }: Schema): string {
  return description.replace(DEFAULT_IN_WORDS, '').replace(REQUIRED_IN_WORDS, '')
}

function defaultOf({ default: initial, description = '' }: Schema): string {
  const [, when = '', words] = DEFAULT_IN_WORDS.exec(description) ?? []
  if (words !== undefined) return `${words}${when}`
  const [, required] = REQUIRED_IN_WORDS.exec(description) ?? []
  if (required !== undefined) return required.toLowerCase()
  if (initial === undefined || ['[]', '{}'].includes(JSON.stringify(initial))) return ''
  return typeof initial === 'object'
    ? `\`${stringify(initial, { collectionStyle: 'flow' }).trim()}\``
    : `\`${initial}\``
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
