// One bounded conversation with a model about one candidate. It edits files in memory only, so that a failed conversation
// leaves nothing behind.
import type { ChatCompletionMessageParam, ChatCompletionTool } from 'openai/resources'
import {
  agentTools,
  type ParsedToolCall,
  parseToolCall,
  type SubmitCall,
  type ToolName,
  toStatement,
} from '../../core/propose/agent.ts'
import { readCannot } from '../../core/propose/asked.ts'
import { type PlainAnswer, parsePlainAnswer, withoutThoughts } from '../../core/propose/plain.ts'
import { RepeatWatch } from '../../core/propose/repeats.ts'
import { applyEdit, changedFiles, openWorkspace, type Workspace } from '../../core/propose/workspace.ts'
import { addUsage, NO_USAGE, type Proposal, type Usage } from '../../core/record/candidate.ts'
import type { ProposalRequest } from '../../ports/proposer.ts'
import { CHARACTERS_PER_TOKEN, type Reply } from './answer.ts'
import type { Endpoint, Failure } from './endpoint.ts'
import { afterCut, correction, opening, reminder, shrink } from './messages.ts'
import type { Sizes } from './refusals.ts'
import { type Answer, callTool, type Failed, failed } from './tools.ts'

/**
 * How a conversation ended. `unreachable`: the endpoint failed, so another one may succeed. `isAnswering`: it answered before,
 * and rejects only how this conversation goes on.
 */
export type Ending = { usage: Usage } & (
  | { kind: 'proposal'; proposal: Proposal }
  /** `cannot`: the model answers that a person's request cannot be fulfilled. */
  | { kind: 'nothing'; reason: string; cannot?: true }
  | { kind: 'unreachable'; reason: string; permanent: boolean; isAnswering?: true }
)

/** Maximum calls in one reply, because every call can add a large part of a file to the conversation. */
const MAX_CALLS = 16
/** The system's message and the brief. */
const OPENING_MESSAGES = 2
const TOO_MANY_CALLS = failed(`at most ${MAX_CALLS} calls in one reply`)

export async function converse(
  endpoint: Endpoint,
  request: ProposalRequest,
  maxTurns: number,
): Promise<Ending> {
  return new Conversation(endpoint, request).run(maxTurns)
}

class Conversation {
  readonly #endpoint: Endpoint
  readonly #request: ProposalRequest
  readonly #offered: readonly ToolName[]
  readonly #tools: ChatCompletionTool[]
  readonly #repeats = new RepeatWatch()
  #messages: ChatCompletionMessageParam[]
  #workspace: Workspace
  #usage: Usage = NO_USAGE
  #edits = 0
  /** The last turn had a malformed call, an edit that could not be applied, or an unusable plain answer. */
  #stumbled = false
  /** The model has been reminded that it must call a tool. */
  #reminded = false
  #refused = false
  /** How often the messages were shortened. */
  #shrinks = 0
  /** The model was asked again after an answer that was cut off. */
  #cut = false
  #hasCalled = false
  /** The endpoint does not support tools. */
  #plain: boolean

  constructor(endpoint: Endpoint, request: ProposalRequest) {
    this.#endpoint = endpoint
    this.#request = request
    const tools = agentTools({ checks: request.check !== undefined })
    this.#offered = tools.map(({ name }) => name)
    this.#tools = tools.map((tool) => ({ type: 'function', function: { ...tool } }))
    this.#plain = !endpoint.takesTools
    this.#messages = opening(request.brief, this.#plain)
    this.#workspace = openWorkspace(request.files, request.editable, request.addable)
  }

  async run(maxTurns: number): Promise<Ending> {
    // A new signal, because the SDK never removes its listeners and the request's signal lives for the whole run.
    const signal = AbortSignal.any([this.#request.signal])
    for (let turn = 1; turn <= maxTurns; turn++) {
      const limit = this.#limitReached()
      if (limit) return this.#nothing(`stopped: ${limit}`)
      const question = { messages: this.#messages, tools: this.#plain ? [] : this.#tools }
      const reply = await this.#endpoint.ask(question, signal)
      if (reply.kind === 'reply') this.#usage = addUsage(this.#usage, reply.usage)
      if (signal.aborted) return this.#nothing('stopped')
      const ending = reply.kind === 'failure' ? this.#recover(reply) : await this.#takeTurn(reply)
      if (ending) return ending
    }
    return this.#nothing(`no submission within ${maxTurns} turns`)
  }

  #nothing(reason: string): Ending {
    return { kind: 'nothing', reason, usage: this.#usage }
  }

  #limitReached(): string | undefined {
    const { tokens, dollars } = this.#request.budget
    const { inputTokens, outputTokens, dollars: spent } = this.#usage
    if (inputTokens + outputTokens >= tokens) return 'the token limit of this candidate is reached'
    return spent > 0 && spent >= dollars ? 'the dollar limit of this candidate is reached' : undefined
  }

  /** Adapts the conversation to a failed request; returns undefined when the conversation goes on. */
  #recover({ refusal, reason, permanent, isRejected, sizes = {} }: Failure): Ending | undefined {
    if (refusal === 'no-tools' && !this.#hasCalled) {
      this.#plain = true
      this.#messages = opening(this.#request.brief, true)
      return undefined
    }
    if (refusal === 'too-long') return this.#shorten(sizes)
    // What the model wrote is in the messages by now, and may be what the endpoint rejects.
    if (isRejected && this.#hasAnswered)
      return { kind: 'unreachable', reason, permanent: false, isAnswering: true, usage: this.#usage }
    return { kind: 'unreachable', reason, permanent, usage: this.#usage }
  }

  get #hasAnswered(): boolean {
    return this.#messages.length > OPENING_MESSAGES
  }

  /** Shortens the messages: first as far as the sizes ask for, then as far as possible. */
  #shorten(sizes: Sizes): Ending | undefined {
    const before = this.#characters
    for (const share of [shareThatFits(sizes), 0].slice(this.#shrinks)) {
      this.#shrinks += 1
      this.#messages = this.#messages.map((message, index) => shrink(message, index, share))
      if (this.#characters < before) return undefined
    }
    if (this.#hasAnswered)
      return this.#nothing(`the conversation exceeds the model's context${inTokens(sizes.context)}`)
    const shortest = sizes.sent ?? Math.ceil(this.#characters / CHARACTERS_PER_TOKEN)
    const reason = `the model's context${inTokens(sizes.context)} is smaller than the shortest brief (${shortest} tokens): use a larger context or another model`
    return { kind: 'unreachable', reason, permanent: true, usage: this.#usage }
  }

  get #characters(): number {
    return JSON.stringify([this.#messages, this.#plain ? [] : this.#tools]).length
  }

  /** Acts on one reply; returns undefined when the conversation goes on. */
  async #takeTurn(reply: Reply): Promise<Ending | undefined> {
    // The calls in a truncated answer may look complete and still be only a part of what the model intended.
    if (reply.isCut && this.#cut) return this.#nothing('answer was cut off')
    if (reply.isCut) {
      this.#cut = true
      this.#messages.push(...afterCut())
      return undefined
    }
    if (reply.refusal !== '' || reply.finishReason === 'content_filter')
      return this.#nothing(`the model refused: ${reply.refusal || 'content filter'}`)
    if (reply.toolCalls.length === 0) return this.#readPlain(reply)
    this.#hasCalled = true
    const repeated = this.#repeats.see(reply.toolCalls, this.#edits)
    if (repeated)
      return this.#nothing(`the model repeats the same call: ${repeated.name} ${repeated.arguments}`)
    this.#messages.push(reply.message)
    return this.#callTools(reply)
  }

  async #callTools({ toolCalls }: Reply): Promise<Ending | undefined> {
    let hasFailed = false
    let stumble: string | undefined
    for (const [index, { id, name, arguments: text }] of toolCalls.entries()) {
      const parsed = parseToolCall(name, text, this.#offered)
      const answer = index < MAX_CALLS ? await this.#call(parsed, hasFailed) : TOO_MANY_CALLS
      const outcome = answer.kind === 'submit' ? this.#submit(answer.call) : answer
      if ('usage' in outcome) return outcome
      if (outcome.kind === 'failed') hasFailed = true
      if (outcome.kind === 'failed' && isStumble(parsed)) stumble ??= outcome.text
      this.#messages.push({ role: 'tool', tool_call_id: id, content: this.#tell(outcome) })
    }
    // The model has been told once; a second failure in a row is unlikely to be corrected.
    if (stumble !== undefined && this.#stumbled) return this.#nothing(`twice in a row, ${stumble}`)
    this.#stumbled = stumble !== undefined
    return undefined
  }

  /** @param hasFailed an earlier call in the same reply failed */
  async #call(parsed: ParsedToolCall, hasFailed: boolean): Promise<Answer> {
    if (parsed.kind === 'malformed') return failed(parsed.problem)
    if (parsed.call.tool === 'submit' && hasFailed)
      return failed('not submitted, because a call before it failed; correct that and submit again')
    return callTool(parsed.call, this.#workspace, this.#request)
  }

  #tell(outcome: Exclude<Answer, { kind: 'submit' }>): string {
    if (outcome.kind !== 'edited') return outcome.text
    this.#workspace = outcome.workspace
    this.#edits += 1
    return 'edited'
  }

  /** The ending, or the problem to report to the model. */
  #submit(call: SubmitCall): Ending | Failed {
    const files = changedFiles(this.#workspace)
    const problems =
      files.size === 0 ? ['no file differs from the baseline'] : this.#request.review({ files })
    if (problems.length === 0)
      return { kind: 'proposal', proposal: { ...toStatement(call), files }, usage: this.#usage }
    if (this.#refused) return this.#nothing(`refused twice: ${problems.join('; ')}`)
    this.#refused = true
    return failed(`this change is refused: ${problems.join('; ')}. You may correct it and submit once more.`)
  }

  /** Reads an answer without a tool call, which may contain a whole candidate in plain text. */
  #readPlain(reply: Reply): Ending | undefined {
    const said = reply.content.trim()
    if (said === '') return this.#nothing('empty answer')
    const cannot = this.#request.personRequest === undefined ? undefined : readCannot(withoutThoughts(said))
    if (cannot !== undefined) return { kind: 'nothing', reason: cannot, cannot: true, usage: this.#usage }
    const answer = parsePlainAnswer(said)
    if (answer.kind === 'malformed') return this.#correct(reply, answer.problem)
    if (answer.kind === 'candidate') {
      const outcome = this.#takePlain(answer)
      return 'usage' in outcome ? outcome : this.#correct(reply, outcome.text)
    }
    if (this.#reminded) return this.#nothing(`no tool call: ${said}`)
    this.#reminded = true
    this.#messages.push(reply.message, reminder(this.#plain))
    return undefined
  }

  /** Applies all edits of a plain answer or none, to the files as they are in the brief. */
  #takePlain({ edits, submit }: Extract<PlainAnswer, { kind: 'candidate' }>): Ending | Failed {
    let workspace = openWorkspace(this.#request.files, this.#request.editable, this.#request.addable)
    for (const edit of edits) {
      const result = applyEdit(workspace, edit)
      if (result.kind === 'refused') return failed(result.problem)
      workspace = result.workspace
    }
    this.#workspace = workspace
    // A model that ignores tools will ignore them in the next conversation too.
    if (!this.#hasCalled) this.#endpoint.takesTools = false
    return this.#submit(submit)
  }

  /** Tells the model once what is wrong with its plain answer. */
  #correct(reply: Reply, problem: string): Ending | undefined {
    if (this.#stumbled) return this.#nothing(`twice in a row, ${problem}`)
    this.#stumbled = true
    this.#messages.push(reply.message, correction(problem))
    return undefined
  }
}

/** Room that a shortened brief leaves for tools and the answer. */
const FILLED_SHARE = 0.75

/** The share of the brief that fits: half of it, or less by the sizes that the endpoint told. */
function shareThatFits({ context, sent }: Sizes): number {
  return context && sent ? Math.min(0.5, (FILLED_SHARE * context) / sent) : 0.5
}

function inTokens(tokens: number | undefined): string {
  return tokens === undefined ? ' (the endpoint does not tell its size)' : ` of ${tokens} tokens`
}

/** True for a malformed call or a failed edit. A failed look-up, such as a search without results, is not a mistake. */
function isStumble(parsed: ParsedToolCall): boolean {
  return parsed.kind === 'malformed' || parsed.call.tool === 'edit_file' || parsed.call.tool === 'write_file'
}
