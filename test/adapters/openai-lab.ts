// A proposer that asks the loopback model, and what its tests say to it.
import { expect, onTestFinished } from 'vitest'
import { createOpenAIProposer, type OpenAISettings } from '../../src/adapters/openai/openai.ts'
import type { EndpointConfig } from '../../src/core/config/config.ts'
import { assignKeys } from '../../src/core/config/secrets.ts'
import type { ProposalRequest, Proposer } from '../../src/ports/proposer.ts'
import { aProposalRequest } from '../factories.ts'
import type { ScriptedAnswer, ScriptedConversation, ScriptedReply } from '../model/script.ts'
import { type Model, type ModelOptions, startModel } from '../model/server.ts'

export const KEY = 'sk-test-1234567890abcdef'
export const FILES = new Map([
  ['train.py', 'lr = 1\nwd = 1\n'],
  ['eval.py', 'score()\n'],
])
export const SUBMIT = {
  title: 'Double the learning rate',
  hypothesis: 'The loss still falls at the end.',
  category: 'hyperparameter',
  expected_effect: '−0.01',
}

export const edit = (search = 'lr = 1', replace = 'lr = 2', path = 'train.py') => ({
  name: 'edit_file',
  arguments: { path, search, replace },
})
export const call = (name: string, args: Record<string, unknown> = {}) => ({ name, arguments: args })
export const submit = { name: 'submit', arguments: SUBMIT }
export const calls = (...toolCalls: NonNullable<ScriptedReply['toolCalls']>): ScriptedReply => ({ toolCalls })
/** The SDK waits this long instead of half a second and more. */
export const AT_ONCE = { 'retry-after-ms': '1' }

const running: Model[] = []
/** Those that the test started, the first one first. */
export const models: readonly Model[] = running

export async function start(
  conversations: readonly ScriptedConversation[],
  options: Partial<ModelOptions> = {},
): Promise<Model> {
  return untilTheEnd(await startModel({ apiKey: KEY, models: ['gpt-x'], ...options, conversations }))
}

/** Closes a model when the test is over. Whatever that is about, the client must have kept to the protocol. */
export function untilTheEnd(model: Model): Model {
  running.push(model)
  onTestFinished(async () => {
    running.splice(running.indexOf(model), 1)
    await model.close()
    expect(model.violations).toEqual([])
  })
  return model
}

export function aRequest(fields: Partial<ProposalRequest> = {}): ProposalRequest {
  return aProposalRequest({ files: FILES, ...fields })
}

export type Settings = Partial<Omit<OpenAISettings, 'endpoints'> & EndpointConfig & { apiKey: string }>

/** A proposer with one endpoint: the first model that was started. */
export function aProposer({
  model = 'gpt-x',
  baseUrl,
  price,
  apiKey = KEY,
  ...settings
}: Settings = {}): Proposer {
  const url = baseUrl ?? models[0]?.baseUrl ?? 'http://127.0.0.1:1/v1'
  const endpoint = { model, baseUrl: url, ...(price && { price }) }
  const keys = assignKeys(apiKey, new Map(), [url])
  return createOpenAIProposer({ endpoints: [endpoint], maxTurns: 8, maxRetries: 2, ...settings }, keys)
}

/** Plays one conversation and answers with what the proposer made of it. */
export async function propose(
  answers: readonly ScriptedAnswer[],
  {
    request,
    settings,
    options,
  }: { request?: Partial<ProposalRequest>; settings?: Settings; options?: Partial<ModelOptions> } = {},
) {
  await start([{ answers }], options)
  return aProposer(settings).propose(aRequest(request))
}

/** What the model was told in its last request, newest message last. */
export function told(): string[] {
  return (models[0]?.requests.at(-1)?.messages ?? []).map(({ content }) => String(content))
}
