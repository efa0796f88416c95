// The quick checks of the built action: run where candidates are trained, and nowhere else.
import { execaSync } from 'execa'
import { expect, it } from 'vitest'
import type { ScriptedConversation } from '../model/script.ts'
import { proposal, type Research, startResearch } from './research.ts'

const installed = execaSync('bwrap', ['--version'], { reject: false }).exitCode === 0
const sandboxed = it.skipIf(!installed && process.env.CI !== 'true')

const CONFIG = { checks: ['node --check train.mjs'], sandbox: 'bubblewrap' }

/** An edit, its checks, and its submission. */
function checked(): ScriptedConversation {
  const { answers } = proposal('Learn faster', 'LEARNING_RATE = 0.1', 'LEARNING_RATE = 0.4')
  return { answers: answers.toSpliced(1, 0, { toolCalls: [{ name: 'run_checks', arguments: {} }] }) }
}

/** What the tools answered in the whole conversation. */
function answers({ asked }: Research): string[] {
  const messages = asked.at(-1)?.messages ?? []
  return messages.flatMap((message) => (message.role === 'tool' ? [String(message.content)] : []))
}

sandboxed('run runs them in its sandbox', async () => {
  await using research = await startResearch([checked()], CONFIG)
  const job = await research.run({ command: 'run', candidates: '1' })
  expect(job.exitCode, job.log).toBe(0)
  expect(answers(research)).toEqual([
    'edited',
    expect.stringMatching(/^passed\n\$ node --check train\.mjs: exit code 0/),
  ])
})

it.concurrent('propose, which has a token that writes, offers none', async () => {
  await using research = await startResearch([checked()], CONFIG)
  const job = await research.run({ command: 'propose', candidates: '1' })
  expect(job.exitCode, job.log).toBe(0)
  expect(answers(research)).toEqual([
    'edited',
    expect.stringMatching(/^error: there is no tool "run_checks"/),
  ])
  const offered = research.asked.flatMap(({ tools = [] }) => tools.map((tool) => tool.function.name))
  expect(offered).not.toContain('run_checks')
})
