// What a command prints, handed on line by line.
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { readLines } from '../../src/adapters/sandbox/output-lines.ts'

async function handedOn(pieces: readonly string[]): Promise<string[]> {
  const stream = Readable.from(pieces.map((piece) => Buffer.from(piece)))
  const lines: string[] = []
  const finish = readLines(stream, (text) => lines.push(text))
  await once(stream, 'end')
  finish()
  return lines
}

const LONG = '.'.repeat(65_536)

test.each([
  ['lines that are ended', ['one\ntw', 'o\n'], ['one\n', 'two\n']],
  ['a last line that is not ended', ['one\ntwo'], ['one\n', 'two\n']],
  ['a bar that draws over itself', ['10 %\r20', ' %\r'], ['10 %\r', '20 %\r']],
  ['a long line that is not ended, whatever of it is left', [LONG], [LONG, '\n']],
  ['a long line that is ended', [LONG, '.\n'], [LONG, '.\n']],
])('ends the line of %s', async (_, pieces, expected) => {
  expect(await handedOn(pieces)).toEqual(expected)
})

test('hands on nothing of silence', async () => {
  expect(await handedOn([])).toEqual([])
})
