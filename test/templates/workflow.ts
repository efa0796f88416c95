// Workflow templates as tests read them: their steps, and `with:` and `env:` as GitHub would hand them to a step.
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'

const ACTION = 'autoresearch-action/autoresearch-action'

export interface Step {
  id?: string
  name?: string
  if?: string
  'continue-on-error'?: boolean
  uses?: string
  run?: string
  with?: Record<string, string | number | boolean>
  env?: Record<string, string>
}

export interface Job {
  if?: string
  needs?: string | string[]
  permissions: Record<string, 'read' | 'write'>
  steps: Step[]
  outputs?: Record<string, string>
}

export interface Workflow {
  on: { workflow_dispatch: { inputs: Record<string, { default?: string }> } }
  permissions: Record<string, string>
  concurrency: { group: string }
  jobs: Record<string, Job>
}

export interface ActionFile {
  inputs: Record<string, { default?: string }>
  outputs: Record<string, { description: string }>
}

export const TEMPLATES = ['solo.yml', 'swarm.yml'] as const

/** @param path from the root of this repository */
export function readRoot(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
}

export const readTemplate = (name: string): Workflow => parse(readRoot(`templates/${name}`))
export const action: ActionFile = parse(readRoot('action.yml'))

/** Steps that use this project's action. */
export function actionSteps(workflow: Workflow): Step[] {
  return Object.values(workflow.jobs).flatMap((job) => job.steps.filter(usesAction))
}

export const usesAction = ({ uses }: Step): boolean => uses?.startsWith(`${ACTION}@`) ?? false

/** The command of a step that uses the action; of one that a person chooses, the first that the step is for. */
export function commandOf({ with: inputs }: Step): string {
  const command = String(inputs?.command)
  if (!command.startsWith('${{')) return command
  return command.includes("'run'") ? 'run' : 'doctor'
}

export function findStep(job: Job | undefined, matches: (step: Step) => boolean): Step {
  const step = job?.steps.find(matches)
  if (step === undefined) throw new Error('the template has no such step')
  return step
}

/** Puts values in the place of `${{ }}`; an expression that is not among them is an error. */
export function fill(
  texts: Readonly<Record<string, string | number | boolean>> | undefined,
  values: Readonly<Record<string, string>>,
): Record<string, string> {
  const value = (expression: string): string => {
    const known = values[expression]
    if (known === undefined) throw new Error(`no value for \${{ ${expression} }}`)
    return known
  }
  return Object.fromEntries(
    Object.entries(texts ?? {}).map(([name, text]) => [
      name,
      String(text).replaceAll(/\$\{\{ *(.+?) *\}\}/g, (_, expression: string) => value(expression)),
    ]),
  )
}
