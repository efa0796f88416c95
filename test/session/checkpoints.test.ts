import { describe, expect, test } from 'vitest'
import { dueCheckpoint } from '../../src/core/judge/checkpoint.ts'
import { decide, planTrials } from '../../src/core/plan/schedule.ts'
import { planSteps } from '../../src/core/plan/steps.ts'
import type { ArchivedIdea } from '../../src/core/record/archived-ideas.ts'
import type { LedgerEvent } from '../../src/core/record/events.ts'
import { appendEvents, parseLedger } from '../../src/core/record/ledger.ts'
import { contentHash, readSnapshot, writeSnapshot } from '../../src/core/record/snapshot.ts'
import { replay, type State } from '../../src/core/record/state.ts'
import { headlines } from '../../src/core/report/headlines.ts'
import { buildReport, renderReport } from '../../src/core/report/report.ts'
import { Journal } from '../../src/session/journal.ts'
import { aConfig, aPromotion, aPromotionOutcome, CONDITIONS, POLICY, sha } from '../factories.ts'
import { FakeClock } from '../fakes/clock.ts'
import { FakeLedgerStore } from '../fakes/ledger-store.ts'
import { type LongLedger, longLedger } from '../long-ledger.ts'

const SMALL = { keep: 30, every: 15 }

async function aLongJournal(world: LongLedger, policy = SMALL) {
  const store = new FakeLedgerStore()
  const journal = await Journal.open(store, new FakeClock())
  journal.writeCheckpointsWhen((state) => dueCheckpoint(state, 'minimize', policy))
  for (const events of longLedger(world)) {
    journal.record(events)
    await journal.flushed()
  }
  return { store, journal }
}

/** Everything that is decided or shown because of a state. */
function decisionsOn(state: State) {
  const report = buildReport(state, CONDITIONS, aConfig())
  return {
    trials: planTrials(state, CONDITIONS, POLICY),
    verdicts: decide(state, CONDITIONS, POLICY),
    steps: planSteps(state),
    report: renderReport(report),
    headlines: headlines(report),
  }
}

/** The state as text, in which order counts. */
function textOf(state: State): string {
  const mark = { seq: 0, hash: '', format: 2 }
  return writeSnapshot({ mark, state, curves: new Map(), spending: [] })
}

const WORLDS: LongLedger[] = [
  { experiments: 150, seed: 1 },
  { experiments: 150, seed: 2, merged: 0.5 },
  { experiments: 150, seed: 3, merged: 0 },
  { experiments: 150, seed: 4, slow: 0.6 },
  { experiments: 60, seed: 5, merged: 1 },
  { experiments: 120, seed: 6, sigma: 0 },
]

describe.each(WORLDS)('F122 in a ledger with checkpoints, world $seed', (world) => {
  test('opening at a checkpoint tells the same as reading from the first line', async () => {
    const { store, journal } = await aLongJournal(world)
    const opened = await Journal.open(store, new FakeClock())
    const parsed = parseLedger(store.text)
    if (parsed.kind !== 'ledger') throw new Error(parsed.problem)
    const replayed = replay(parsed.events)
    expect(store.kinds.filter((kind) => kind === 'checkpoint').length).toBeGreaterThan(1)
    expect(opened.state.archive.candidates).toBeGreaterThan(0)
    expect(textOf(opened.state)).toBe(textOf(replayed))
    expect(textOf(journal.state)).toBe(textOf(replayed))
    expect(decisionsOn(opened.state)).toEqual(decisionsOn(replayed))
  })

  test('the state is bounded, and nothing is counted twice or lost', async () => {
    const { store, journal } = await aLongJournal(world)
    const parsed = parseLedger(store.text)
    if (parsed.kind !== 'ledger') throw new Error(parsed.problem)
    const whole = replay(parsed.events.filter(({ kind }) => kind !== 'checkpoint'))
    const decided = [...journal.state.candidates.values()].filter(({ end }) => end !== undefined)
    expect(decided.length).toBeLessThan(SMALL.keep + SMALL.every)
    const [found, all] = [journal.state, whole].map((state) =>
      headlines(buildReport(state, CONDITIONS, aConfig())),
    )
    const { rows: _, rowsLeftOut, deviceSeconds, perMerge, ...sums } = found ?? {}
    expect(all).toMatchObject(sums)
    expect(perMerge?.tokens).toBe(all?.perMerge?.tokens)
    expect(deviceSeconds).toBeCloseTo(all?.deviceSeconds ?? 0, 0)
  })
})

describe('F122 a checkpoint', () => {
  const WORLD: LongLedger = { experiments: 100, seed: 8 }

  test('leaves what was recorded before it out of what a job reads', async () => {
    const { store } = await aLongJournal(WORLD)
    const start = store.checkpoint?.start ?? 0
    expect(start).toBeGreaterThan(store.text.length / 2)
    // Nothing before it can be read any more.
    store.text = `${'x'.repeat(start)}${store.text.slice(start)}`
    const { state } = await Journal.open(store, new FakeClock())
    expect(state.archive.candidates).toBeGreaterThan(0)
  })

  test('lists the archived ideas beside the ledger, for who looks for repetitions', async () => {
    const { store, journal } = await aLongJournal(WORLD)
    const { state } = journal
    const archived = await journal.archivedIdeas()
    expect(archived).toHaveLength(state.archive.ideas)
    const all = store.events.flatMap((event) => (event.kind === 'proposed' ? [event.candidate] : []))
    const keys = [...archived, ...state.candidates.values()]
    const ideas = all.filter(({ origin }) => origin.kind !== 'aa' && origin.kind !== 'revert')
    expect(new Set(keys.map(({ changeKey }) => changeKey))).toEqual(
      expect.objectContaining(new Set(ideas.map(({ changeKey }) => changeKey))),
    )
    const read: ArchivedIdea[] = []
    for await (const ideas of journal.readArchive()) read.push(...ideas)
    expect(read.map(({ candidate }) => candidate)).toMatchObject(archived)
    expect(read.some(({ failure }) => failure?.tail?.startsWith('Traceback'))).toBe(true)
  })

  test('belongs to the state behind the lines of the job that wrote first', async () => {
    const { store } = await aLongJournal({ ...WORLD, experiments: 40 })
    const journal = await anAppender(store)
    const events = longLedger(WORLD)
    store.write(...events.slice(41, 60).flat())
    journal.record(events[60] ?? [])
    await journal.flushed()
    const opened = await Journal.open(store, new FakeClock())
    expect(textOf(opened.state)).toBe(textOf(replay(store.events)))
  })

  test('comes with the first append to a long ledger that has none', async () => {
    const events = longLedger(WORLD)
    const store = new FakeLedgerStore(events.slice(0, -1).flat())
    const journal = await anAppender(store)
    expect(store.kinds).not.toContain('checkpoint')
    journal.record(events.at(-1) ?? [])
    await journal.flushed()
    expect(store.kinds.at(-1)).toBe('checkpoint')
    const opened = await Journal.open(store, new FakeClock())
    expect(textOf(opened.state)).toBe(textOf(replay(store.events)))
  })

  test.each([
    ['was changed', (text: string) => text.replace('"trials":[', '"trials": [')],
    ['is no JSON any more', () => '<<<<<<< HEAD'],
  ])('whose file %s is refused in words', async (_, change) => {
    const { store } = await aLongJournal(WORLD)
    if (store.checkpoint) store.checkpoint.state = change(store.checkpoint.state)
    await expect(Journal.open(store, new FakeClock())).rejects.toMatchObject({
      message:
        'the file of the newest checkpoint on autoresearch/ledger was changed: it is not what the ledger names',
      hint: expect.stringContaining('Reset the branch to the last good commit.'),
    })
  })

  test('whose file is missing is refused in words', async () => {
    const { store } = await aLongJournal(WORLD)
    store.checkpoint = undefined
    await expect(Journal.open(store, new FakeClock())).rejects.toThrow(
      'the file of the newest checkpoint is missing from autoresearch/ledger',
    )
  })

  test('whose archived ideas are missing or changed stops who needs them, in words', async () => {
    const { store } = await aLongJournal(WORLD)
    const journal = await Journal.open(store, new FakeClock())
    const [file, text] = [...store.archive][0] ?? [0, '']
    store.archive.set(file, text.replace('Try', 'Tried'))
    await expect(journal.archivedIdeas()).rejects.toThrow(
      `file ${file} of archived ideas on autoresearch/ledger was changed: it is not what the ledger names`,
    )
    store.archive.delete(file)
    await expect(journal.archivedIdeas()).rejects.toThrow(
      `file ${file} of archived ideas is missing from autoresearch/ledger`,
    )
  })

  test('keeps promotions, in a shape that releases without them do not read', async () => {
    const name = { scale: 'd24', number: 1 }
    const state = replay([
      { kind: 'started', rootSeed: 'a', format: 2 },
      { kind: 'promote', to: sha('m5') },
      { kind: 'promotion', promotion: aPromotion() },
      { kind: 'stack', ...name, stack: { members: [], commit: sha('m4'), tree: sha('t4') } },
      { kind: 'promoted', ...name, outcome: aPromotionOutcome() },
    ])
    const text = textOf(state)
    expect(text).toContain('"shape":2')
    expect(readSnapshot(text)?.state).toEqual(state)
    expect(textOf(replay([]))).toContain('"shape":1')
  })

  test('that a newer release wrote in another shape is not used: the ledger is read from its first line', async () => {
    const { store, journal } = await aLongJournal(WORLD)
    const state = (store.checkpoint?.state ?? '').replace('"shape":1', '"shape":9')
    const line = store.text.slice(store.checkpoint?.start).split('\n')[0] ?? ''
    const named = (JSON.parse(line) as { state: string }).state
    const text = store.text.slice(0, store.checkpoint?.start)
    const parsed = parseLedger(text)
    if (parsed.kind !== 'ledger') throw new Error(parsed.problem)
    const event = { ...(JSON.parse(line) as LedgerEvent), state: contentHash(state) }
    const { seq: _, at, hash, ...rest } = event as unknown as Record<string, unknown>
    expect(named).not.toBe(rest.state)
    store.text = appendEvents(text, [rest as unknown as LedgerEvent], new Date(String(at)))
    store.checkpoint = { state, start: text.length }
    const opened = await Journal.open(store, new FakeClock())
    expect(opened.state.archive.candidates).toBe(journal.state.archive.candidates)
  })
})

async function anAppender(store: FakeLedgerStore): Promise<Journal> {
  const journal = await Journal.open(store, new FakeClock())
  journal.writeCheckpointsWhen((state) => dueCheckpoint(state, 'minimize', SMALL))
  return journal
}
