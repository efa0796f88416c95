// The published JSON schema and the manual agree with the action.
import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { parseConfig } from '../../../src/core/config/config.ts'
import { configJsonSchema } from '../../../src/core/config/schema.ts'

const docs = (name: string) => readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8')

const SHORTEST = {
  editable: ['train.py'],
  train: 'python train.py',
  budget: '5m',
  metric: { name: 'loss', direction: 'minimize', pattern: '(a)' },
}
const LADDER = {
  train: undefined,
  budget: undefined,
  scales: [
    { name: 'd12', train: 'python train.py', budget: '5m' },
    { name: 'd24', train: 'python train.py --depth 24', budget: '2h', after: { merges: 4 } },
  ],
  promote: { to: 'main', as: 'push' },
}
const METRIC = { name: 'loss', direction: 'minimize' }

describe('the published schema', () => {
  // The disabled rules require a style that zod does not produce.
  const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allErrors: true })
  addFormats.default(ajv)
  const accepts = ajv.compile(configJsonSchema())

  test('is up to date (if not: npx node scripts/config-schema.ts)', () => {
    expect(docs('autoresearch.schema.json')).toBe(`${JSON.stringify(configJsonSchema(), null, 2)}\n`)
  })

  test.each([
    ['the shortest file', {}],
    ['a metric from a file', { metric: { ...METRIC, file: 'm.json', key: 'a.b' } }],
    ['a count with a suffix', { limits: { tokens: '2M' } }],
    ['a sandbox in one word', { sandbox: 'none' }],
    ['a sandbox with limits', { sandbox: { read: ['/opt/data'], memory: '8G' } }],
    ['a gain to review', { 'review-above': '10%' }],
    ['a risk', { 'merge-risk': '5%' }],
    ['lines without worth', { simplicity: 'none' }],
    ['the worth of lines', { simplicity: { 'removed-lines': 3, margin: '1 sigma' } }],
    ['a chance below which trials are cut', { cut: '2%' }],
    ['no cuts', { cut: 'none' }],
    ['a ladder', LADDER],
  ])('accepts %s', (_what, fields) => {
    accepts({ ...SHORTEST, ...fields })
    expect(accepts.errors ?? []).toEqual([])
  })

  test.each([
    ['an unknown key', { colour: 'red' }],
    ['no source of the metric', { metric: METRIC }],
    ['two sources of the metric', { metric: { ...METRIC, pattern: '(a)', file: 'm.json', key: 'a' } }],
    ['a pattern and half a file', { metric: { ...METRIC, pattern: '(a)', file: 'm.json' } }],
    ['a duration without unit', { budget: 300 }],
    ['a count in words', { limits: { tokens: 'many' } }],
    ['a sandbox it does not know', { sandbox: 'docker' }],
    ['a sandbox with a key it does not know', { sandbox: { gpu: 1 } }],
    ['a size in words', { sandbox: { memory: 'much' } }],
    ['a gain without unit', { 'review-above': '8' }],
    ['a risk without unit', { 'merge-risk': 0.05 }],
    ['lines with a worth in words', { simplicity: 'much' }],
    ['a chance without unit', { cut: 2 }],
    ['a field of another proposer', { proposers: [{ kind: 'knobs', model: 'm' }] }],
  ])('refuses %s', (_what, fields) => expect(accepts({ ...SHORTEST, ...fields })).toBe(false))

  test('requires the fields that have no default', () => {
    expect(configJsonSchema().required).toEqual(['editable', 'metric'])
    for (const field of Object.keys(SHORTEST))
      expect(accepts({ ...SHORTEST, [field]: undefined })).toBe(false)
  })

  test('explains every field, as docs/configuration.md does', () => {
    const manual = docs('configuration.md')
    const fields = fieldsOf(configJsonSchema())
    expect(fields.length).toBeGreaterThan(30)
    for (const { name, description } of fields) {
      expect(description, name).toMatch(/\.$/)
      expect(manual, name).toMatch(new RegExp(`^\\| \`([a-z]+\\.)?${name}\` +\\|`, 'm'))
    }
  })

  test('accepts the recipes of docs/agents.md, and so does the action', () => {
    const recipes = [...docs('agents.md').matchAll(/```yaml\n(.*?)```/gs)].map(([, text = '']) => text)
    expect(recipes).toHaveLength(11)
    for (const recipe of recipes) {
      const file = { ...SHORTEST, ...parse(recipe) }
      expect(parseConfig(JSON.stringify(file))).toMatchObject({ kind: 'config' })
      expect(accepts(file)).toBe(true)
    }
  })

  test('accepts the examples of docs/configuration.md, and so does the action', () => {
    const examples = [...docs('configuration.md').matchAll(/```yaml\n(.*?)```/gs)].map(
      ([, text = '']) => text,
    )
    expect(examples).toHaveLength(3)
    for (const example of examples) {
      expect(parseConfig(example)).toMatchObject({ kind: 'config' })
      expect(accepts(parse(example))).toBe(true)
    }
  })
})

type Schema = ReturnType<typeof configJsonSchema>

function fieldsOf(schema: Schema): { name: string; description: string | undefined }[] {
  const nested = [schema.items, ...(schema.oneOf ?? []), ...(schema.anyOf ?? [])].filter(
    (part) => typeof part === 'object',
  ) as Schema[]
  const own = Object.entries(schema.properties ?? {}) as [string, Schema][]
  return [
    ...own.flatMap(([name, field]) => [{ name, description: field.description }, ...fieldsOf(field)]),
    ...nested.flatMap(fieldsOf),
  ]
}
