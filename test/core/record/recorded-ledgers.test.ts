// A ledger that an earlier version wrote leads to the state and the steps that version reached on it, byte for byte. What the judge
// of this release says about the recorded runs is held to a second record.
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import {
  type Decision,
  decisionsOf,
  judged,
  readRecorded,
  recorded,
  textOf,
} from '../../fixtures/ledgers/decisions.ts'

async function decisionsIn(file: string): Promise<Decision[]> {
  const text = await readFile(new URL(`../../fixtures/ledgers/${file}`, import.meta.url), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Decision)
}

/** Only the first difference: whatever follows it may differ because of it. */
function expectEqual(found: readonly Decision[], before: readonly Decision[]): void {
  const [texts, expected] = [textOf(found).split('\n'), textOf(before).split('\n')]
  const first = expected.findIndex((line, index) => line !== texts[index])
  expect(texts[first]).toBe(expected[first])
  expect(texts).toHaveLength(expected.length)
}

test.each(['v1-run', 'v1-world'])('%s leads to the recorded decisions', async (name) => {
  const { events, configs } = await readRecorded(name)
  const found = decisionsOf(events, configs)
  expectEqual(recorded(found), recorded(await decisionsIn(`${name}.decisions.jsonl`)))
  expectEqual(judged(found), await decisionsIn(`${name}.judged.jsonl`))
})
