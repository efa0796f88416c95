/** Writes `docs/ledger.schema.json`, and its tables into `docs/ledger.md`: `npx node scripts/ledger-schema.ts`. */
import { writeFile } from 'node:fs/promises'
import { writeGeneratedParts } from './generated-parts.ts'
import { lineJsonSchema } from './ledger-schema/lines.ts'
import { eventTables } from './ledger-schema/tables.ts'

const SCHEMA = new URL('../docs/ledger.schema.json', import.meta.url)
const DOCUMENT = new URL('../docs/ledger.md', import.meta.url)

const schema = lineJsonSchema()
await writeFile(SCHEMA, `${JSON.stringify(schema, null, 2)}\n`)

await writeGeneratedParts(DOCUMENT, 'events', () => eventTables(schema))
