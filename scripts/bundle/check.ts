/** Fails when a package is in the bundle twice, or when the bundle has become too large: `npm run check:bundle`. */
import { bundledModules, copies } from './modules.ts'

/** Runners download it at the start of every job. */
const MAX_BYTES = 2_000_000

const { modules, bytes } = await bundledModules()
for (const [name, directories] of copies(modules)) {
  console.error(`${name} is bundled ${directories.length} times: ${directories.join(', ')}`)
  console.error('→ Run `npm ls` on it, and let its users share a version (`overrides` in package.json).')
  process.exitCode = 1
}
if (bytes > MAX_BYTES) {
  console.error(`The bundle has ${bytes} bytes, more than ${MAX_BYTES}`)
  console.error('→ Run `npm run bundle:sizes` to see what takes the room.')
  process.exitCode = 1
}
if (!process.exitCode) console.log(`The bundle has ${bytes} bytes; no package is in it twice`)
