// Lines of code that a change adds or removes; comments and blank lines do not count.
import { describe, expect, it } from 'vitest'
import type { Change } from '../../../src/core/gate/gate.ts'
import { addedLines } from '../../../src/core/gate/lines.ts'

const change = (path: string, before?: string, after?: string): Change => ({
  path,
  mode: after === undefined ? null : '100644',
  ...(before !== undefined && { before }),
  ...(after !== undefined && { after }),
})

describe('addedLines', () => {
  it.each([
    ['nothing changed', 'train.py', 'a = 1\nb = 2\n', 'a = 3\nb = 2\n', 0],
    ['a line was added', 'train.py', 'a = 1\n', 'a = 1\nb = 2\n', 1],
    ['two were removed', 'train.py', 'a = 1\nb = 2\nc = 3\n', 'c = 3\n', -2],
    ['lines were only joined', 'train.py', 'a = 1\nb = 2\nc = 3\n', 'a = 1; b = 2; c = 3\n', 0],
    ['a list was only joined', 'train.mjs', 'f([\n  1,\n  2,\n])\n', 'f([1, 2])\n', 0],
    ['comments and blank lines were added', 'train.py', 'a = 1\n', '# why\n\n\na = 1  # one\n\n', 0],
    ['comments were removed', 'train.mjs', '/* one\n\ntwo */\n// three\nlet a\n', 'let a\n', 0],
    ['a comment stands beside code', 'train.mjs', '', 'a() /* x\ny */ b()\n', 2],
    ['a text spans lines', 'train.py', '', 'a = """\none\ntwo\n"""\n', 4],
    ['lines end as on Windows', 'train.py', 'a = 1\nb = 2\n', 'a = 1\r\nb = 2\r\n', 0],
    ['the last line has no end', 'train.py', 'a = 1\n', 'a = 1', 0],
    ['the language is unknown', 'train.xyz', '', '# one\n\ntwo\n', 2],
  ])('%s: %j', (_, path, before, after, expected) => {
    expect(addedLines([change(path, before, after)])).toBe(expected)
  })

  it.each([
    ['train.mjs', (code: string) => `new Function(${JSON.stringify(code)})()\n`],
    ['train.py', (code: string) => `exec(${JSON.stringify(code)})\n`],
    ['train.py', (code: string) => `exec(b64decode("${Buffer.from(code).toString('base64')}"))\n`],
  ])('F106 counts a program that moved into a string of %s as code', (path, moved) => {
    const code = Array.from({ length: 200 }, (_, index) => `step(${index}, width + ${index});\n`).join('')
    expect(addedLines([change(path, code, moved(code))])).toBeGreaterThan(-5)
  })

  it('does not count lines that were joined while a text was shortened', () => {
    const joined = { before: 'a = 1\nb = 2\nc = 3\n', after: 'a = 1; b = 2; c = 3\n' }
    const text = (words: string) => change('b.py', `t = "${words}"\n`, 't = "short"\n')
    expect(addedLines([change('a.py', joined.before, joined.after), text('word '.repeat(50))])).toBe(0)
  })

  it('counts the lines of added and deleted files', () => {
    expect(addedLines([change('new.py', undefined, 'a = 1\nb = 2\n')])).toBe(2)
    expect(addedLines([change('old.py', 'a = 1\nb = 2\nc = 3\n')])).toBe(-3)
  })

  it('adds up the lines of all files', () => {
    expect(
      addedLines([change('a.py', 'a = 1\n', 'a = 1\nb = 2\n'), change('b.py', 'a = 1\nb = 2\n', 'a = 1\n')]),
    ).toBe(0)
    expect(addedLines([])).toBe(0)
  })
})
