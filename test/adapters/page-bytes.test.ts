import { expect, test } from 'vitest'
import { pageBytes } from '../../src/adapters/sandbox/watch/processes.ts'

function auxv(...pairs: [number, number][]): Buffer {
  const words = pairs.flat().map((number) => {
    const word = Buffer.alloc(8)
    word.writeBigUInt64LE(BigInt(number))
    return word
  })
  return Buffer.concat(words)
}

test.each([
  ['64 KiB', auxv([33, 6], [6, 65_536], [0, 0]), 65_536],
  ['4 KiB where the kernel does not say', auxv([33, 6], [0, 0]), 4096],
])('a page of memory has %s', (_, content, bytes) => {
  expect(pageBytes(content)).toBe(bytes)
})
