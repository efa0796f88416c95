// One plain question to a model: what was learned so far.
import { expect, test } from 'vitest'
import { createOpenAIProposer } from '../../src/adapters/openai/openai.ts'
import { assignKeys } from '../../src/core/config/secrets.ts'
import type { ScriptedAnswer } from '../model/script.ts'
import { aProposer, KEY, models, start } from './openai-lab.ts'

const signal = new AbortController().signal

async function sumUp(...answers: ScriptedAnswer[]) {
  await start([{ answers }])
  return aProposer({ maxRetries: 0 }).sumUp?.('What was learned?', signal)
}

test('is called once without tools, and its cost is reported', async () => {
  const summed = await sumUp({
    content: '- Warmup helps (#12).',
    usage: { prompt_tokens: 90, completion_tokens: 7 },
  })
  expect(summed).toMatchObject({ text: '- Warmup helps (#12).', usage: { inputTokens: 90, outputTokens: 7 } })
  expect(models[0]?.requests).toHaveLength(1)
  expect(models[0]?.requests[0]?.messages).toEqual([{ role: 'user', content: 'What was learned?' }])
  expect(models[0]?.requests[0]).not.toHaveProperty('tools')
})

test('is answered without the thoughts of the model, and without a key that an endpoint quotes', async () => {
  const summed = await sumUp({ content: `<think>Hm.</think>\n- ${KEY} (#12)` })
  expect(summed?.text).toBe('- *** (#12)')
})

test('goes to the next endpoint when one fails', async () => {
  const { baseUrl } = await start([{ answers: [{ content: '- Warmup helps (#12).' }] }])
  const at = (url: string) => ({ model: 'gpt-x', baseUrl: url })
  const keys = assignKeys(KEY, new Map(), [baseUrl])
  const proposer = createOpenAIProposer(
    { endpoints: [at('http://127.0.0.1:1/v1'), at(baseUrl)], maxTurns: 8, maxRetries: 0 },
    keys,
  )
  expect(await proposer.sumUp?.('What was learned?', signal)).toMatchObject({ text: '- Warmup helps (#12).' })
})

test('F2 has no answer when nobody is there', async () => {
  const proposer = aProposer({ baseUrl: 'http://127.0.0.1:1/v1', maxRetries: 0 })
  expect(await proposer.sumUp?.('What was learned?', signal)).toMatchObject({
    text: '',
    usage: { inputTokens: 0 },
  })
})
