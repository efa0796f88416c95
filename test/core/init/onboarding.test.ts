// What the onboarding pull request says, and that text of the repository is inert in it.
import { expect, it } from 'vitest'
import { filesOf } from '../../../src/core/init/files.ts'
import { planInit } from '../../../src/core/init/init.ts'
import { describeInit, initJson, renderOnboarding } from '../../../src/core/init/onboarding.ts'
import { aLayout, GENERAL, RECIPES } from './layouts.ts'

function onboardingOf(files: Readonly<Record<string, string>>, workflowByHand = false) {
  const layout = aLayout(files)
  const plan = planInit(layout, RECIPES)
  return {
    plan,
    files: filesOf(plan, layout, '.github/autoresearch.yml', 'name: Autoresearch\n'),
    repositoryUrl: 'https://github.example/acme/lab',
    commit: 'c0ffee',
    defaultBranch: 'main',
    workflowByHand,
  }
}

it('shows each finding with a link to its line', () => {
  const body = renderOnboarding(onboardingOf(GENERAL.script))
  expect(body).toContain('[train.py:7](https://github.example/acme/lab/blob/c0ffee/train.py#L7)')
})

it('begins with what has to be filled in', () => {
  const body = renderOnboarding(onboardingOf({ 'train.py': 'loss.backward()\n' }))
  expect(body.indexOf('### Fill in first')).toBeLessThan(body.indexOf('### What was found'))
  const { plan, files } = onboardingOf({ 'train.py': 'loss.backward()\n' })
  expect(describeInit(plan, files, 'doctor')).toMatch(/^Fill in first:\n {2}No printed metric was found/)
})

it('shows the workflow when a person has to add it', () => {
  expect(renderOnboarding(onboardingOf(GENERAL.script, true))).toContain('```yaml\nname: Autoresearch')
  expect(renderOnboarding(onboardingOf(GENERAL.script))).not.toContain('```yaml')
})

it('makes lines of the repository inert', () => {
  const train = 'loss.backward()\nprint(f"val_loss: {x}") # @everyone fixes #1 <img src=x> | x\n'
  const body = renderOnboarding(onboardingOf({ 'train.py': train }))
  expect(body).not.toMatch(/@everyone|#1\b|<img/)
})

it('is JSON with the texts of the files', () => {
  const { plan, files } = onboardingOf(GENERAL.script)
  expect(initJson(plan, files, 'git add')).toMatchObject({
    recognised: 'a training script in Python',
    recipe: null,
    missing: [],
    findings: expect.arrayContaining([expect.objectContaining({ path: 'train.py', line: 5 })]),
    files: { '.github/autoresearch.yml': plan.config },
    next: 'git add',
  })
})
