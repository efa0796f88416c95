// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the strings are source text that is read
// docs/troubleshooting.md has every message of the sources with its remedy, and none that the sources no longer have.
import { describe, expect, it } from 'vitest'
import { readMessages } from '../../scripts/messages/read.ts'
import { code, errorClasses, messages, messageTable, sources } from '../../scripts/messages/tables.ts'
import { readRoot } from '../templates/workflow.ts'

const page = readRoot('docs/troubleshooting.md')
const generated = [...page.matchAll(/<!-- messages ([^:]+):.* -->\n([\s\S]*?)<!-- end of messages -->/g)]
const parts = generated.map(([, part = '']) => part)

/** First cells of the tables that are written by hand. */
const byHand = page
  .slice(page.indexOf('\n## How a trial ended'))
  .split('\n')
  .flatMap((line) => /^\| (`.*?`+) \| \S/.exec(line)?.[1] ?? [])

it.each(generated.map(([, part = '', table = '']) => [part, table]))(
  'the part %s is what `npm run schema` writes',
  (part, table) => expect(table.trim()).toBe(messageTable(part)),
)

it('has a part for every class of errors, and for every file that recognises answers', () => {
  const files = new Set(messages.flatMap(({ kind, file }) => (kind === 'answer' ? [`answer ${file}`] : [])))
  const classes = parts.filter((part) => !part.startsWith('answer')).flatMap((part) => part.split(' '))
  expect(classes.toSorted()).toEqual(errorClasses.toSorted())
  expect(parts.filter((part) => part.startsWith('answer')).toSorted()).toEqual([...files].toSorted())
})

it('has every warning and reason, and no other', () => {
  const texts = messages
    .filter(({ kind }) => kind === 'warning' || kind === 'reason')
    .map(({ text }) => code(text))
  expect(byHand.toSorted()).toEqual([...new Set(texts)].toSorted())
})

it.each(messages.filter(({ kind }) => errorClasses.includes(kind)))('$text has a remedy', ({ remedy }) => {
  expect(remedy).not.toBe('')
})

/** Thrown with words that other functions make: the page describes these by hand. */
const MADE_ELSEWHERE = [
  'ConfigError(error instanceof Error ? error.message : String(error)',
  'ConfigError(problem',
  'ConfigError(divided.words',
  'ConfigError(renderConfigProblems(path, parsed.problems)',
  'BaselineError(`${failure.words}${since}${endOfOutput(failure.run)}`',
  'ConfigError(describeForeignText(path, foreign)',
  'SandboxError(explainRefusal(',
  'SandboxError(unlimited(',
  'SandboxError(otherSystem(process.platform)',
  'SandboxError(withoutTrust(',
]

it('reads the words of every error that is thrown', () => {
  const thrown = [...sources()].flatMap(([, source]) => {
    const news = [...source.matchAll(/new (\w+)\(/g)].filter(([, name = '']) => errorClasses.includes(name))
    return news
      .filter(({ index }) => readMessages(`throw ${expressionAt(source, index)}`, errorClasses).length === 0)
      .map(({ index }) => source.slice(index + 'new '.length, index + 100))
  })
  const unread = thrown.filter((text) => !/^SandboxError\((\{|[A-Z]+\))/.test(text))
  expect(unread.filter((text) => !MADE_ELSEWHERE.some((known) => text.startsWith(known)))).toEqual([])
})

/** From `index` to the bracket that closes the first one: braces in texts come in pairs. */
function expressionAt(source: string, index: number): string {
  let depth = 0
  for (let at = index; at < source.length; at += 1) {
    if (source[at] === '(') depth += 1
    if (source[at] === ')' && --depth === 0) return source.slice(index, at + 1)
  }
  throw new Error('a bracket is not closed')
}

describe('reading a source', () => {
  const read = (source: string) => readMessages(source, ['ConfigError'])

  it.each([
    ["new ConfigError('no input', { hint: 'Set it.' })", 'no input', 'Set it.'],
    ["const A = 'it'\nnew ConfigError(`no ${A} in ${b}`, { hint: 'Set ' + A })", 'no it in …', 'Set it'],
    ["const O = { hint: 'Set it.' }\nnew ConfigError('no input', O)", 'no input', 'Set it.'],
    ["new ConfigError('no input', { hint: advice() ?? 'Set it.' })", 'no input', 'Set it.'],
    ["new ConfigError('no input', { hint: advice() })", 'no input', '…'],
  ])('%s', (source, text, remedy) => {
    expect(read(source)).toEqual([{ kind: 'ConfigError', text, remedy }])
  })

  it('reads both texts of a choice', () => {
    expect(read('log.warn(a ? `one ${b}` : `two`)').map(({ text }) => text)).toEqual(['one …', 'two'])
  })

  it('reads rows of tables', () => {
    expect(
      read("const ROWS = [{ status: [403, 404], message: /no/, advice: 'Wait.' }, [/gone/i, 'Stop.']]"),
    ).toEqual([
      { kind: 'answer', text: '403, 404: no', remedy: 'Wait.' },
      { kind: 'answer', text: 'gone', remedy: 'Stop.' },
    ])
  })
})
