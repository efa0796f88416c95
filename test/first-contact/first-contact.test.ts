// Repositories of the kinds that people bring, each from the copied workflow to the first judged pull request. A person only
// merges the onboarding pull request.
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { meet } from './lab.ts'

const filesOf = (name: string) => fileURLToPath(new URL(`../fixtures/first-contact/${name}`, import.meta.url))

it.concurrent.each([
  ['autoresearch', 'karpathy/autoresearch', 'autoresearch'],
  ['llm.c', 'karpathy/llm.c', 'llm.c'],
  ['hugging-face', 'a script that uses the Trainer of Hugging Face transformers', null],
  ['bundle', 'a web package that esbuild bundles', null],
])('%s: the onboarding pull request is all that a person touches', async (name, recognised, recipe) => {
  const { init, doctor, checks } = await meet({ files: filesOf(name) })
  expect(init).toMatchObject({ recognised, recipe, missing: [] })
  expect(doctor.checks.filter(({ state }) => state === 'problem')).toEqual([])
  expect(checks).toHaveLength(1)
  expect(['success', 'failure', 'neutral']).toContain(checks[0]?.conclusion)
})
