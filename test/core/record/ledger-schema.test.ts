// Real ledgers hold what docs/ledger.schema.json and docs/ledger.md say they hold.
import { readFile } from 'node:fs/promises'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { eventSchema } from '../../../scripts/ledger-schema/events.ts'
import { lineJsonSchema } from '../../../scripts/ledger-schema/lines.ts'
import { eventTables } from '../../../scripts/ledger-schema/tables.ts'
import type { LedgerEvent } from '../../../src/core/record/events.ts'
import { LEDGER_START, writeLines } from '../../../src/core/record/ledger.ts'
import type { Trial } from '../../../src/core/record/trial.ts'
import { aTrialResult } from '../../factories.ts'
import { aWorld, round } from '../../fakes/swarm.ts'
import { readRecorded } from '../../fixtures/ledgers/decisions.ts'

const NOON = new Date('2026-01-02T12:00:00Z')
const ajv = new Ajv2020()
formats.default(ajv)
const isLine = ajv.compile(lineJsonSchema())

/** What is wrong with events, by their kind. */
function problemsOf(events: readonly LedgerEvent[]): string[] {
  return events.flatMap((event) => {
    const { error } = eventSchema.safeParse(event)
    return error ? [`${event.kind}: ${z.prettifyError(error)}`] : []
  })
}

/** The lines that are none by the JSON schema. */
function wrongLines(text: string): string[] {
  return text
    .trimEnd()
    .split('\n')
    .filter((line) => !isLine(JSON.parse(line)))
}

/** Two rounds of a swarm; in the first, the trials of one candidate are lost. */
async function twoRounds() {
  const { world, candidates } = aWorld(-0.5, 0.5)
  const train = (trial: Trial) => world.trainer.run(trial)
  await round(world, '1', async (trial) => (trial.candidate === candidates[0].id ? undefined : train(trial)))
  await round(world, '2', train)
  return world
}

describe('the schema of events', () => {
  test.each(['v1-run', 'v1-world'])('describes every migrated event of %s', async (name) => {
    const { events } = await readRecorded(name)
    expect(events.length).toBeGreaterThan(400)
    expect(problemsOf(events)).toEqual([])
  })

  test('describes what jobs write', async () => {
    const { events } = (await twoRounds()).ledger
    const kinds = new Set(events.map(({ kind }) => kind))
    expect([...kinds]).toEqual(
      expect.arrayContaining(['assigned', 'trial', 'lost', 'opened', 'judged', 'ended']),
    )
    expect(problemsOf(events)).toEqual([])
  })

  test('refuses an unknown field', () => {
    expect(problemsOf([{ kind: 'certify', to: aTrialResult().trial.head, why: '' } as LedgerEvent])).toEqual([
      expect.stringContaining('Unrecognized key: "why"'),
    ])
  })
})

describe('the JSON schema of lines', () => {
  test('describes the lines that jobs write', async () => {
    expect(wrongLines((await twoRounds()).ledger.text)).toEqual([])
  })

  test.each([
    ['in its line', undefined],
    ['in a file of curves', 3],
  ])('describes the line of a trial whose curve is %s', (_, file) => {
    const result = { ...aTrialResult({ value: 2.25 }), curve: [{ step: 1, value: 3.5 }] }
    expect(wrongLines(writeLines([{ kind: 'trial', result }], LEDGER_START, NOON, file).lines)).toEqual([])
  })

  test('refuses a line without its hash', () => {
    const { lines } = writeLines([{ kind: 'format', format: 2 }], LEDGER_START, NOON)
    expect(wrongLines(lines)).toEqual([])
    expect(wrongLines(lines.replace(/,"hash":"\w+"/, ''))).toHaveLength(1)
  })
})

describe('docs/ledger.md', () => {
  test('holds the tables of the schema', async () => {
    const text = await readFile(new URL('../../../docs/ledger.md', import.meta.url), 'utf8')
    expect(text).toContain(eventTables(lineJsonSchema()))
  })

  test('tells the meaning of every field and event', () => {
    const rows = eventTables(lineJsonSchema()).split('\n')
    expect(rows.filter((row) => row.includes('undefined') || row.endsWith('|  |'))).toEqual([])
  })
})
