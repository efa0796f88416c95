// docs/faults.md lists every fault, and for each the test files that name its number in a title, and no others.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readRoot } from '../templates/workflow.ts'

const FAULTS = 125
const TESTS = join(import.meta.dirname, '..')
const COMMENT = /^\s*(\/\/|\/?\*)/
const ROW = /^\| F(\d+) \| (.+) \| (.+) \| (.+) \|$/gm

const rows = [...readRoot('docs/faults.md').matchAll(ROW)].map(([, number, , , shownBy = '']) => ({
  number: Number(number),
  shownBy,
}))

/** `F12` → the test files that name it outside comments, as the document writes them. */
function filesByFault(): Map<string, string[]> {
  const files = new Map<string, string[]>()
  for (const path of readdirSync(TESTS, { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('.ts') || path === 'docs/faults.test.ts') continue
    for (const fault of faultsIn(readFileSync(join(TESTS, path), 'utf8')))
      files.set(fault, [...(files.get(fault) ?? []), `\`${path.replace(/(\.test)?\.ts$/, '')}\``])
  }
  return files
}

function faultsIn(source: string): Set<string> {
  const code = source.split('\n').filter((line) => !COMMENT.test(line))
  return new Set(code.join('\n').match(/\bF\d+\b/g))
}

const named = filesByFault()

it('lists every number once', () => {
  const numbers = rows.map(({ number }) => number).sort((one, other) => one - other)
  expect(numbers).toEqual(Array.from({ length: FAULTS }, (_, index) => index + 1))
})

it('lists every number that a test names', () => {
  const listed = rows.map(({ number }) => `F${number}`)
  expect([...named.keys()].filter((fault) => !listed.includes(fault))).toEqual([])
})

it.each(rows)('F$number is shown by the test files that name it, and no others', ({ number, shownBy }) => {
  expect(shownBy).toBe(named.get(`F${number}`)?.sort().join(', ') ?? 'not yet')
})
