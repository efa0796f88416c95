import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { countLines, unifiedDiff } from '../../../src/core/text/diff.ts'
import { aRandom } from '../../factories.ts'

test('shows three lines around a change, with line numbers', () => {
  const before = Array.from({ length: 20 }, (_, index) => `line ${index + 1}`).join('\n')
  expect(unifiedDiff({ path: 'a.py', before, after: before.replace('line 10', 'line ten') })).toBe(
    `--- a/a.py
+++ b/a.py
@@ -7,7 +7,7 @@
 line 7
 line 8
 line 9
-line 10
+line ten
 line 11
 line 12
 line 13`,
  )
})

test('puts nearby changes into one hunk and distant changes into two', () => {
  const before = Array.from({ length: 40 }, (_, index) => `${index}`).join('\n')
  const hunks = (...changed: string[]) =>
    unifiedDiff({
      path: 'a',
      before,
      after: before
        .split('\n')
        .map((line) => (changed.includes(line) ? 'x' : line))
        .join('\n'),
    })
      .split('\n')
      .filter((line) => line.startsWith('@@'))
  expect(hunks('10', '16')).toHaveLength(1)
  expect(hunks('10', '30')).toHaveLength(2)
})

test('writes a new file and a missing final line end as git does', () => {
  expect(unifiedDiff({ path: 'a', after: 'new\n' })).toBe('--- a/a\n+++ b/a\n@@ -0,0 +1,1 @@\n+new')
  expect(unifiedDiff({ path: 'a', before: 'old\n', after: 'new' })).toBe(
    '--- a/a\n+++ b/a\n@@ -1,1 +1,1 @@\n-old\n+new\n\\ No newline at end of file',
  )
})

test('shows everything as replaced when comparing would take too long', () => {
  const lines = (word: string) => Array.from({ length: 3000 }, (_, index) => `${word} ${index}`).join('\n')
  const diff = unifiedDiff({ path: 'a', before: lines('old'), after: lines('new') }).split('\n')
  expect(diff.filter((line) => /^-(?!--)/.test(line))).toHaveLength(3000)
})

test('lets `patch` reproduce the new file, whatever changed', () => {
  const random = aRandom(7)
  const word = () => `${Math.floor(random() * 6)}`
  const directory = mkdtempSync(join(tmpdir(), 'autoresearch-diff-'))
  try {
    for (let round = 0; round < 25; round++) {
      const old = Array.from({ length: 1 + Math.floor(random() * 40) }, word)
      const young = old.flatMap((line) => (random() < 0.15 ? [] : random() < 0.15 ? [word(), line] : [line]))
      const [before, after] = [old, young].map((lines) => `${lines.join('\n')}\n`) as [string, string]
      if (before === after || young.length === 0) continue
      writeFileSync(join(directory, 'a'), before)
      const diff = unifiedDiff({ path: 'a', before, after })
      execFileSync('git', ['apply', '--unsafe-paths', '-'], { cwd: directory, input: `${diff}\n` })
      expect(readFileSync(join(directory, 'a'), 'utf8')).toBe(after)
    }
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test.each([
  ['nothing', 'a\nb\n', 'a\nb\n', 0, 0],
  ['one line changed', 'a\nb\nc\n', 'a\nB\nc\n', 1, 1],
  ['lines apart', 'a\nb\nc\nd\ne\n', 'A\nb\nc\nd\nE\nf\n', 3, 2],
  ['a moved line', 'a\nb\nc\n', 'b\nc\na\n', 1, 1],
  ['a repeated line', 'a\na\n', 'a\na\na\n', 1, 0],
  ['a new file', undefined, 'a\nb\n', 2, 0],
  ['a deleted file', 'a\nb', undefined, 0, 2],
  ['a line that looks like a header', '-- a\n', '++ a\n', 1, 1],
  ['very many lines', 'a\n'.repeat(5000), 'b\n'.repeat(5000), 5000, 5000],
])('counts %s', (_, before, after, added, removed) => {
  expect(countLines({ before, after })).toEqual({ added, removed })
})
