// docs/attacks.md promises a test for every attack, and one with its protection removed: they are there, by name.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const CHEATERS = join(import.meta.dirname, '../fixtures/cheaters')

interface Row {
  attack: string
  tests: string
  removed: string
}

const [page = '', acrossTheWall = ''] = readFileSync(
  join(import.meta.dirname, '../../docs/attacks.md'),
  'utf8',
).split('\n## Attacks across the wall\n')

const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| attack'))
  .map((line): Row => {
    const [attack = '', , tests = '', removed = ''] = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim())
    return { attack, tests, removed }
  })

/** `` `file`: name, name; `file`: name (a remark) `` → file and name, again and again. */
function named(cell: string): [string, string][] {
  return cell
    .replace(/ \([^()]*\)$/, '')
    .split('; ')
    .flatMap((part) => {
      const [, file = '', names = ''] = /^`([^`]+)`: (.+)$/.exec(part) ?? []
      return names.split(', ').map((name): [string, string] => [file, name])
    })
}

/** Where a test of this file may have its name from. */
function titlesOf(file: string): string {
  const own = readFileSync(join(import.meta.dirname, '..', file), 'utf8')
  if (!file.startsWith('cheaters/')) return own
  const fixtures = readdirSync(CHEATERS).map((name) => readFileSync(join(CHEATERS, name), 'utf8'))
  return [own, ...fixtures].join('\n')
}

describe.each(rows ?? [])('$attack', ({ tests, removed }) => {
  test.each([...named(tests), ...named(removed)])('%s: %s', (file, name) => {
    expect(titlesOf(file)).toContain(name)
  })
})

const wallRows = acrossTheWall
  .split('\n')
  .flatMap((line) => /^\| ((?!attack|---)[^|]+) \|/.exec(line)?.[1] ?? [])

/** The names of the attacks, and the file that has their tests where it is not the one named above the table. */
test.each(wallRows)('across the wall: %s', (attack) => {
  const [, names = attack, file = 'cheaters/wall.test.ts'] = /^(.*?) \(`(.*)`\)$/.exec(attack) ?? []
  const titles = titlesOf(file)
  for (const name of names.split(', ')) expect(titles).toContain(/^F\d+/.exec(name)?.[0] ?? name)
})

test('every fault of code that cheats is in the table', () => {
  const range = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, index) => from + index)
  const spelled = (rows ?? []).map(({ attack }) =>
    attack.replace(/F(\d+)–F(\d+)/g, (_, from, to) =>
      range(Number(from), Number(to))
        .map((number) => `F${number}`)
        .join(),
    ),
  )
  const listed = new Set(spelled.join().match(/F\d+/g))
  expect([...range(25, 39), ...range(54, 71)].filter((number) => !listed.has(`F${number}`))).toEqual([])
})
