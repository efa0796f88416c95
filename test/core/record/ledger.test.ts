// The ledger's chain: what was written is read back, and whatever was done to it afterwards is noticed.

import { describe, expect, it } from 'vitest'
import { NO_USAGE } from '../../../src/core/record/candidate.ts'
import { LEDGER_FORMAT, type LedgerEvent } from '../../../src/core/record/events.ts'
import {
  appendEvents,
  LEDGER_START,
  parseLedger,
  readCurves,
  readLines,
  writeLines,
} from '../../../src/core/record/ledger.ts'
import {
  aBaseline,
  aCandidate,
  aCertification,
  aPromotion,
  aPromotionOutcome,
  aTrialResult,
  aVerdict,
  sha,
} from '../../factories.ts'

const NOON = new Date('2026-01-02T12:00:00Z')
const CANDIDATE = aCandidate()
const NAME = { scale: 'd24', number: 1 }
const EVENTS: LedgerEvent[] = [
  { kind: 'started', rootSeed: 'test', format: LEDGER_FORMAT },
  { kind: 'baseline', ...aBaseline(), cause: 'started' },
  {
    kind: 'no-proposal',
    id: 'asking 1',
    proposer: 'knobs',
    reason: 'line\nend, "quotes", \u2028 and 字',
    usage: NO_USAGE,
  },
  { kind: 'proposed', candidate: CANDIDATE },
  { kind: 'opened', candidate: CANDIDATE.id, pullRequest: 7 },
  { kind: 'trial', result: aTrialResult({ candidate: CANDIDATE, value: 2.25 }) },
  { kind: 'rebased', candidate: CANDIDATE.id, base: sha('b2'), head: sha('h2'), tree: sha('t2') },
  { kind: 'judged', candidate: CANDIDATE.id, head: sha('h2'), verdict: aVerdict() },
  { kind: 'ended', candidate: CANDIDATE.id, end: { kind: 'closed' } },
  { kind: 'certify', to: sha('m5') },
  { kind: 'certification', certification: aCertification({ to: sha('m5') }) },
  { kind: 'announced', from: aBaseline().commit, to: sha('m5') },
  { kind: 'not-reverted', commit: sha('m5'), reason: 'later changes build on it' },
  { kind: 'promote', to: sha('m5') },
  { kind: 'promotion', promotion: aPromotion() },
  { kind: 'stack', ...NAME, stack: { members: [sha('m5')], commit: sha('m5'), tree: sha('t5') } },
  { kind: 'promoted', ...NAME, outcome: aPromotionOutcome() },
  { kind: 'published', ...NAME, pullRequest: 8 },
  { kind: 'assigned', run: '7', command: 'propose', trials: ['a-r1', 'b-r1'] },
  { kind: 'lost', run: '7', trials: ['b-r1'] },
]
const TEXT = appendEvents('', EVENTS, NOON)

function editLines(edit: (lines: string[]) => void): string {
  const lines = TEXT.trimEnd().split('\n')
  edit(lines)
  return `${lines.join('\n')}\n`
}

function swap(lines: string[], a: number, b: number): void {
  const [first = '', second = ''] = [lines[a], lines[b]]
  lines[a] = second
  lines[b] = first
}

describe('parseLedger', () => {
  it('returns the events that were appended', () => {
    expect(parseLedger(TEXT)).toMatchObject({ kind: 'ledger', events: EVENTS })
  })

  it('reads an empty ledger', () =>
    expect(parseLedger('')).toEqual({ kind: 'ledger', events: [], times: [] }))

  it('F53 reads 100,000 lines', () => {
    const many = Array.from(
      { length: 100_000 },
      (_, n): LedgerEvent => ({ kind: 'opened', candidate: `c${n}`, pullRequest: n }),
    )
    const parsed = parseLedger(appendEvents('', many, NOON))
    expect(parsed.kind === 'ledger' && parsed.events.length).toBe(100_000)
  })

  it('F44 orders by line, whatever the clock said', () => {
    const later = appendEvents('', EVENTS.slice(0, 2), NOON)
    const text = appendEvents(later, EVENTS.slice(2), new Date('1970-01-01T00:00:00Z'))
    expect(parseLedger(text)).toMatchObject({ kind: 'ledger', events: EVENTS })
  })
})

describe('a ledger of which some was read before', () => {
  /** Where the first so many lines of the ledger end, in its text and as a mark. */
  const readUpTo = (lines: number) => {
    const read = readLines(appendEvents('', EVENTS.slice(0, lines), NOON))
    return read.kind === 'lines' ? read : expect.fail(read.problem)
  }
  const from = (text: string, lines: number) =>
    text.slice(appendEvents('', EVENTS.slice(0, lines), NOON).length)

  it('is read as if it were new, wherever it was left', () => {
    const whole = readUpTo(EVENTS.length)
    for (let lines = 0; lines <= EVENTS.length; lines += 1) {
      const { entries, mark } = readUpTo(lines)
      const rest = readLines(from(TEXT, lines), mark)
      const all = rest.kind === 'lines' ? { ...rest, entries: [...entries, ...rest.entries] } : rest
      expect(all).toEqual(whole)
    }
  })

  it.each([
    ['torn', 6, TEXT.slice(0, -5), EVENTS.length],
    ['edited behind it', 3, editLines((lines) => (lines[5] = lines[5]?.replace('2.25', '2.15') ?? '')), 6],
    ['continued by another', 2, spliced(), 3],
  ])('F45 is reported when it is %s', (_, lines, text, line) => {
    const broken = { kind: 'broken', line, problem: expect.any(String) }
    expect(readLines(from(text, lines), readUpTo(lines).mark)).toEqual(broken)
  })
})

describe('a training curve', () => {
  const curve = [
    { step: 1, value: 3.5 },
    { step: 20, value: 2.75 },
  ]
  const trial: LedgerEvent = { kind: 'trial', result: { ...aTrialResult({ value: 2.25 }), curve } }
  const written = writeLines([...EVENTS.slice(0, 2), trial], LEDGER_START, NOON, 7)

  it('F122 is a line beside the ledger, which names its file and its hash', () => {
    const read = readLines(written.lines)
    const [, , entry] = read.kind === 'lines' ? read.entries : []
    expect(entry?.event).toEqual({ ...trial, result: { ...trial.result, curve: [] } })
    expect(entry?.curve?.file).toBe(7)
    expect(readCurves(written.curves)).toEqual(new Map([[entry?.curve?.hash, curve]]))
    expect(written.lines).not.toContain('2.75')
  })

  it('is read for the trials that are asked for', () => {
    const { id } = trial.kind === 'trial' ? trial.result.trial : { id: '' }
    expect([...readCurves(written.curves, new Set([id])).values()]).toEqual([curve])
    expect(readCurves(written.curves, new Set(['another'])).size).toBe(0)
  })

  it('counts as none when its line was edited or torn', () => {
    const read = readLines(written.lines)
    const hash = (read.kind === 'lines' && read.entries[2]?.curve?.hash) || ''
    expect(readCurves(written.curves.replace('2.75', '2.5')).get(hash)).toBeUndefined()
    expect(readCurves(written.curves.slice(0, 30)).get(hash)).toBeUndefined()
  })

  it('stays in its line where the first format has it', () => {
    const read = readLines(writeLines([trial], LEDGER_START, NOON).lines)
    expect(read.kind === 'lines' && read.entries[0]?.event).toEqual(trial)
  })
})

describe('F45 torn or corrupt line', () => {
  it.each([
    ['edited in the middle', 6, editLines((lines) => (lines[5] = lines[5]?.replace('2.25', '2.15') ?? ''))],
    [
      'edited at the start',
      1,
      editLines((lines) => (lines[0] = lines[0]?.replace('"test"', '"luck"') ?? '')),
    ],
    ['edited at the end', 9, editLines((lines) => (lines[8] = lines[8]?.replace('closed', 'merged') ?? ''))],
    ['edited time', 4, editLines((lines) => (lines[3] = lines[3]?.replace('T12', 'T13') ?? ''))],
    ['a space more', 3, editLines((lines) => (lines[2] = lines[2]?.replace('{', '{ ') ?? ''))],
    ['edited hash', 2, editLines((lines) => (lines[1] = lines[1]?.replace(/.{3}"}$/, '000"}') ?? ''))],
    ['removed first', 1, editLines((lines) => lines.splice(0, 1))],
    ['removed in the middle', 4, editLines((lines) => lines.splice(3, 1))],
    ['reordered', 3, editLines((lines) => swap(lines, 2, 3))],
    ['repeated', 3, editLines((lines) => lines.splice(2, 0, lines[1] ?? ''))],
    ['empty', 5, editLines((lines) => lines.splice(4, 0, ''))],
    ['not JSON', 5, editLines((lines) => lines.splice(4, 0, '<<<<<<< HEAD'))],
    ['not an event', 5, editLines((lines) => lines.splice(4, 0, '{"seq":5,"hash":"0123456789abcdef"}'))],
    ['null', 5, editLines((lines) => lines.splice(4, 0, 'null'))],
    ['cut off, then written on', 4, editLines((lines) => (lines[3] = lines[3]?.slice(0, 40) ?? ''))],
    ['torn at the end', EVENTS.length, TEXT.slice(0, -5)],
    ['torn before its line end', EVENTS.length, TEXT.slice(0, -1)],
    ['torn first line', 1, '{"seq":1,'],
    ['Windows line ends', 1, TEXT.replaceAll('\n', '\r\n')],
    ['lines of another ledger', 3, spliced()],
  ])('F45 is reported: %s', (_, line, text) => {
    expect(text).not.toBe(TEXT)
    expect(parseLedger(text)).toEqual({ kind: 'broken', line, problem: expect.any(String) })
  })

  it('F45 any single changed character is reported at its line', () => {
    for (let at = 0; at < TEXT.length - 1; at += 7) {
      const line = TEXT.slice(0, at).split('\n').length
      const text = `${TEXT.slice(0, at)}${TEXT[at] === 'x' ? 'y' : 'x'}${TEXT.slice(at + 1)}`
      const parsed = parseLedger(text)
      expect(parsed.kind === 'broken' && parsed.line, `character ${at}`).toBe(line)
    }
  })
})

/** The first two lines of a ledger, continued by the rest of one that began otherwise. */
function spliced(): string {
  const other = appendEvents(
    '',
    [{ kind: 'started', rootSeed: 'other', format: LEDGER_FORMAT }, ...EVENTS.slice(1)],
    NOON,
  )
  const rest = other.split('\n').slice(2)
  return [...TEXT.split('\n').slice(0, 2), ...rest].join('\n')
}

describe('appendEvents', () => {
  it('gives the same text in two appends as in one', () => {
    for (let split = 0; split <= EVENTS.length; split += 1) {
      const first = appendEvents('', EVENTS.slice(0, split), NOON)
      expect(appendEvents(first, EVENTS.slice(split), NOON)).toBe(TEXT)
    }
  })

  it('leaves what is there untouched', () => {
    expect(appendEvents(TEXT, EVENTS.slice(0, 1), NOON).startsWith(TEXT)).toBe(true)
  })

  it('changes nothing when there is nothing to add', () => expect(appendEvents(TEXT, [], NOON)).toBe(TEXT))

  it('writes one line an event, numbered and dated', () => {
    const line = JSON.parse(TEXT.split('\n')[1] ?? '')
    expect(line).toEqual({
      seq: 2,
      at: '2026-01-02T12:00:00.000Z',
      ...EVENTS[1],
      hash: expect.stringMatching(/^[0-9a-f]{16}$/),
    })
  })
})
