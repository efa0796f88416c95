// Which files `init` adds to a repository, and which it leaves alone because they exist.
import { type Layout, plainPaths } from './layout.ts'
import type { InitPlan } from './plan.ts'

export const WORKFLOW_PATH = '.github/workflows/autoresearch.yml'

export interface InitFiles {
  /** Text by path. */
  added: ReadonlyMap<string, string>
  /** What exists already, in words. */
  kept: readonly string[]
}

/** Never replaces a file: what a person wrote counts. */
export function filesOf(plan: InitPlan, layout: Layout, configPath: string, workflow: string): InitFiles {
  const added = new Map<string, string>()
  const kept: string[] = []
  if (layout.has(configPath))
    kept.push(
      `\`${configPath}\` exists: this configuration is kept as it is. To have a new one written, remove it first`,
    )
  else {
    added.set(configPath, plan.config)
    const { path, text } = plan.program
    if (layout.has(path)) kept.push(`\`${path}\` exists and is used for the directions`)
    else added.set(path, text)
  }
  const running = workflowOf(layout)
  if (running !== undefined) kept.push(`\`${running}\` exists and runs the action`)
  else if (layout.has(WORKFLOW_PATH)) kept.push(`\`${WORKFLOW_PATH}\` exists, but does not run the action`)
  else added.set(WORKFLOW_PATH, workflow)
  return { added, kept }
}

/** The workflow that runs this action already, other than one that only calls `init`. */
function workflowOf(layout: Layout): string | undefined {
  return plainPaths(layout, /^\.github\/workflows\/[^/]+\.ya?ml$/).find((path) =>
    /uses:\s*\S+\/autoresearch-action@/.test(layout.get(path) ?? ''),
  )
}
