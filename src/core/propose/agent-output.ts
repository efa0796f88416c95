// Reads what coding agents print: the tokens they used, their last message, and their errors. Each format was captured from a
// real agent, see test/fixtures/agents. Lines in no known format are an agent's plain words.
import { addUsage, NO_USAGE, type Usage } from '../record/candidate.ts'
import { parseObject } from './agent.ts'

export interface AgentOutput {
  /** Undefined when the output tells no tokens. */
  usage: Usage | undefined
  /** The end of its words: its last message where the format marks it, otherwise the end of the output. */
  text: string
  /** The end of what may explain a failure: lines in no known format, and messages of errors. */
  errors: string
  /** What to quote to a person. */
  lastWords: string
}

type Fields = Record<string, unknown>

/** What one line tells. */
interface Told {
  /** Tokens to add, for formats that print them per request. */
  spent?: Usage
  /** Tokens so far, for formats that print totals. */
  total?: Usage
  text?: string
  /** The text continues the one before. */
  continues?: boolean
  error?: string
}

/** Longer lines are dropped: they quote files. */
const MAX_LINE_CHARACTERS = 1024 * 1024
const MAX_TEXT_CHARACTERS = 32_000

/** Reads an agent's output while it arrives. */
export class AgentOutputReader {
  #line = ''
  #isTooLong = false
  #spent: Usage | undefined
  #total: Usage | undefined
  #said = ''
  /** Lines in no known format. */
  #plain = ''
  #errors = ''

  push(text: string): void {
    const [first = '', ...others] = text.split('\n')
    this.#extend(first)
    for (const line of others) {
      this.#endLine()
      this.#extend(line)
    }
  }

  #extend(text: string): void {
    this.#isTooLong ||= this.#line.length + text.length > MAX_LINE_CHARACTERS
    this.#line = this.#isTooLong ? '' : this.#line + text
  }

  #endLine(): void {
    if (!this.#isTooLong) this.#read(this.#line)
    this.#line = ''
    this.#isTooLong = false
  }

  #read(line: string): void {
    const events = eventsIn(line)
    if (events.length === 0) this.#plain = endOf(`${this.#plain}${line}\n`)
    for (const told of events.length === 0 ? [readAider(line)] : events.map(readEvent)) this.#add(told)
  }

  #add({ spent, total, text, continues, error }: Told): void {
    if (spent) this.#spent = addUsage(this.#spent ?? NO_USAGE, spent)
    if (total) this.#total = total
    if (text?.trim()) this.#said = endOf(continues ? this.#said + text : text)
    if (error) this.#errors = endOf(`${this.#errors}${error}\n`)
  }

  /** What was read; the last line need not be complete. */
  end(): AgentOutput {
    if (this.#line !== '') this.#endLine()
    const text = (this.#said || this.#plain).toWellFormed()
    const errors = this.#errors.toWellFormed()
    return {
      usage: this.#total ?? this.#spent,
      text,
      errors: `${this.#plain.toWellFormed()}${errors}`,
      lastWords: errors || text,
    }
  }
}

function endOf(text: string): string {
  return text.slice(-MAX_TEXT_CHARACTERS)
}

function eventsIn(line: string): Fields[] {
  const start = line.trimStart()
  const event = parseObject(start)
  if (event) return [event]
  if (!start.startsWith('[{')) return []
  const list = parseObject(`{"list":${start}}`)?.list
  return listOf(list)
}

function readEvent(event: Fields): Told {
  return READERS.map((read) => read(event)).find((told) => told !== undefined) ?? {}
}

/** Claude Code (`--output-format json` or `stream-json`) and Qwen Code, which follows it: a line `result` with totals. */
function readClaude({ type, result, is_error, error, usage, total_cost_usd }: Fields): Told | undefined {
  if (type !== 'result' || is_error === undefined) return undefined
  const said = text(result) || text(fields(error).message)
  return {
    total: anthropicUsage(fields(usage), number(total_cost_usd)),
    ...(is_error ? { error: said } : { text: said }),
  }
}

/** Anthropic counts input apart from its cache. Qwen Code uses the same names, but as OpenAI counts: with the cache, and a total. */
function anthropicUsage(usage: Fields, dollars: number): Usage {
  const cached = number(usage.cache_read_input_tokens)
  const apart = usage.total_tokens === undefined ? cached + number(usage.cache_creation_input_tokens) : 0
  return usageOf(number(usage.input_tokens) + apart, cached, number(usage.output_tokens), dollars)
}

/** Codex (`exec --json`): totals of the thread so far at the end of each turn. */
function readCodex({ type, usage, item, error, message }: Fields): Told | undefined {
  if (type === 'item.completed') {
    const { type: kind, text: said, message: failure } = fields(item)
    return kind === 'agent_message' ? { text: text(said) } : kind === 'error' ? { error: text(failure) } : {}
  }
  if (type === 'turn.failed') return { error: text(fields(error).message) }
  if (type === 'error' && typeof message === 'string') return { error: message }
  if (type !== 'turn.completed') return undefined
  const { input_tokens, cached_input_tokens, output_tokens } = fields(usage)
  return { total: usageOf(number(input_tokens), number(cached_input_tokens), number(output_tokens)) }
}

/** OpenCode (`run --format json`): tokens and dollars of each step, input apart from its cache. */
function readOpenCode({ type, part, error }: Fields): Told | undefined {
  if (type === 'error' && error !== undefined) {
    const { name, data } = fields(error)
    return { error: text(fields(data).message) || text(name) }
  }
  if (part === undefined) return undefined
  const { text: said, tokens, cost } = fields(part)
  if (type === 'text') return { text: text(said) }
  if (type !== 'step_finish') return {}
  const { input, output, reasoning, cache } = fields(tokens)
  const { read, write } = fields(cache)
  const all = number(input) + number(read) + number(write)
  return { spent: usageOf(all, number(read), number(output) + number(reasoning), number(cost)) }
}

/** Copilot CLI (`--usage-output-file`, printed on one line): totals per model. It bills credits, so no dollars are known. */
function readCopilot({ modelMetrics, type, data }: Fields): Told | undefined {
  if (type === 'assistant.message') return { text: text(fields(data).content) }
  if (type === 'session.error') return { error: text(fields(data).message) }
  if (modelMetrics === undefined) return undefined
  const used = Object.values(fields(modelMetrics)).map((model) => fields(fields(model).usage))
  return {
    total: used
      .map((usage) =>
        usageOf(number(usage.inputTokens), number(usage.cacheReadTokens), number(usage.outputTokens)),
      )
      .reduce(addUsage, NO_USAGE),
  }
}

/** pi (`--mode json`): tokens and dollars of each message of the model, input apart from its cache. */
function readPi({ type, message }: Fields): Told | undefined {
  if (type !== 'message_end') return undefined
  const { role, content, usage, errorMessage } = fields(message)
  if (role !== 'assistant') return {}
  const { input, output, cacheRead, cacheWrite, cost } = fields(usage)
  const all = number(input) + number(cacheRead) + number(cacheWrite)
  return {
    spent: usageOf(all, number(cacheRead), number(output), number(fields(cost).total)),
    text: listOf(content)
      .map((part) => text(part.text))
      .join(''),
    error: text(errorMessage),
  }
}

/** Gemini CLI: `--output-format stream-json` ends with totals; `json` has them per model, and may span lines. */
function readGemini({ type, role, content, stats, error, message, status }: Fields): Told | undefined {
  if (type === 'message') return role === 'assistant' ? { text: text(content), continues: true } : {}
  if (type === 'error') return { error: text(message) }
  if (type !== 'result' || stats === undefined) return undefined
  const { input_tokens, cached, output_tokens } = fields(stats)
  return {
    total: usageOf(number(input_tokens), number(cached), number(output_tokens)),
    ...(status === 'error' && { error: text(fields(error).message) }),
  }
}

const READERS = [readClaude, readCodex, readOpenCode, readCopilot, readPi, readGemini]

/** aider: `Tokens: 3.1k sent, 1.2k cache hit, 200 received. Cost: $0.01 message, $0.02 session.` after each message. */
function readAider(line: string): Told {
  const [, sent, rest = '', received] =
    /^Tokens: ([\d.,]+[kM]?) sent,(.*?) ([\d.,]+[kM]?) received/.exec(line) ?? []
  if (sent === undefined || received === undefined) return {}
  const [, hit = '0'] = /([\d.,]+[kM]?) cache hit/.exec(rest) ?? []
  const [, dollars = '0'] = /Cost: \$([\d.]+) message/.exec(line) ?? []
  return { spent: usageOf(count(sent), count(hit), count(received), Number(dollars)) }
}

/** `3.1k` as 3100. */
function count(words: string): number {
  const unit = words.endsWith('k') ? 1000 : words.endsWith('M') ? 1_000_000 : 1
  return number(Math.round(Number.parseFloat(words.replaceAll(',', '')) * unit))
}

function usageOf(inputTokens: number, cachedTokens: number, outputTokens: number, dollars = 0): Usage {
  const [input, cached, output] = [inputTokens, cachedTokens, outputTokens].map(Math.round) as [
    number,
    number,
    number,
  ]
  return {
    inputTokens: input,
    ...(cached > 0 && { cachedTokens: cached }),
    outputTokens: output,
    dollars: number(dollars),
  }
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}

function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map(fields) : []
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** An agent is not trusted: what is no plausible count is 0. */
function number(value: unknown): number {
  return typeof value === 'number' && value >= 0 && value < 1e12 ? value : 0
}
