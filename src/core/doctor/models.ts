// Whether the models and agents of the configuration can be asked.
import type { CommandConfig } from '../config/config.ts'
import { pickVariables, type Secrets } from '../config/secrets.ts'
import { type Check, ok, problem } from './check.ts'

/** How an endpoint answered a request to call a tool. */
export type ModelAnswer =
  | { kind: 'tool-call' }
  /** It answered, but called no tool. */
  | { kind: 'text' }
  | { kind: 'failure'; reason: string }

export function checkModel(model: string, host: string, answer: ModelAnswer): Check {
  const place = { area: 'proposers', id: `model-${host}` } as const
  const name = `${model} at ${host}`
  switch (answer.kind) {
    case 'tool-call':
      return { ...place, ...ok(`${name} answers and calls tools`) }
    case 'text':
      return {
        ...place,
        ...ok(
          `${name} answers, but calls no tools: it will propose in plain text`,
          'A model that calls tools reads files and checks its edits before it submits them.',
        ),
      }
    case 'failure':
      return {
        ...place,
        ...problem(
          `${name} does not answer: ${answer.reason}`,
          'Fix `model` and `base-url` under `proposers`, or the key in the input `openai-api-key`.',
        ),
      }
  }
}

export function checkAgent({ name, secrets, hosts }: CommandConfig, given: Secrets): Check {
  const place = { area: 'proposers', id: `agent-${name}` } as const
  const picked = pickVariables(secrets, given)
  if (picked.kind === 'picked')
    return {
      ...place,
      ...ok(`agent ${name} has its secrets and may reach ${hosts.join(', ')}; it was not asked`),
    }
  return {
    ...place,
    ...problem(
      `agent ${name} lacks ${picked.names.join(', ')}`,
      `Add \`${picked.names[0]}=\${{ secrets.${picked.names[0]} }}\` to the input \`agent-environment\`.`,
    ),
  }
}
