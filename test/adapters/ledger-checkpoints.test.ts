import { describe, expect, test } from 'vitest'
import { type GitContext, git } from '../../src/adapters/git/git.ts'
import { createLedgerBranch } from '../../src/adapters/git/ledger-branch.ts'
import { ledgerFiles } from '../../src/adapters/git/ledger-files.ts'
import { dueCheckpoint } from '../../src/core/judge/checkpoint.ts'
import { appendEvents, readLines } from '../../src/core/record/ledger.ts'
import { writeSnapshot } from '../../src/core/record/snapshot.ts'
import { replay, type State } from '../../src/core/record/state.ts'
import { Journal } from '../../src/session/journal.ts'
import { AT, FakeClock } from '../fakes/clock.ts'
import { longLedger } from '../long-ledger.ts'
import { aRemote } from '../scaffold.ts'

const LEDGER = 'autoresearch/ledger'
const SMALL = { keep: 30, every: 15 }
const EXPERIMENTS = longLedger({ experiments: 160, seed: 1 })
const half = Math.floor(EXPERIMENTS.length / 2)

async function anAppender(context: GitContext): Promise<Journal> {
  const journal = await Journal.open(createLedgerBranch(context), new FakeClock())
  journal.writeCheckpointsWhen((state) => dueCheckpoint(state, 'minimize', SMALL))
  return journal
}

async function aLongLedger() {
  const remote = await aRemote({ 'train.js': 'lr = 1\n' })
  await remote.git('config', 'uploadpack.allowFilter', 'true')
  const journal = await anAppender(await remote.clone())
  journal.record(EXPERIMENTS.slice(0, half).flat())
  await journal.flushed()
  const files = async () => (await remote.git('ls-tree', '-r', '--name-only', LEDGER)).split('\n')
  return { remote, journal, files }
}

async function everyEvent(context: GitContext) {
  const stored = await createLedgerBranch(context).read()
  let text = ''
  for await (const part of stored?.parts('start') ?? []) text += part
  const read = readLines(text)
  if (read.kind !== 'lines') throw new Error(read.problem)
  return read.entries.map(({ event }) => event)
}

/** The state as text, in which order counts. */
function textOf(state: State): string {
  const mark = { seq: 0, hash: '', format: 2 }
  return writeSnapshot({ mark, state, curves: new Map(), spending: [] })
}

describe('F122 a checkpoint on the branch', () => {
  test('begins a file of the ledger, and its files come in the same commit', async () => {
    const { remote, files } = await aLongLedger()
    const listed = await files()
    const [path] = listed.filter((name) => name.startsWith('checkpoints/'))
    const number = path?.slice('checkpoints/'.length, -'.json'.length)
    expect(listed.filter((name) => name.startsWith('archive/'))).toEqual(['archive/0000/000001.jsonl'])
    const first = await remote.git('show', `${LEDGER}:ledger/0000/${number}.jsonl`)
    expect(JSON.parse(first.split('\n')[0] ?? '')).toMatchObject({ kind: 'checkpoint' })
    expect(await remote.git('rev-list', '--count', LEDGER)).toBe('1')
  })

  test('replaces the state of the one before, and adds to the archived ideas', async () => {
    const { remote, journal, files } = await aLongLedger()
    const before = await files()
    journal.record(EXPERIMENTS.slice(half).flat())
    await journal.flushed()
    const after = await files()
    expect(after.filter((name) => name.startsWith('checkpoints/'))).toHaveLength(1)
    expect(after.filter((name) => name.startsWith('archive/'))).toHaveLength(2)
    const changed = await remote.git('diff-tree', '-r', '--name-status', `${LEDGER}~1`, LEDGER)
    expect(changed).not.toMatch(/^[MD]\tarchive/m)
    expect(before.filter((name) => !after.includes(name))).toEqual([expect.stringMatching(/^checkpoints\//)])
  })

  test('is all that a job fetches, with the files after it', async () => {
    const { remote } = await aLongLedger()
    const context = await remote.clone('--branch=main', '--single-branch')
    const { state } = await anAppender(context)
    const { files } = await ledgerFiles(context).fetch()
    const input = [...files.values()].map((blob) => `${blob}\n`).join('')
    const checked = (await git(context, ['cat-file', '--batch-check'], { input })).split('\n')
    const here = [...files.keys()].filter((_, index) => !checked[index]?.endsWith(' missing'))
    const last = [...files.keys()].filter((name) => name.startsWith('ledger/')).at(-1)
    expect(here).toEqual([expect.stringMatching(/^checkpoints\//), last])
    expect(textOf(state)).toBe(textOf(replay(await everyEvent(context))))
  })

  test('lets archived ideas be read by their number', async () => {
    const { remote, journal } = await aLongLedger()
    const opened = await anAppender(await remote.clone())
    expect(await opened.archivedIdeas()).toEqual(await journal.archivedIdeas())
    expect(await opened.archivedIdeas()).toHaveLength(opened.state.archive.ideas)
  })

  test('is written by one of two jobs that append, and known to both', async () => {
    const { remote, files } = await aLongLedger()
    const [one, two] = [await anAppender(await remote.clone()), await anAppender(await remote.clone())]
    for (let index = half; index < EXPERIMENTS.length; index += 10) {
      const events = EXPERIMENTS.slice(index, index + 10).flat()
      one.record(events)
      two.record(events)
      await Promise.all([one.flushed(), two.flushed()])
    }
    const context = await remote.clone()
    const events = await everyEvent(context)
    const opened = await anAppender(context)
    const written = events.filter(({ kind }) => kind === 'checkpoint')
    expect(written.length).toBeGreaterThan(1)
    expect((await files()).filter((name) => name.startsWith('archive/'))).toHaveLength(written.length)
    for (const { state } of [opened, one, two]) expect(textOf(state)).toBe(textOf(replay(events)))
  })

  test('comes with the first append to a ledger of the first format', async () => {
    const remote = await aRemote({ 'train.js': 'lr = 1\n' })
    const old = appendEvents('', EXPERIMENTS.slice(0, half).flat(), AT)
    await remote.commit({ 'ledger.jsonl': old }, { parent: null, branch: LEDGER })
    const journal = await anAppender(await remote.clone())
    journal.record(EXPERIMENTS[half] ?? [])
    await journal.flushed()
    const context = await remote.clone()
    const opened = await anAppender(context)
    expect(opened.state.archive.candidates).toBeGreaterThan(0)
    expect(textOf(opened.state)).toBe(textOf(replay(await everyEvent(context))))
  })

  test('that could not be pushed leaves nothing behind', async () => {
    const { remote } = await aLongLedger()
    const before = await remote.tip(LEDGER)
    const journal = await anAppender(await remote.clone())
    // The branch to create is there already: the whole push is refused.
    const taken = { branch: 'main', from: null, to: before }
    journal.record(EXPERIMENTS.slice(half).flat(), [taken])
    await expect(journal.flushed()).rejects.toThrow(/main is at/)
    expect(await remote.tip(LEDGER)).toBe(before)
  })
})
