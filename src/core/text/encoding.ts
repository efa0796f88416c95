// Recognises text that is not in UTF-8, to name its encoding instead of treating the file as absent.

const MAX_LOOKED_AT = 64 * 1024
/** Encodings in which one character takes several bytes above 127, as TextDecoder names them. */
const MULTIBYTE = ['shift_jis', 'euc-jp', 'gb18030', 'euc-kr', 'big5']

export interface ForeignText {
  /** In words, such as `UTF-16 LE` or `ISO-8859-1 or Windows-1252`. */
  encoding: string
  /** The name for `iconv -f`. */
  iconv: string
  /** Line of the first byte that is not UTF-8, from 1. */
  line: number
}

/** @returns undefined for UTF-8, and for binary data, which is no text in any encoding */
export function foreignText(content: Uint8Array): ForeignText | undefined {
  const bytes = content.subarray(0, MAX_LOOKED_AT)
  const wide = wideEncoding(bytes)
  if (wide !== undefined) return { encoding: wide, iconv: wide.replace(' ', ''), line: 1 }
  const first = firstInvalid(content)
  if (first === undefined || bytes.some(isBinary)) return undefined
  const line = content.subarray(0, first).filter((byte) => byte === 10).length + 1
  const high = bytes.filter(
    (byte, index) => isHigh(byte) && (isHigh(bytes[index - 1]) || isHigh(bytes[index + 1])),
  )
  const isMultibyte = high.length >= 0.5 * bytes.filter(isHigh).length
  const possible = isMultibyte ? MULTIBYTE.filter((name) => decodes(content, name)) : []
  if (possible.length === 0) return { encoding: 'ISO-8859-1 or Windows-1252', iconv: 'WINDOWS-1252', line }
  const names = possible.map((name) => name.toUpperCase().replace('_', '-'))
  return { encoding: `one of ${names.join(', ')}, WINDOWS-1251`, iconv: names[0] ?? '', line }
}

function isHigh(byte = 0): boolean {
  return byte > 127
}

/** Control characters that no text file holds; tab, line ends, form feed and ESC are fine. */
function isBinary(byte: number): boolean {
  return byte < 32 && ![9, 10, 12, 13, 27].includes(byte)
}

/** UTF-16 and UTF-32 have a byte order mark, or a zero in every other byte of Latin text. */
function wideEncoding(bytes: Uint8Array): string | undefined {
  const [a, b, c, d] = bytes
  if (a === 0xff && b === 0xfe) return c === 0 && d === 0 ? 'UTF-32 LE' : 'UTF-16 LE'
  if (a === 0xfe && b === 0xff) return 'UTF-16 BE'
  if (a === 0 && b === 0 && c === 0xfe && d === 0xff) return 'UTF-32 BE'
  if (bytes.length < 4 || bytes.length % 2 === 1) return undefined
  const zeros = [0, 1].map((odd) => bytes.filter((byte, index) => index % 2 === odd && byte === 0).length)
  const half = bytes.length / 2
  if (zeros[0] === 0 && (zeros[1] ?? 0) > 0.7 * half) return 'UTF-16 LE'
  return zeros[1] === 0 && (zeros[0] ?? 0) > 0.7 * half ? 'UTF-16 BE' : undefined
}

function decodes(content: Uint8Array, encoding: string): boolean {
  try {
    new TextDecoder(encoding, { fatal: true }).decode(content)
    return true
  } catch {
    return false
  }
}

/** Index of the first byte that is not UTF-8; undefined when all are. */
function firstInvalid(content: Uint8Array): number | undefined {
  if (decodes(content, 'utf-8')) return undefined
  // A decoder that is not fatal puts U+FFFD in place of the first invalid byte: what comes before has the same length.
  const [before = ''] = new TextDecoder('utf-8', { ignoreBOM: true }).decode(content).split('\ufffd', 1)
  return new TextEncoder().encode(before).length
}

/** `train.py is not UTF-8 but ISO-8859-1 or Windows-1252 (line 3)`, and how to convert it. */
export function describeForeignText(path: string, { encoding, iconv, line }: ForeignText): string {
  return `${path} is not UTF-8 but ${encoding} (line ${line}); convert it: iconv -f ${iconv} -t UTF-8 ${path} > converted && mv converted ${path}`
}
