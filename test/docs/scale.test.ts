// What people copy out of docs/scale.md can be read by the programs that it is for.
import { readFileSync } from 'node:fs'
import { execa } from 'execa'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'

const text = readFileSync(new URL('../../docs/scale.md', import.meta.url), 'utf8')

function blocks(language: string): string[] {
  return [...text.matchAll(/^```(\w+)\n(.*?)^```/gms)].flatMap(([, name, block = '']) =>
    name === language ? [block] : [],
  )
}

interface Values {
  scaleSetLabels: string[]
  template: {
    spec: {
      hostUsers: boolean
      containers: { name: string; securityContext: Record<string, unknown> }[]
    }
  }
}

describe('the values file of a scale set', () => {
  const values = blocks('yaml').map((block) => parse(block))[0] as Values

  it('has the labels that the templates name', () => {
    for (const template of ['solo.yml', 'swarm.yml']) {
      const { jobs } = parse(readFileSync(new URL(`../../templates/${template}`, import.meta.url), 'utf8'))
      const wanted = Object.values<{ 'runs-on': string | string[] }>(jobs).map((job) => job['runs-on'])
      for (const labels of wanted.filter((one) => Array.isArray(one)))
        expect(values.scaleSetLabels).toEqual(expect.arrayContaining(labels))
    }
  })

  it('gives the sandbox what docs/requirements.md asks for', () => {
    const { hostUsers, containers } = values.template.spec
    expect(hostUsers).toBe(false)
    const [runner] = containers
    expect(runner?.name).toBe('runner')
    expect(runner?.securityContext).toMatchObject({
      procMount: 'Unmasked',
      seccompProfile: { type: 'Unconfined' },
    })
  })
})

it.each(blocks('yaml').map((block) => [block.split('\n')[0], block]))(
  'YAML that begins with %s',
  (_, block) => {
    expect(parse(block ?? '')).toBeTypeOf('object')
  },
)

it.each(blocks('sh').map((block) => [block.split('\n')[1], block]))(
  'the script with %s',
  async (_, block) => {
    const checked = await execa('bash', ['-n'], { input: block ?? '', reject: false })
    expect(checked).toMatchObject({ exitCode: 0, stderr: '' })
  },
)

it('names commits in full', () => {
  const commits = [...text.matchAll(/actions\/[\w-]+-artifact@(\w+)/g)].map(([, commit]) => commit)
  expect(commits).toHaveLength(2)
  for (const commit of commits) expect(commit).toMatch(/^[0-9a-f]{40}$/)
})
