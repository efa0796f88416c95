// What the templates, action.yml and the code say about inputs and outputs is the same.
import { afterEach, describe, expect, it } from 'vitest'
import { type Inputs, readInputs } from '../../src/adapters/actions.ts'
import {
  action,
  actionSteps,
  commandOf,
  findStep,
  readRoot,
  readTemplate,
  TEMPLATES,
  usesAction,
} from './workflow.ts'

const environment = process.env
afterEach(() => {
  process.env = environment
})

/** Reads the inputs from these values alone; also says for which inputs it looked. */
function observe(values: Readonly<Record<string, string>>): { inputs: Inputs; asked: Set<string> } {
  const asked = new Set<string>()
  process.env = new Proxy(environment, {
    get(target, name) {
      const input = /^INPUT_(.+)$/.exec(String(name))?.[1]?.toLowerCase()
      if (input === undefined) return Reflect.get(target, name)
      asked.add(input)
      return values[input]
    },
  })
  return { inputs: readInputs(), asked }
}

describe('action.yml', () => {
  it('has exactly the inputs that are read', () => {
    expect([...observe({}).asked].sort()).toEqual(Object.keys(action.inputs).sort())
  })

  it('has the defaults that the code falls back to', () => {
    const defaults = Object.entries(action.inputs).map(([name, input]) => [name, input.default ?? ''])
    const given = Object.fromEntries(defaults.filter(([name]) => name !== 'token'))
    expect(observe(given).inputs).toEqual(observe({}).inputs)
  })
})

describe.each(TEMPLATES)('templates/%s', (name) => {
  const workflow = readTemplate(name)
  const text = readRoot(`templates/${name}`)

  it('gives only inputs that action.yml has', () => {
    const given = actionSteps(workflow).flatMap((step) => Object.keys(step.with ?? {}))
    expect(Object.keys(action.inputs)).toEqual(expect.arrayContaining(given))
  })

  it('uses only outputs that the command of that step has', () => {
    const used = [...text.matchAll(/steps\.([\w-]+)\.outputs\.([\w-]+)/g)]
    expect(used).not.toEqual([])
    for (const [, id, output = ''] of used) {
      const step = actionSteps(workflow).find((candidate) => candidate.id === id)
      const commands = action.outputs[output]?.description.split(':')[0]?.split(', ')
      expect(commands, `steps.${id}.outputs.${output}`).toContain(step && commandOf(step))
    }
  })

  it('puts no expression into a shell script', () => {
    for (const job of Object.values(workflow.jobs))
      for (const step of job.steps) expect(step.run ?? '').not.toContain('${{')
  })

  it('grants nothing outside of jobs, and gives the key only to jobs that ask a model', () => {
    expect(workflow.permissions).toEqual({})
    for (const step of actionSteps(workflow))
      expect('openai-api-key' in (step.with ?? {})).toBe(/^(run|propose|doctor)$/.test(commandOf(step)))
  })

  it('leaves no credentials behind in a checkout', () => {
    const steps = Object.values(workflow.jobs).flatMap((job) => job.steps)
    const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'))
    expect(checkouts).toHaveLength(Object.keys(workflow.jobs).length)
    for (const checkout of checkouts) expect(checkout.with).toMatchObject({ 'persist-credentials': false })
  })
})

describe.each(TEMPLATES)('what may happen to a run of templates/%s', (name) => {
  const workflow = readTemplate(name)
  const { request } = workflow.jobs

  it('F23 F96 a run with a hypothesis has a group of its own, and only writes it into the ledger', () => {
    const own = "inputs.hypothesis != '' && inputs.command == 'run'"
    expect(workflow.concurrency.group).toContain(
      `${own} && format('autoresearch-request-{0}', github.run_id)`,
    )
    expect(request?.if).toBe(own)
    expect(request?.steps.filter(usesAction).map(commandOf)).toEqual(['request'])
    const others = Object.entries(workflow.jobs).filter(([job]) => job !== 'request')
    for (const [, { steps }] of others)
      for (const step of steps.filter(usesAction)) expect(step.with).not.toHaveProperty('hypothesis')
    // Jobs that need another one are skipped with it.
    expect(others.filter(([, job]) => !job.needs).map(([, job]) => job.if)).not.toContain(undefined)
  })

  it('F96 that run starts another, with all other inputs', () => {
    const { run = '' } = findStep(request, (step) => step.run !== undefined)
    const passed = [...run.matchAll(/-f ([\w-]+)=/g)].map(([, input]) => input)
    const { inputs } = workflow.on.workflow_dispatch
    const others = Object.keys(inputs).filter((input) => !['command', 'hypothesis'].includes(input))
    expect(passed.toSorted()).toEqual(others.toSorted())
    expect(request?.permissions.actions).toBe('write')
  })

  it('F97 the upload of the report may fail', () => {
    const uploads = Object.values(workflow.jobs)
      .flatMap(({ steps }) => steps)
      .filter((step) => step.with?.name === 'report')
    expect(uploads.map((step) => step['continue-on-error'])).toEqual([true])
  })
})

describe('the train job of the swarm', () => {
  const { train } = readTemplate('swarm.yml').jobs

  it('has no token and no key, and may write nothing', () => {
    expect(train?.permissions).toEqual({ contents: 'read' })
    expect(train?.steps.find(({ id }) => id === 'train')?.with?.token).toBe('')
    expect(JSON.stringify(train)).not.toContain('secrets.')
  })

  it('checks out the candidate together with the commit it is built on', () => {
    const checkout = train?.steps.find(({ uses }) => uses?.startsWith('actions/checkout@'))
    expect(checkout?.with).toMatchObject({
      ref: expect.stringContaining('matrix.batch.head'),
      // All branches where candidates share the job.
      'fetch-depth': expect.stringContaining("matrix.batch.commits && '0' || '2'"),
    })
  })
})
