// How `doctor` asks a model whether it answers and calls tools, on the loopback model.
import { expect, it } from 'vitest'
import { askOnce } from '../../src/adapters/openai/ask-once.ts'
import { call, calls, KEY, start } from './openai-lab.ts'

const signal = new AbortController().signal

it('recognises a model that calls tools', async () => {
  const { baseUrl } = await start([{ label: 'doctor', answers: [calls(call('ready'))] }])
  expect(await askOnce({ model: 'gpt-x', baseUrl }, KEY, signal)).toEqual({ kind: 'tool-call' })
})

it('recognises a model that only talks', async () => {
  const { baseUrl } = await start([{ label: 'doctor', answers: [{ content: 'Ready.' }] }])
  expect(await askOnce({ model: 'gpt-x', baseUrl }, KEY, signal)).toEqual({ kind: 'text' })
})

it('says why a model does not answer', async () => {
  const { baseUrl } = await start([])
  expect(await askOnce({ model: 'gpt-x', baseUrl }, 'sk-wrong', signal)).toMatchObject({
    kind: 'failure',
    reason: expect.stringContaining('401'),
  })
})
