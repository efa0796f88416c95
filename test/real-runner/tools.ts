// Where the programs of these tests are: act, gh and the actions that the templates use, at the commits that they name.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readTemplate, usesAction } from '../templates/workflow.ts'

/** Filled by `node test/real-runner/install.ts`. */
export const FOLDER =
  process.env.RUNNER_TOOLS ??
  fileURLToPath(new URL('../../node_modules/.cache/autoresearch-runner', import.meta.url))

export interface Tools {
  act: string
  gh: string
  /** Folders of the actions of others, by `owner/name`. */
  actions: ReadonlyMap<string, string>
}

export interface UsedAction {
  /** `owner/name`. */
  name: string
  ref: string
  /** True for the action of this project. */
  isOurs: boolean
}

/** Every action that a template uses, each once. */
export function usedActions(template: string): UsedAction[] {
  const steps = Object.values(readTemplate(template).jobs).flatMap((job) => job.steps)
  const used = steps.flatMap((step) => {
    const [name = '', ref = ''] = step.uses?.split('@') ?? []
    return name === '' ? [] : [[step.uses, { name, ref, isOurs: usesAction(step) }] as const]
  })
  return [...new Map(used).values()]
}

/** Undefined when any of them is missing. */
export function findTools(template: string): Tools | undefined {
  const others = usedActions(template).filter(({ isOurs }) => !isOurs)
  const actions = new Map(others.map(({ name }) => [name, join(FOLDER, name)]))
  const program = (name: string) => join(FOLDER, 'python/bin', name)
  const tools = { act: program('act'), gh: program('gh'), actions }
  const isComplete = [tools.act, tools.gh, ...actions.values()].every((path) => existsSync(path))
  return isComplete ? tools : undefined
}
