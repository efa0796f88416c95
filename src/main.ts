// The action's entry point. It imports nothing but Node's own modules: V8's compile cache must be enabled before the rest loads.
import * as module from 'node:module'
import { join } from 'node:path'

const { RUNNER_TOOL_CACHE, RUNNER_TEMP } = process.env
const directory = RUNNER_TOOL_CACHE || RUNNER_TEMP
if (Number.parseInt(process.versions.node, 10) < 24) {
  console.error(`Autoresearch Action needs Node 24, and this is Node ${process.versions.node}`)
  console.error('→ Install Node 24 from nodejs.org. In a workflow, update the runner to 2.329 or newer.')
  process.exitCode = 1
} else {
  if (directory) module.enableCompileCache(join(directory, 'autoresearch-compile-cache'))
  await import('./action.ts')
}
