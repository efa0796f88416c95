import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { createInsightsFile } from '../../src/adapters/git/insights-file.ts'
import { aRemote } from '../scaffold.ts'
import { textLedger } from './ledger-lab.ts'

const LEDGER = 'autoresearch/ledger'

async function aLedger() {
  const remote = await aRemote({ 'train.js': 'lr = 1\n' })
  const context = await remote.clone()
  const ledger = textLedger(context)
  await ledger.update(() => 'one\n', [], 'started')
  return { remote, ledger, insights: createInsightsFile(await remote.clone()) }
}

test('there are none before the first write, and none without a ledger', async () => {
  const { insights } = await aLedger()
  expect(await insights.read()).toBeUndefined()
  const remote = await aRemote({ 'train.js': 'lr = 1\n' })
  const empty = createInsightsFile(await remote.clone())
  expect(await empty.read()).toBeUndefined()
  await empty.update(() => 'text\n')
  expect(await remote.tip(LEDGER)).toBeNull()
})

test('they and the ledger leave each other as they are, whoever writes', async () => {
  const { remote, ledger, insights } = await aLedger()
  await insights.update((text) => `${text ?? ''}- one\n`)
  expect(await ledger.update((text) => `${text}two\n`, [], 'trial')).toBe('one\ntwo\n')
  await insights.update((text) => `${text ?? ''}- two\n`)
  expect(await insights.read()).toBe('- one\n- two\n')
  expect(await ledger.read()).toBe('one\ntwo\n')
  expect(await remote.git('ls-tree', '--name-only', LEDGER)).toBe('insights.md\nledger')
})

test('what a person writes meanwhile is edited, not overwritten', async () => {
  const { remote, insights } = await aLedger()
  let meanwhile = true
  const parent = await remote.tip(LEDGER)
  const person = await remote.commit(
    { 'ledger/0000/000001.jsonl': 'one\n', 'insights.md': '- Ada was here\n' },
    { parent, message: 'edit' },
  )
  const edit = (text: string | undefined) => `${text ?? ''}- ours\n`
  await insights.update((text) => {
    if (meanwhile) movedByPerson(remote.directory, person)
    meanwhile = false
    return edit(text)
  })
  expect(await insights.read()).toBe('- Ada was here\n- ours\n')
})

function movedByPerson(directory: string, commit: string): void {
  execFileSync('git', ['update-ref', `refs/heads/${LEDGER}`, commit], { cwd: directory })
}
