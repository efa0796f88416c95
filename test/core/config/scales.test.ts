// The ladder in the configuration: what it means, and every mistake with its place.
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { parseConfig } from '../../../src/core/config/config.ts'
import { measurementHash } from '../../../src/core/config/measurement.ts'
import { configAt } from '../../../src/core/config/scale.ts'

const REST = {
  editable: ['train.py'],
  metric: { name: 'loss', direction: 'minimize', pattern: '(.+)' },
}
const D12 = { name: 'd12', train: 'train 12', budget: '5m' }
const D24 = { name: 'd24', train: 'train 24', budget: '2h' }

function parse(fields: object) {
  return parseConfig(stringify({ ...REST, ...fields }))
}

test('research happens at the first scale', () => {
  const larger = { ...D24, 'devices-per-trial': 8, after: { merges: 3 }, replicates: { baseline: 4 } }
  expect(parse({ scales: [D12, larger], promote: { to: 'main' } })).toMatchObject({
    kind: 'config',
    config: {
      train: 'train 12',
      budgetSeconds: 300,
      timeoutSeconds: 660,
      ladder: {
        first: 'd12',
        larger: [
          {
            name: 'd24',
            train: 'train 24',
            budgetSeconds: 7200,
            timeoutSeconds: 14_460,
            devicesPerTrial: 8,
            merges: 3,
            replicates: { baseline: 4, candidate: 2 },
          },
        ],
      },
      promote: { to: 'main', as: 'pull-request' },
    },
  })
})

test('command and budget of the first scale may stand at the top', () => {
  const parsed = parse({ train: 'train 12', budget: '5m', scales: [{ name: 'd12' }, D24] })
  expect(parsed).toMatchObject({
    config: { train: 'train 12', budgetSeconds: 300, ladder: { first: 'd12', larger: [{ merges: 5 }] } },
  })
})

describe('the guards of a larger scale', () => {
  const guard = (name: string, max: number) => ({ name, direction: 'minimize', pattern: '(.+)', max })
  const limitsOf = (fields: object) => {
    const parsed = parse(fields)
    if (parsed.kind !== 'config') throw new Error(JSON.stringify(parsed.problems))
    const { config } = parsed
    const limits = (all: typeof config.guards = []) => all.map(({ name, max }) => [name, max])
    return { first: limits(config.guards), larger: limits(configAt(config, 'd24')?.guards) }
  }
  const guards = [guard('vram', 10), guard('seconds', 3)]

  test('are those at the top', () => {
    const { first, larger } = limitsOf({ scales: [D12, D24], guards })
    expect(larger).toEqual(first)
  })

  test('replace those of the same name, and are added to the others', () => {
    const own = { ...D24, guards: [guard('vram', 80), guard('tokens', 5)] }
    expect(limitsOf({ scales: [D12, own], guards })).toEqual({
      first: [
        ['vram', 10],
        ['seconds', 3],
      ],
      larger: [
        ['seconds', 3],
        ['vram', 80],
        ['tokens', 5],
      ],
    })
  })

  test('change what numbers mean there, and only there', () => {
    const hashes = (scale: object) => {
      const parsed = parse({ scales: [D12, scale], guards })
      if (parsed.kind !== 'config') throw new Error('wrong')
      const { config } = parsed
      return [config, configAt(config, 'd24') ?? config].map(measurementHash)
    }
    const [plain, own] = [hashes(D24), hashes({ ...D24, guards: [guard('vram', 80)] })]
    expect(own[0]).toBe(plain[0])
    expect(own[1]).not.toBe(plain[1])
  })

  const file = { name: 'x', direction: 'minimize', file: 'x.json', key: 'x', max: 1 }
  const many = (prefix: string) => Array.from({ length: 5 }, (_, index) => guard(`${prefix}${index}`, 1))
  test.each<[string, object, string, string]>([
    ['belong to no first scale', { scales: [{ ...D12, guards }, D24] }, 'scales[0].guards', 'first scale'],
    [
      'come from what evaluate prints',
      { scales: [D12, { ...D24, guards: [file] }], evaluate: 'evaluate' },
      'scales[1].guards[0].file',
      'because evaluate prints the guard',
    ],
    [
      'are at most eight together with those at the top',
      { scales: [D12, { ...D24, guards: many('a') }], guards: many('b') },
      'scales[1].guards',
      'at most 8 guards together',
    ],
  ])('%s', (_, fields, path, expected) => {
    const parsed = parse(fields)
    expect(parsed).toMatchObject({ kind: 'problems', problems: [{ path }] })
    expect(JSON.stringify(parsed)).toContain(expected)
  })
})

describe('a mistake is reported where it is made:', () => {
  test.each([
    ['neither scales nor a command', {}, ['train', 'budget'], 'a command'],
    ['one scale', { scales: [D12] }, ['scales'], 'at least two scales'],
    ['two equal names', { scales: [D12, { ...D24, name: 'd12' }] }, ['scales[1].name'], 'no other scale has'],
    [
      'a name that no tag can have',
      { scales: [D12, { ...D24, name: 'd 24' }] },
      ['scales[1].name'],
      'a name',
    ],
    [
      'the name of runs without scale',
      { scales: [D12, { ...D24, name: 'base' }] },
      ['scales[1].name'],
      'a name',
    ],
    ['no budget', { scales: [D12, { name: 'd24', train: 'x' }] }, ['scales[1].budget'], 'a duration'],
    ['an unknown key', { scales: [D12, { ...D24, depth: 24 }] }, ['scales[1].depth'], 'a known key'],
    ['a command twice', { train: 'a', scales: [D12, D24] }, ['scales[0].train'], 'written at the top'],
    [
      'when the first one starts',
      { scales: [{ ...D12, after: { merges: 2 } }, D24] },
      ['scales[0].after'],
      'research happens at the first scale',
    ],
    [
      'a timeout within the budget',
      { scales: [D12, { ...D24, timeout: '1h' }] },
      ['scales[1].timeout'],
      'more than the budget of 7200s',
    ],
    ['a timeout at the top within it', { timeout: '4m', scales: [D12, D24] }, ['timeout'], 'budget of 300s'],
    [
      'promotion without scales',
      { train: 'a', budget: '5m', promote: { to: 'main' } },
      ['promote'],
      'scales, because',
    ],
    [
      'promotion into the baseline',
      { scales: [D12, D24], promote: { to: 'autoresearch/baseline' } },
      ['promote.to'],
      'does not use itself',
    ],
  ])('%s', (_mistake, fields, places, expected) => {
    const parsed = parse(fields)
    if (parsed.kind !== 'problems') throw new Error('it was accepted')
    expect(parsed.problems.map(({ path }) => path)).toEqual(places)
    expect(parsed.problems[0]?.expected).toContain(expected)
    for (const { hint } of parsed.problems) expect(hint).not.toBe('')
  })
})
