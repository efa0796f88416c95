import { describe, expect, test } from 'vitest'
import { NO_USAGE } from '../../src/core/record/candidate.ts'
import { LEDGER_FORMAT, type LedgerEvent } from '../../src/core/record/events.ts'
import { appendEvents } from '../../src/core/record/ledger.ts'
import { LedgerError } from '../../src/errors.ts'
import type { BranchUpdate } from '../../src/ports/repository.ts'
import { Journal } from '../../src/session/journal.ts'
import { aBaseline, aCandidate, aTrialResult, ROOT_SEED } from '../factories.ts'
import { AT, FakeClock } from '../fakes/clock.ts'
import { FakeLedgerStore } from '../fakes/ledger-store.ts'

const STARTED: LedgerEvent = { kind: 'started', rootSeed: ROOT_SEED, format: LEDGER_FORMAT }
const BASELINE: LedgerEvent = { kind: 'baseline', ...aBaseline(), cause: 'started' }
const FIRST = appendEvents('', [STARTED, BASELINE], AT)
const proposed = (name: string): LedgerEvent => ({ kind: 'proposed', candidate: aCandidate({ name }) })
const trial = (replicate: number): LedgerEvent => ({ kind: 'trial', result: aTrialResult({ replicate }) })
const nothing = (id: string): LedgerEvent => ({
  kind: 'no-proposal',
  id,
  proposer: 'knobs',
  reason: 'none',
  usage: NO_USAGE,
})

async function aJournal(text?: string) {
  const store = new FakeLedgerStore([STARTED, BASELINE])
  if (text !== undefined) store.text = text
  return { store, journal: await Journal.open(store, new FakeClock()) }
}

describe('recording', () => {
  test('is true in memory at once, and on the remote after a flush', async () => {
    const { store, journal } = await aJournal()
    store.held = true
    journal.record([proposed('warmup')])
    expect(journal.state.candidates.size).toBe(1)
    expect(store.kinds).toEqual(['started', 'baseline'])
    store.pass()
    await journal.flushed()
    expect(store.kinds).toEqual(['started', 'baseline', 'proposed'])
  })

  test('of nothing pushes nothing', async () => {
    const { store, journal } = await aJournal()
    journal.record([])
    await journal.flushed()
    expect(store.pushes).toEqual([])
  })

  test('what is known already is dropped, also within one push', async () => {
    const { store, journal } = await aJournal()
    journal.record([trial(1), trial(1)])
    journal.record([trial(1)])
    journal.record([STARTED, BASELINE])
    await journal.flushed()
    expect(store.kinds).toEqual(['started', 'baseline', 'trial'])
  })

  test('wakes who waits for a change', async () => {
    const { journal } = await aJournal()
    const woken: string[] = []
    const waiting = ['one', 'another'].map(async (name) => {
      await journal.changed()
      woken.push(name)
    })
    expect(woken).toEqual([])
    journal.record([trial(1)])
    await Promise.all(waiting)
    expect(woken).toEqual(['one', 'another'])
  })

  test('wakes who waits when it is told to, with nothing recorded', async () => {
    const { store, journal } = await aJournal()
    const changed = journal.changed()
    journal.wake()
    await changed
    expect(store.pushes).toEqual([])
  })
})

describe('batches', () => {
  const move = (branch: string): BranchUpdate => ({ branch, from: null, to: aBaseline().commit })

  test('what was recorded during a push goes into one', async () => {
    const { store, journal } = await aJournal()
    store.held = true
    for (const replicate of [1, 2, 3, 4]) journal.record([trial(replicate)])
    store.pass()
    await journal.flushed()
    expect(store.pushes.map(({ message }) => message)).toEqual(['trial', '3 × trial'])
    expect(store.kinds.slice(2)).toEqual(['trial', 'trial', 'trial', 'trial'])
  })

  test('a push moves the branches of one entry only, and the order is kept', async () => {
    const { store, journal } = await aJournal()
    store.held = true
    journal.record([trial(1)])
    journal.record([trial(2)])
    journal.record([proposed('a')], [move('c/a')])
    journal.record([proposed('b')], [move('c/b')])
    journal.record([trial(3)])
    store.pass()
    await journal.flushed()
    const pushed = store.pushes.map(({ message, branches }) => [
      message,
      ...branches.map(({ branch }) => branch),
    ])
    expect(pushed).toEqual([['trial'], ['trial, proposed', 'c/a'], ['proposed', 'c/b'], ['trial']])
  })

  test('a branch can move without an event', async () => {
    const { store, journal } = await aJournal()
    journal.record([], [move('c/a')])
    await journal.flushed()
    expect(store.pushes).toEqual([{ message: 'move branches', branches: [move('c/a')] }])
  })

  test('a flush waits for what is recorded while it waits', async () => {
    const { store, journal } = await aJournal()
    store.held = true
    journal.record([trial(1)])
    const flushed = journal.flushed()
    journal.record([trial(2)])
    store.pass()
    await flushed
    expect(store.kinds.slice(2)).toEqual(['trial', 'trial'])
  })
})

describe('others', () => {
  test('their lines are part of the state after a flush, and ours come behind them', async () => {
    const { store, journal } = await aJournal()
    store.write(proposed('theirs'))
    journal.record([proposed('ours')])
    expect(journal.state.candidates.size).toBe(1)
    await journal.flushed()
    const ids = ['theirs', 'ours'].map((name) => aCandidate({ name }).id)
    expect([...journal.state.candidates.keys()]).toEqual(ids)
  })

  test('a line that someone else wrote already is not written a second time', async () => {
    const { store, journal } = await aJournal()
    store.write(trial(1))
    journal.record([trial(1), trial(2)])
    await journal.flushed()
    expect(store.kinds.slice(2)).toEqual(['trial', 'trial'])
  })
})

describe('failures', () => {
  const REFUSED = new LedgerError('refused', { hint: 'look' })

  async function aFailedJournal() {
    const { store, journal } = await aJournal()
    store.failure = REFUSED
    journal.record([trial(1)])
    return { store, journal }
  }

  test('surface at the flush, and end no process before', async () => {
    const { journal } = await aFailedJournal()
    expect(journal.state.trials.size).toBe(1)
    await expect(journal.flushed()).rejects.toThrow(REFUSED)
  })

  test('F88 reach who waits for a change, and who begins to wait later', async () => {
    const { journal } = await aFailedJournal()
    await expect(journal.changed()).rejects.toThrow(REFUSED)
    await expect(journal.changed()).rejects.toThrow(REFUSED)
  })

  test('stay: nothing is recorded on the word of a ledger that cannot be written', async () => {
    const { store, journal } = await aFailedJournal()
    await expect(journal.flushed()).rejects.toThrow(REFUSED)
    store.failure = undefined
    expect(() => journal.record([trial(2)])).toThrow(REFUSED)
    await expect(journal.flushed()).rejects.toThrow(REFUSED)
    expect(store.kinds).toEqual(['started', 'baseline'])
  })

  test('F45 a broken ledger is not read, and the message says which line', async () => {
    const edited = FIRST.replace(ROOT_SEED, 'other')
    for (const [text, line] of [
      [FIRST.slice(0, -5), 2],
      [`${FIRST}no\n`, 3],
      [edited, 1],
    ] as const) {
      const opened = aJournal(text)
      await expect(opened).rejects.toThrow(LedgerError)
      await expect(opened).rejects.toThrow(`line ${line}`)
    }
  })

  const NEWER = appendEvents(FIRST, [{ kind: 'format', format: LEDGER_FORMAT + 1 }], AT)
  const refusal = {
    message: expect.stringContaining('was written by a newer release of Autoresearch Action: line 3 is'),
    hint: expect.stringContaining('Update the action in every workflow'),
  }

  test('a ledger written by a newer release is not read, and the message says what to update', async () => {
    const opened = aJournal(NEWER)
    await expect(opened).rejects.toThrow(LedgerError)
    await expect(opened).rejects.toMatchObject(refusal)
  })

  test('a ledger that a newer release continues while we run is not appended to', async () => {
    const { store, journal } = await aJournal()
    store.text = NEWER
    journal.record([trial(1)])
    await expect(journal.flushed()).rejects.toMatchObject(refusal)
    expect(store.text).toBe(NEWER)
  })

  test('F45 a ledger that breaks while we run is not appended to', async () => {
    const { store, journal } = await aJournal()
    store.text = `${store.text}torn`
    journal.record([trial(1)])
    await expect(journal.flushed()).rejects.toThrow(LedgerError)
    expect(store.text.endsWith('torn')).toBe(true)
  })

  test('F46 a ledger that is set back while we run is not appended to', async () => {
    const { store, journal } = await aJournal()
    journal.record([trial(1)])
    await journal.flushed()
    store.text = FIRST
    journal.record([trial(2)])
    await expect(journal.flushed()).rejects.toThrow('set back or rewritten')
    expect(store.text).toBe(FIRST)
  })

  test('a state that was looked at stays as it was', async () => {
    const { journal } = await aJournal()
    const { state } = journal
    journal.record([trial(1)])
    await journal.flushed()
    expect([state.trials.size, journal.state.trials.size]).toEqual([0, 1])
  })

  test('every proposal that came to nothing is recorded, because it cost something, and each once', async () => {
    const { store, journal } = await aJournal()
    journal.record([nothing('1')])
    journal.record([nothing('2'), nothing('1')])
    await journal.flushed()
    expect([store.kinds.slice(2), journal.state.asked]).toEqual([['no-proposal', 'no-proposal'], 2])
  })
})

describe('training curves', () => {
  const curve = [
    { step: 1, value: 3.5 },
    { step: 20, value: 2.75 },
  ]
  const withItsCurve: LedgerEvent = { kind: 'trial', result: { ...aTrialResult(), curve } }
  const curveIn = ({ state }: Journal) => [...state.trials.values()].map((result) => result.curve)

  test('F122 are kept beside the ledger, and known to who recorded them and to who opens it later', async () => {
    const { store, journal } = await aJournal()
    journal.record([withItsCurve])
    await journal.flushed()
    expect([store.text.includes('2.75'), store.curves.includes('2.75')]).toEqual([false, true])
    const later = await Journal.open(copyOf(store), new FakeClock())
    expect([curveIn(journal), curveIn(later)]).toEqual([[curve], [curve]])
  })

  test('that another job recorded meanwhile are read with its lines', async () => {
    const { store, journal } = await aJournal()
    const theirs = copyOf(store)
    const other = await Journal.open(theirs, new FakeClock())
    other.record([withItsCurve])
    await other.flushed()
    Object.assign(store, { text: theirs.text, curves: theirs.curves })
    journal.record([proposed('ours')])
    await journal.flushed()
    expect(curveIn(journal)).toEqual([curve])
  })

  test('that are lost are empty, and no reason to stop', async () => {
    const { store, journal } = await aJournal()
    journal.record([withItsCurve])
    await journal.flushed()
    const later = copyOf(store)
    later.curves = ''
    expect(curveIn(await Journal.open(later, new FakeClock()))).toEqual([[]])
  })
})

/** The same branch, as another job reads it. */
function copyOf({ text, curves }: FakeLedgerStore): FakeLedgerStore {
  return Object.assign(new FakeLedgerStore(), { text, curves })
}
