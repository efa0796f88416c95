import { expect, test } from 'vitest'
import { describeForeignText, foreignText } from '../../../src/core/text/encoding.ts'

const latin = (text: string) => Buffer.from(text, 'latin1')
const wide = (text: string) => Buffer.from(text, 'utf16le')
const swapped = (text: string) => wide(text).swap16()
const CODE = 'lr = 0.1  # as in the paper\n'
// "学習率" (learning rate) in encodings that this runtime only decodes.
const JAPANESE = Buffer.from([0x8a, 0x77, 0x8f, 0x4b, 0x97, 0xa6])
const CHINESE = Buffer.from([0xd1, 0xa7, 0xcf, 0xb0, 0xc2, 0xca])

test.each([
  ['Latin', latin(`${CODE}# caf\u00e9 \u00b5\n`), 'ISO-8859-1 or Windows-1252', 2],
  ['a Latin byte at the end', latin(`${CODE}\u00e9`), 'ISO-8859-1 or Windows-1252', 2],
  ['UTF-16 with its mark', wide(`\ufeff${CODE}`), 'UTF-16 LE', 1],
  ['UTF-16 without its mark', wide(CODE), 'UTF-16 LE', 1],
  ['big-endian UTF-16', swapped(`\ufeff${CODE}`), 'UTF-16 BE', 1],
  ['big-endian UTF-16 without its mark', swapped(CODE), 'UTF-16 BE', 1],
  ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0]), 'UTF-32 LE', 1],
])('F82 names %s', (_, content, encoding, line) => {
  expect(foreignText(content)).toMatchObject({ encoding, line })
})

test.each([
  ['Japanese', Buffer.concat([Buffer.from('# '), JAPANESE, Buffer.from('\n')]), 'SHIFT-JIS'],
  ['Chinese', Buffer.concat([Buffer.from('# '), CHINESE, Buffer.from('\n')]), 'GB18030'],
])('F82 names what %s text may be', (_, content, encoding) => {
  expect(foreignText(content)?.encoding).toContain(encoding)
})

test.each([
  ['UTF-8', Buffer.from('# café 学習率\n')],
  ['UTF-8 with a mark', Buffer.from('\ufeff# café\n')],
  ['nothing', Buffer.alloc(0)],
  ['a picture', Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13, 0xff])],
  ['zeros', Buffer.alloc(100)],
])('F82 has nothing to say about %s', (_, content) => expect(foreignText(content)).toBeUndefined())

test('F82 says how to convert it', () => {
  const foreign = foreignText(latin('# caf\u00e9\n'))
  expect(foreign && describeForeignText('train.py', foreign)).toBe(
    'train.py is not UTF-8 but ISO-8859-1 or Windows-1252 (line 1); convert it: iconv -f WINDOWS-1252 -t UTF-8 train.py > converted && mv converted train.py',
  )
})
