/** Writes `docs/ledger.schema.json`, and its tables into `docs/ledger.md`: `npx node scripts/ledger-schema.ts`. */
import { readFile, writeFile } from 'node:fs/promises'
import { lineJsonSchema } from './ledger-schema/lines.ts'
import { eventTables } from './ledger-schema/tables.ts'

const SCHEMA = new URL('../docs/ledger.schema.json', import.meta.url)
const DOCUMENT = new URL('../docs/ledger.md', import.meta.url)
const GENERATED = /(<!-- events: .*-->\n)[\s\S]*?(<!-- end of events -->)/

const schema = lineJsonSchema()
await writeFile(SCHEMA, `${JSON.stringify(schema, null, 2)}\n`)

const text = await readFile(DOCUMENT, 'utf8')
if (!GENERATED.test(text))
  throw new Error(
    'docs/ledger.md has no "<!-- events: … -->" and "<!-- end of events -->". Put both where the tables belong.',
  )
await writeFile(
  DOCUMENT,
  text.replace(GENERATED, (_, start: string, end: string) => `${start}\n${eventTables(schema)}\n${end}`),
)
