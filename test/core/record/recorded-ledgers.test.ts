// A ledger that an earlier version wrote leads to the decisions that version reached on it, byte for byte.
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { decisionsOf, readRecorded, textOf } from '../../fixtures/ledgers/decisions.ts'

test.each(['v1-run', 'v1-world'])('%s leads to the recorded decisions', async (name) => {
  const { events, configs } = await readRecorded(name)
  const recorded = await readFile(
    new URL(`../../fixtures/ledgers/${name}.decisions.jsonl`, import.meta.url),
    'utf8',
  )
  const found = textOf(decisionsOf(events, configs)).split('\n')
  // Only the first difference: whatever follows it may differ because of it.
  const first = recorded.split('\n').findIndex((line, index) => line !== found[index])
  expect(found[first]).toBe(recorded.split('\n')[first])
  expect(found).toHaveLength(recorded.split('\n').length)
})
