import { describe, expect, test } from 'vitest'
import {
  escapeHtml,
  fence,
  inertText,
  inertTitle,
  table,
  truncateMarkdown,
  visibleText,
} from '../../../src/core/text/markdown.ts'
import { processorMilliseconds } from '../../processor-time.ts'
import { HOSTILE } from '../report/hostile.ts'
import { githubTriggers, rendered } from '../report/rendered.ts'

const INVISIBLE = /(?![\n\t\u200b])[\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}]/u

describe('F64 hostile text', () => {
  test.each(HOSTILE)('%s is literal text in a paragraph', (_, text) => {
    const { active, triggers, text: seen } = rendered(inertText(text, 1_000_000))
    expect(active).toEqual([])
    expect(triggers).toEqual([])
    expect(seen).toBe(visibleText(text, 1_000_000))
    expect(seen).not.toMatch(INVISIBLE)
  })

  test.each(HOSTILE)('%s stays inside its table cell', (_, text) => {
    const { html, active, triggers } = rendered(table(['a', 'b'], [[inertText(text, 1_000_000), 'end']]))
    expect(active.filter((kind) => !/^(table|thead|tbody|tr|th|td)_/.test(kind))).toEqual([])
    expect(html.match(/<td>/g)).toHaveLength(2)
    expect(html).toContain('<td>end</td>')
    expect(triggers).toEqual([])
  })

  test.each(HOSTILE)('%s stays inside its fence', (_, text) => {
    const markdown = `before\n\n${fence(text)}\n\nafter`
    expect(rendered(markdown).active).toEqual(['fence code'])
    expect(rendered(markdown).text).toBe('before\nafter')
    expect(markdown).not.toContain('<!--')
    expect(markdown).not.toMatch(INVISIBLE)
  })

  test.each(HOSTILE)('%s triggers nothing in a title', (_, text) => {
    const title = inertTitle(text, 100)
    expect(githubTriggers(title)).toEqual([])
    expect(title.length).toBeLessThanOrEqual(100)
    expect(title).not.toContain('\n')
  })

  test.each(HOSTILE)('%s is text in HTML', (_, text) => {
    expect(escapeHtml(text)).not.toMatch(/[<>"']/)
    expect(escapeHtml(text)).not.toMatch(INVISIBLE)
  })
})

/** These deceive only a person, by hiding something. */
const UNSEEN = [
  'a bidi override',
  'colours',
  'control characters',
  'lone surrogates',
  'zero-width and tag characters',
]
/** The first acts only inside a table cell, the second only where a repository has set up that tracker. */
const NEEDS_MORE = ['a table break', 'a reference to another tracker']

describe('F64 removed: the same text without escaping', () => {
  const acting = HOSTILE.filter(([name]) => ![...UNSEEN, ...NEEDS_MORE].includes(name))
  test.each(acting)('%s links, notifies, closes or draws', (_, text) => {
    const { active, triggers } = rendered(text.slice(0, 1000))
    expect([...active, ...triggers]).not.toEqual([])
  })

  test.each(HOSTILE.filter(([name]) => UNSEEN.includes(name)))('%s hides something', (_, text) => {
    expect(text).toMatch(INVISIBLE)
  })

  test('a table break creates extra cells', () => {
    expect(rendered('| a | b |\n|---|---|\n| x | y | | end |').html).not.toContain('end')
  })

  test('the fence is closed early', () => {
    expect(rendered('```\ntext\n```\n# out\n```').active).toContain('heading_open h1')
  })
})

describe('the length of inert text', () => {
  test.each([
    ['an entity', '<<<<', 10, '&lt;&lt;…'],
    ['an escape', '****', 6, '\\*\\*…'],
    ['a surrogate pair', '😀😀😀', 4, '😀…'],
    ['nothing', 'abcd', 4, 'abcd'],
    ['a word', 'abcde', 4, 'abc…'],
  ])('cuts %s whole', (_, text, max, expected) => {
    expect(inertText(text, max)).toBe(expected)
  })

  test.each([1, 7, 100, 5000])('is at most %i', (max) => {
    for (const [, text] of HOSTILE) expect(inertText(text, max).length).toBeLessThanOrEqual(max)
  })

  test('a hundred thousand hostile characters are processed quickly', () => {
    const units = [
      '`',
      '<',
      '@a',
      ':a',
      '\u001b[',
      '\u001b]8;;',
      '\u001b;a',
      ';a',
      '[',
      'a_',
      '0',
      '\u200b',
      '> ',
    ]
    const spent = processorMilliseconds(() => {
      for (const unit of units) inertText(unit.repeat(100_000 / unit.length), 1000)
    })
    expect(spent).toBeLessThan(3000)
  })
})

test('ordinary words are unchanged', () => {
  const text = 'Use val_bpb at 2.34 (was 2.41), +3 % - it’s “cheap”; lr=3e-4, ümlaut, 学習率.'
  expect(inertText(text, 200)).toBe(text)
})

describe('fence', () => {
  test('is longer than any run of backticks inside', () => {
    expect(fence('a\n````\nb', 'text')).toBe('`````text\na\n````\nb\n`````')
  })

  test('keeps the head and the tail of long content', () => {
    const block = fence(`first\n${'x'.repeat(9000)}\nlast`, '', 1000)
    expect(block.length).toBeLessThanOrEqual(1010)
    expect(block).toMatch(/^```\nfirst\n/)
    expect(block).toMatch(/\[… 80\d\d characters left out …\]/)
    expect(block).toMatch(/\nlast\n```$/)
  })

  test('keeps the language on the first line', () => {
    expect(fence('x', 'a`b\nc')).toBe('```abc\nx\n```')
  })
})

describe('truncateMarkdown', () => {
  test('returns short text unchanged', () => {
    expect(truncateMarkdown('a\nb', 10)).toBe('a\nb')
  })

  test('keeps whole lines, closes the fence and states how much is missing', () => {
    const text = [
      '# Title',
      '````text',
      ...Array.from({ length: 100 }, (_, n) => `line ${n}`),
      '````',
      'end',
    ].join('\n')
    const cut = truncateMarkdown(text, 200)
    expect(cut.length).toBeLessThanOrEqual(200)
    expect(cut).toMatch(/line 13\n````\n\n_… 88 lines left out …_$/)
    expect(rendered(cut).active.filter((kind) => kind.startsWith('fence'))).toEqual(['fence code'])
  })
})
