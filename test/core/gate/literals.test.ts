// F106: how much data a change may add to the source, however it is written.
import { describe, expect, it } from 'vitest'
import { reviewLiterals } from '../../../src/core/gate/literals.ts'

const BEFORE = 'import math\nRATE = 0.1  # of the optimizer\n'

/** Deterministic text that does not repeat itself. */
function text(length: number): string {
  let state = 1
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return String.fromCharCode(97 + ((state >>> 24) % 26))
  }).join('')
}

const lines = (pieces: RegExpMatchArray | null, write: (piece: string) => string) =>
  (pieces ?? []).map(write).join('\n')
const PIECES = text(6000).match(/.{60}/g)
const NUMBERS = Array.from(text(3000), (letter) => letter.charCodeAt(0))

function refusal(after: string, path = 'train.py', before = BEFORE): string {
  return reviewLiterals([{ path, before, after }]).join('')
}

describe('F106 more than 4 KiB of', () => {
  it.each([
    ['a string', `T = "${text(5000)}"`],
    ['a byte string', `T = b"${text(5000)}"`],
    ['strings over many lines', `T = (\n${lines(PIECES, (piece) => `  "${piece}"`)}\n)`],
    ['triple-quoted text', `T = """\n${lines(PIECES, (piece) => piece)}\n"""`],
    ['numbers in a list', `T = [${NUMBERS.join(', ')}]`],
    ['numbers in statements', NUMBERS.map((number, index) => `t[${index}] = ${number}`).join('\n')],
    ['one long number', `T = 1${NUMBERS.join('').slice(0, 5000)}`],
    ['comments', lines(PIECES, (piece) => `# ${piece}`)],
    ['long names', lines(PIECES, (piece) => `${piece} = 1`)],
    ['trailing blanks', lines(PIECES, (piece) => `x = y${' '.repeat(piece.charCodeAt(0))}`)],
  ])('%s is refused', (_, data) => {
    expect(refusal(`${BEFORE}${data}\n`)).toMatch(/^The change adds \d+ bytes of literal data/)
  })

  it('any text in a file without a known language', () => {
    expect(
      refusal(
        lines(PIECES, (piece) => piece),
        'table.txt',
        '',
      ),
    ).toContain('literal data')
  })

  it('names the size, the place and the setting', () => {
    expect(refusal(`${BEFORE}\nT = "${text(5000)}"\n`)).toBe(
      'The change adds 5002 bytes of literal data (text, numbers, comments), and `max-literal-kib` allows 4 KiB: a model must learn the answers, not contain them. The largest piece, 5002 bytes, begins in "train.py", line 4.',
    )
  })
})

describe('what a change may do', () => {
  it('keep, move and rename data that the baseline has', () => {
    const data = `T = "${text(5000)}"\n`
    expect(refusal(`x = 1\n${data}`, 'train.py', data)).toBe('')
    const changes = [
      { path: 'old.py', mode: null, before: data },
      { path: 'new.py', after: data },
    ]
    expect(reviewLiterals(changes)).toEqual([])
  })

  it('add a long file of code', () => {
    const code = Array.from(
      { length: 400 },
      (_, i) => `def layer_${i % 7}(x, width=${i}):\n    return x * width + ${i / 8}\n`,
    )
    expect(refusal(`${BEFORE}${code.join('')}`)).toBe('')
  })

  it('add what the configuration allows', () => {
    const after = `T = "${text(5000)}"`
    expect(reviewLiterals([{ path: 'a.py', after }], 5)).toEqual([])
  })
})
