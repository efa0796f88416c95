// The workflow that `init` writes: the template, adapted without anything from the repository.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { filesOf, WORKFLOW_PATH } from '../../../src/core/init/files.ts'
import { planInit } from '../../../src/core/init/init.ts'
import { renderWorkflow } from '../../../src/core/init/workflow.ts'
import { aLayout, GENERAL, KNOWN, RECIPES } from './layouts.ts'

const TEMPLATE = readFileSync(new URL('../../../templates/solo.yml', import.meta.url), 'utf8')
const CONFIG = '.github/autoresearch.yml'
const GPU = { machine: 'gpu', config: 'train: python train.py\n' } as const

describe('the workflow', () => {
  it('is the template when the action is not known', () => {
    expect(renderWorkflow(TEMPLATE, GPU, undefined)).toBe(TEMPLATE)
  })

  it('uses the action that init runs as, and no longer asks to replace it', () => {
    const text = renderWorkflow(TEMPLATE, GPU, { repository: 'acme/fork', ref: '1a2b3c4' })
    expect(text).toContain('uses: acme/fork@1a2b3c4\n')
    expect(text).not.toMatch(/Replace v1|no tag v1|autoresearch-action\/autoresearch-action/)
  })

  it.each([
    { repository: 'acme/fork', ref: '${'.concat('{ secrets.X }}') },
    { repository: 'acme/fork\n    run: id', ref: 'v1' },
  ])('keeps out what is no plain reference: $ref', (action) => {
    expect(renderWorkflow(TEMPLATE, GPU, action)).toBe(TEMPLATE)
  })

  it.each([
    ['train: python train.py\n', '1'],
    ['train: torchrun --nproc_per_node=8 train.py\n', 'all'],
    ['train: >-\n  python -m torch.distributed.run --standalone train.py\n', 'all'],
    ['train: accelerate launch train.py\n', 'all'],
    ['# With eight GPUs: `torchrun train.py`.\ntrain: python train.py\n', '1'],
  ])('gives a trial every device when a launcher starts a process on each: %j', (config, devices) => {
    expect(renderWorkflow(TEMPLATE, { ...GPU, config }, undefined)).toContain(
      `devices-per-trial: ${devices}\n`,
    )
  })

  it('asks for no runner with the label gpu where there is none', () => {
    const text = renderWorkflow(TEMPLATE, { ...GPU, machine: 'processor' }, undefined)
    expect(text).toBe(TEMPLATE.replace('[self-hosted, gpu]', 'self-hosted'))
    expect(text).not.toBe(TEMPLATE)
  })

  it('installs the sandbox on a machine of GitHub', () => {
    const text = renderWorkflow(TEMPLATE, { ...GPU, machine: 'hosted' }, undefined)
    expect(text).toContain('runs-on: ubuntu-latest')
    expect(text).toContain('apt-get install -y bubblewrap')
  })
})

describe('the files', () => {
  const filesFor = (files: Readonly<Record<string, string>>) => {
    const layout = aLayout(files)
    return filesOf(planInit(layout, RECIPES), layout, CONFIG, TEMPLATE)
  }

  it('are three in a repository that has none of them', () => {
    expect([...filesFor(GENERAL.script).added.keys()]).toEqual([CONFIG, 'program.md', WORKFLOW_PATH])
  })

  it('leave a configuration and its directions as they are', () => {
    const { added, kept } = filesFor({ ...GENERAL.script, [CONFIG]: 'editable: [x.py]' })
    expect([...added.keys()]).toEqual([WORKFLOW_PATH])
    expect(kept.join()).toContain(`\`${CONFIG}\` exists`)
  })

  it('leave a workflow that runs the action already, under any name', () => {
    const workflow = '      - uses: acme/autoresearch-action@v1\n'
    const { added, kept } = filesFor({ ...GENERAL.script, '.github/workflows/nightly.yml': workflow })
    expect([...added.keys()]).toEqual([CONFIG, 'program.md'])
    expect(kept.join()).toContain('nightly.yml')
  })

  it("put a recipe's directions beside a program.md that is written for something else", () => {
    const { added } = filesFor(KNOWN.autoresearch ?? {})
    expect([...added.keys()]).toEqual([CONFIG, '.github/autoresearch-program.md', WORKFLOW_PATH])
  })
})
