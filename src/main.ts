// The action's entry. V8's compile cache has to be on before the rest is loaded, so nothing else is imported here.
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

const { RUNNER_TOOL_CACHE, RUNNER_TEMP } = process.env
const directory = RUNNER_TOOL_CACHE || RUNNER_TEMP
if (directory) enableCompileCache(join(directory, 'autoresearch-compile-cache'))
await import('./action.ts')
