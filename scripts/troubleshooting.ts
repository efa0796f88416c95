/** Writes what the sources may tell people into `docs/troubleshooting.md`: `npx node scripts/troubleshooting.ts`. */
import { writeGeneratedParts } from './generated-parts.ts'
import { messageTable } from './messages/tables.ts'

await writeGeneratedParts(new URL('../docs/troubleshooting.md', import.meta.url), 'messages', messageTable)
