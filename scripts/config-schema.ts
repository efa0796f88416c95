/** Writes `docs/autoresearch.schema.json`, and the tables into `docs/configuration.md`, from the configuration's zod schema. */
import { writeFile } from 'node:fs/promises'
import { configJsonSchema } from '../src/core/config/schema.ts'
import { fieldTable } from './config-reference/tables.ts'
import { writeGeneratedParts } from './generated-parts.ts'

const SCHEMA = new URL('../docs/autoresearch.schema.json', import.meta.url)
const DOCUMENT = new URL('../docs/configuration.md', import.meta.url)

await writeFile(SCHEMA, `${JSON.stringify(configJsonSchema(), null, 2)}\n`)
await writeGeneratedParts(DOCUMENT, 'fields', fieldTable)
