// The action's entry point. It imports nothing but Node's own modules: V8's compile cache must be enabled before the rest loads.
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

const { RUNNER_TOOL_CACHE, RUNNER_TEMP } = process.env
const directory = RUNNER_TOOL_CACHE || RUNNER_TEMP
if (directory) enableCompileCache(join(directory, 'autoresearch-compile-cache'))
await import('./action.ts')
