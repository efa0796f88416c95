// What an event of format 1 becomes, and what is refused.
import { describe, expect, it } from 'vitest'
import { LEDGER_FORMAT, type LedgerEvent } from '../../../src/core/record/events.ts'
import { appendEvents, parseLedger } from '../../../src/core/record/ledger.ts'
import { formatFrom, migrate } from '../../../src/core/record/migrate.ts'
import { aCandidate, aDirection, aTrialResult, aVerdict, sha } from '../../factories.ts'

const NOON = new Date('2026-01-02T12:00:00Z')
type Fields = Record<string, unknown>

/** What an event of format 1 is now. */
function migrated(kind: string, fields: Fields): Fields {
  const result = migrate({ kind, ...fields }, 1)
  return result.kind === 'event' ? { ...result.event } : expect.fail(result.problem)
}

/** A value as format 1 had it: without the fields that it did not know, with those that it used instead. */
function inFormat1(value: object, unknown: string, old: Fields): Fields {
  const fields = Object.entries(value).filter(([name]) => name !== unknown)
  return { ...Object.fromEntries(fields), ...old }
}

describe('the origin of a candidate of format 1', () => {
  const candidate = aCandidate()
  const [explore, combine] = [
    aDirection({ mode: 'explore' }),
    aDirection({ mode: 'combine', sources: ['a', 'b'] }),
  ]

  it.each<[string, Fields, Fields]>([
    ['an A/A check', { aa: 3 }, { kind: 'aa', number: 3 }],
    ['a revert', { reverts: sha('merge') }, { kind: 'revert', merge: sha('merge') }],
    ['a wish', { wish: 'issue-7' }, { kind: 'request', request: 'issue-7' }],
    ['a direction', { direction: explore }, { kind: 'idea', direction: explore }],
    ['a direction to combine', { direction: combine }, { kind: 'combination', direction: combine }],
    ['nothing', {}, { kind: 'idea' }],
  ])('was told by %s', (_, old, origin) => {
    const event = migrated('proposed', { candidate: inFormat1(candidate, 'origin', old) })
    expect(event).toEqual({ kind: 'proposed', candidate: { ...candidate, origin } })
  })
})

describe('the protocol of a trial of format 1', () => {
  const result = aTrialResult({ value: 2.5 })
  const range = { from: sha('from'), to: sha('to') }

  it.each<[string, Fields, Fields]>([
    ['no scale', {}, { purpose: 'judge', scale: 'base' }],
    ['a scale', { scale: 'large' }, { purpose: 'judge', scale: 'large' }],
    ['a range', { certifies: range }, { purpose: 'certify', scale: 'base', range }],
    [
      'a range and a scale',
      { certifies: range, scale: 'large' },
      { purpose: 'certify', scale: 'large', range },
    ],
  ])('follows from %s', (_, old, protocol) => {
    const trial = inFormat1(result.trial, 'protocol', old)
    const event = migrated('trial', { result: { ...result, trial } })
    expect(event).toEqual({ kind: 'trial', result: { ...result, trial: { ...result.trial, protocol } } })
  })
})

describe('the verdict of format 1', () => {
  const judged = (reason: string) => ({ candidate: 'c', head: sha('head'), verdict: aVerdict({ reason }) })

  it.each([
    ['run 1 of 2 ended crashed: exit code 1', 'crashed'],
    ['run 2 of 2 ended out-of-memory', 'out-of-memory'],
    ['run 12 of 16 ended no-metric: the pattern matched no line', 'no-metric'],
  ])('names the failure that its reason begins with: %s', (reason, failure) => {
    const before = judged(reason)
    const event = migrated('judged', before)
    expect(event).toEqual({ kind: 'judged', ...before, verdict: { ...before.verdict, failure } })
  })

  it.each(['worse by 0.1', 'the title: run 1 of 2 ended crashed'])('names none otherwise: %s', (reason) => {
    const before = judged(reason)
    expect(migrated('judged', before)).toEqual({ kind: 'judged', ...before })
  })
})

describe('the words of format 1', () => {
  const usage = { inputTokens: 1, outputTokens: 2, dollars: 0 }
  const wish = { id: 'issue-7', source: { kind: 'issue', number: 7 }, text: 'Warm up' }

  it.each<[string, Fields, string, Fields]>([
    ['wish', { wish }, 'requested', { request: wish }],
    ['declined', { wish: 'issue-7', reason: 'no' }, 'declined', { request: 'issue-7', reason: 'no' }],
    ['answered', { wish: 'issue-7', answer: 'opened' }, 'answered', { request: 'issue-7', answer: 'opened' }],
    ['no-proposal', { id: '1', wish: 'issue-7' }, 'no-proposal', { id: '1', request: 'issue-7' }],
    ['no-proposal', { id: '1', reason: 'no' }, 'no-proposal', { id: '1', reason: 'no' }],
    ['distilled', { settled: 12, proposer: 'x', usage }, 'insights', { decided: 12, proposer: 'x', usage }],
    ['started', { rootSeed: 'test' }, 'started', { rootSeed: 'test', format: 1 }],
    ['certify', { to: sha('to') }, 'certify', { to: sha('to') }],
  ])('%s becomes $2', (kind, fields, newKind, newFields) => {
    expect(migrated(kind, fields)).toEqual({ kind: newKind, ...newFields })
  })
})

it('an event of format 2 is the same today', () => {
  const event = { kind: 'proposed', candidate: aCandidate() } as const
  expect(migrate(event, 2)).toEqual({ kind: 'event', event })
})

describe('what this release does not know', () => {
  it.each([1, LEDGER_FORMAT])('is an event of another kind in format %i', (format) => {
    expect(migrate({ kind: 'dreamt' }, format)).toEqual({
      kind: 'unknown',
      problem: 'this release does not know the event "dreamt"',
    })
  })

  it('is a word of format 1 in the present format', () => {
    expect(migrate({ kind: 'wish' }, LEDGER_FORMAT)).toMatchObject({
      problem: 'this release does not know the event "wish"',
    })
  })

  it('is a newer format, even in events of a known kind', () => {
    expect(migrate({ kind: 'certify', to: sha('to') }, LEDGER_FORMAT + 1)).toEqual({
      kind: 'unknown',
      problem: `it is in format ${LEDGER_FORMAT + 1}, and this release reads up to ${LEDGER_FORMAT}`,
    })
  })
})

describe('formatFrom', () => {
  it.each<[string, { kind: string; format?: unknown }, number, number]>([
    ['started without a format', { kind: 'started' }, 1, 1],
    ['started with a format', { kind: 'started', format: 2 }, 1, 2],
    ['a line of format', { kind: 'format', format: 2 }, 1, 2],
    ['a line of a newer format', { kind: 'format', format: 3 }, 2, 3],
    ['any other event', { kind: 'certify', format: 9 }, 2, 2],
  ])('%s', (_, event, before, after) => {
    expect(formatFrom(event, before)).toBe(after)
  })
})

describe('a ledger', () => {
  const old = (...events: object[]) => appendEvents('', events as LedgerEvent[], NOON)
  const begun = [
    { kind: 'started', rootSeed: 'test' },
    { kind: 'wish', wish: { id: 'old' } },
  ]

  it('of format 1 that this release continues is read in both formats', () => {
    const candidate = aCandidate({ origin: { kind: 'request', request: 'old' } })
    const events: LedgerEvent[] = [
      { kind: 'format', format: 2 },
      { kind: 'proposed', candidate },
    ]
    expect(parseLedger(appendEvents(old(...begun), events, NOON))).toMatchObject({
      kind: 'ledger',
      events: [
        { kind: 'started', rootSeed: 'test', format: 1 },
        { kind: 'requested', request: { id: 'old' } },
        ...events,
      ],
    })
  })

  it('that a newer release continued is refused from the line where it did', () => {
    const text = old(
      ...begun,
      { kind: 'format', format: LEDGER_FORMAT + 1 },
      { kind: 'certify', to: sha('to') },
    )
    expect(parseLedger(text)).toEqual({
      kind: 'newer',
      line: 3,
      problem: `it is in format ${LEDGER_FORMAT + 1}, and this release reads up to ${LEDGER_FORMAT}`,
    })
  })

  it('with an event of another kind is refused, not called broken', () => {
    expect(parseLedger(old(...begun, { kind: 'dreamt' }))).toMatchObject({ kind: 'newer', line: 3 })
  })
})
