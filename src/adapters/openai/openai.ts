// The built-in agent as a proposer: one conversation per candidate with an OpenAI-compatible model, at the first endpoint
// that works.
import type { ProposerConfig } from '../../core/config/config.ts'
import { hostOf, type Secrets } from '../../core/config/secrets.ts'
import { withoutThoughts } from '../../core/propose/plain.ts'
import { addUsage, NO_USAGE, type Usage } from '../../core/record/candidate.ts'
import { visibleText } from '../../core/text/markdown.ts'
import type { NothingCause, ProposalRequest, ProposalResult, Proposer } from '../../ports/proposer.ts'
import { converse, type Ending } from './conversation.ts'
import { connect, type Endpoint, type EndpointSettings } from './endpoint.ts'

export type OpenAISettings = Omit<Extract<ProposerConfig, { kind: 'openai' }>, 'kind'> &
  Pick<EndpointSettings, 'timeoutSeconds' | 'maxRetries'>

const MAX_REASON_CHARACTERS = 300
/** Limit of an answer to a person's request. */
const MAX_ANSWER_CHARACTERS = 1000

/**
 * Creates a proposer that uses a model. A failing endpoint or model is a result of kind `nothing`, never an error.
 *
 * @param keys API keys by host; an endpoint only gets the key of its own host
 */
export function createOpenAIProposer(settings: OpenAISettings, keys: Secrets): Proposer {
  const { endpoints: configs, maxTurns, ...same } = settings
  const endpoints = configs.map((config) =>
    connect({ ...same, ...config, apiKey: keys.get(hostOf(config.baseUrl)) ?? '' }),
  )
  return {
    name: nameOf(configs[0]),
    propose: async (request) => {
      const result = await askInTurn(endpoints, request, maxTurns)
      if (result.kind === 'proposal') return result
      const reason = withoutKeys(result.reason, [...keys.values()])
      const maxCharacters = result.cause === 'cannot' ? MAX_ANSWER_CHARACTERS : MAX_REASON_CHARACTERS
      return { ...result, reason: visibleText(reason, maxCharacters) }
    },
    sumUp: async (prompt, signal) => {
      const { text, usage } = await askPlainly(endpoints, prompt, signal)
      return { text: withoutKeys(text, [...keys.values()]), usage }
    },
  }
}

function nameOf({ model }: { model: string }): string {
  return `openai ${model}`
}

/** Removes keys: reasons and insights are public, and endpoints may quote the key that they received. */
function withoutKeys(text: string, keys: readonly string[]): string {
  return keys.filter((key) => key !== '').reduce((rest, key) => rest.replaceAll(key, '***'), text)
}

/**
 * Restarts the conversation at the next endpoint when one fails, because another server may not accept messages that the
 * first one produced.
 */
async function askInTurn(
  endpoints: readonly Endpoint[],
  request: ProposalRequest,
  maxTurns: number,
): Promise<ProposalResult> {
  let usage = NO_USAGE
  const failures: string[] = []
  let exhausted = true
  let cause: NothingCause | undefined
  for (const endpoint of endpoints) {
    const ending = await converse(endpoint, { ...request, budget: left(request.budget, usage) }, maxTurns)
    usage = addUsage(usage, ending.usage)
    if (ending.kind === 'proposal')
      return { kind: 'proposal', proposal: ending.proposal, usage, author: nameOf(endpoint) }
    failures.push(failures.length > 0 ? `${endpoint.model}: ${ending.reason}` : ending.reason)
    exhausted &&= ending.kind === 'unreachable' && ending.permanent
    cause = causeOf(ending)
    if (ending.kind === 'nothing') break
  }
  return { kind: 'nothing', reason: failures.join('; then '), usage, exhausted, ...(cause && { cause }) }
}

function causeOf(ending: Exclude<Ending, { kind: 'proposal' }>): NothingCause | undefined {
  if (ending.kind === 'nothing') return ending.cannot && 'cannot'
  return ending.isAnswering ? undefined : 'unreachable'
}

function left({ tokens, dollars }: ProposalRequest['budget'], spent: Usage): ProposalRequest['budget'] {
  return { tokens: tokens - spent.inputTokens - spent.outputTokens, dollars: dollars - spent.dollars }
}

/** Sends one prompt without tools, and returns the answer of the first endpoint that gives one. */
async function askPlainly(
  endpoints: readonly Endpoint[],
  prompt: string,
  signal: AbortSignal,
): Promise<{ text: string; usage: Usage }> {
  const question = { messages: [{ role: 'user', content: prompt } as const], tools: [] }
  let usage = NO_USAGE
  for (const endpoint of endpoints) {
    const reply = await endpoint.ask(question, AbortSignal.any([signal]))
    if (signal.aborted) break
    if (reply.kind === 'failure') continue
    usage = addUsage(usage, reply.usage)
    const text = withoutThoughts(reply.content).trim()
    if (text !== '') return { text, usage }
  }
  return { text: '', usage }
}
