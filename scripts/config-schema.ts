/** Writes `docs/autoresearch.schema.json` from the configuration's zod schema: `npx node scripts/config-schema.ts`. */
import { writeFile } from 'node:fs/promises'
import { configJsonSchema } from '../src/core/config/schema.ts'

const TARGET = new URL('../docs/autoresearch.schema.json', import.meta.url)

await writeFile(TARGET, `${JSON.stringify(configJsonSchema(), null, 2)}\n`)
