// docs/faults.md and the tests name the same faults.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
const LAST = 125

interface Row {
  number: number
  /** Test files, relative to `test/`; empty for "not yet". */
  shownBy: string[]
}

const ROWS: Row[] = readFileSync(join(ROOT, 'docs/faults.md'), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const match = /^\| F(\d+) \| [^|]+ \| [^|]+ \| (.+) \|$/.exec(line)
    const files = [...(match?.[2] ?? '').matchAll(/`([^`]+)`/g)].map(([, file = '']) => file)
    return match ? [{ number: Number(match[1]), shownBy: files }] : []
  })

/** The faults that titles of this file's tests begin with. */
function faultsOf(file: string): Set<number> {
  const source = readFileSync(join(ROOT, 'test', file), 'utf8')
  const titles = [...source.matchAll(/['"`](F\d+(?:(?:, | and |–)F\d+)*)\b/g)].map(([, names = '']) => names)
  return new Set(titles.flatMap((names) => [...names.matchAll(/\d+/g)].map(([digits]) => Number(digits))))
}

test('every number stands in the document once, in order', () => {
  expect(ROWS.map(({ number }) => number)).toEqual(Array.from({ length: LAST }, (_, index) => index + 1))
})

test('every fault that a test names is documented as tested', () => {
  const named = globSync('**/*.test.ts', { cwd: join(ROOT, 'test') }).flatMap((file) => [...faultsOf(file)])
  const tested = ROWS.flatMap(({ number, shownBy }) => (shownBy.length > 0 ? [number] : []))
  expect([...new Set(named)].sort((a, b) => a - b)).toEqual(tested)
})

test('every file that the document names has a test of that fault', () => {
  const missing = ROWS.flatMap(({ number, shownBy }) =>
    shownBy.filter((file) => !faultsOf(file).has(number)).map((file) => `F${number} is not in ${file}`),
  )
  expect(missing).toEqual([])
})
