// Asks an endpoint once to call a tool, for `doctor`.
import type { EndpointConfig } from '../../core/config/config.ts'
import type { ModelAnswer } from '../../core/doctor/models.ts'
import { connect } from './endpoint.ts'

const TOOL = {
  type: 'function',
  function: {
    name: 'ready',
    description: 'Say that you can call tools.',
    parameters: { type: 'object', properties: {} },
  },
} as const
const QUESTION = { role: 'user', content: 'Call the tool `ready` now, and say nothing else.' } as const
const TIMEOUT_SECONDS = 90

export async function askOnce(
  endpoint: EndpointConfig,
  apiKey: string,
  signal: AbortSignal,
): Promise<ModelAnswer> {
  const settings = { ...endpoint, apiKey, timeoutSeconds: TIMEOUT_SECONDS, maxRetries: 1 }
  const connection = connect(settings)
  const answer = await connection.ask({ messages: [QUESTION], tools: [TOOL] }, signal)
  if (answer.kind === 'reply') return { kind: answer.toolCalls.length > 0 ? 'tool-call' : 'text' }
  if (connection.takesTools) return { kind: 'failure', reason: answer.reason }
  const plain = await connection.ask({ messages: [QUESTION], tools: [] }, signal)
  return plain.kind === 'reply' ? { kind: 'text' } : { kind: 'failure', reason: plain.reason }
}
