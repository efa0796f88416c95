import { expect, test } from 'vitest'
import { countLines } from '../../../src/core/text/line-diff.ts'

test.each([
  ['nothing', 'a\nb\n', 'a\nb\n', 0, 0],
  ['one line changed', 'a\nb\nc\n', 'a\nB\nc\n', 1, 1],
  ['lines apart', 'a\nb\nc\nd\ne\n', 'A\nb\nc\nd\nE\nf\n', 3, 2],
  ['a moved line', 'a\nb\nc\n', 'b\nc\na\n', 1, 1],
  ['a repeated line', 'a\na\n', 'a\na\na\n', 1, 0],
  ['a new file', undefined, 'a\nb\n', 2, 0],
  ['a deleted file', 'a\nb', undefined, 0, 2],
  ['very many lines', 'a\n'.repeat(5000), 'b\n'.repeat(5000), 5000, 5000],
])('counts %s', (_, before, after, added, removed) => {
  expect(countLines(before, after)).toEqual({ added, removed })
})
