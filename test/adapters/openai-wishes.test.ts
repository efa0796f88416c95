// A person's request to a model: fulfilled, refused with a reason, or never delivered.
import { expect, test } from 'vitest'
import { aProposer, aRequest, calls, edit, propose, submit } from './openai-lab.ts'

const request = { personRequest: 'Use Muon' }

test('a fulfilled request is a candidate like any other', async () => {
  const result = await propose([calls(edit()), calls(submit)], { request })
  expect(result.kind).toBe('proposal')
})

test.each([
  ['at once', [{ content: 'CANNOT: there is no matrix in this model.' }]],
  [
    'after looking',
    [
      calls({ name: 'list_files', arguments: {} }),
      { content: '**CANNOT:** there is no matrix in this model.' },
    ],
  ],
  ['after thinking aloud', [{ content: '<think>Muon?</think>\nCANNOT: there is no matrix in this model.' }]],
])('a model that explains %s why it cannot be done is recorded', async (_, answers) => {
  expect(await propose(answers, { request })).toMatchObject({
    kind: 'nothing',
    cause: 'cannot',
    reason: 'there is no matrix in this model.',
  })
})

test('F8 a reason is not endless', async () => {
  const result = await propose([{ content: `CANNOT: ${'no '.repeat(5000)}` }], { request })
  expect(result.kind === 'nothing' && result.reason.length).toBeLessThanOrEqual(1001)
})

test('the same words have no meaning without a request', async () => {
  const content = 'CANNOT: I have no idea.'
  const result = await propose([{ content }, { content }])
  expect(result).toMatchObject({ kind: 'nothing', reason: expect.stringMatching(/^no tool call/) })
  expect(result).not.toHaveProperty('cause')
})

test('F2 an endpoint that is not there has not answered', async () => {
  const result = await aProposer({ baseUrl: 'http://127.0.0.1:1/v1', maxRetries: 0 }).propose(
    aRequest(request),
  )
  expect(result).toMatchObject({ kind: 'nothing', cause: 'unreachable' })
})
