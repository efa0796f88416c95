// Assembles a streamed answer, for servers that stream without a request to do so, or that only stream.

interface Delta {
  content?: unknown
  refusal?: unknown
  reasoning_content?: unknown
  tool_calls?: readonly CallPiece[] | null
}

interface CallPiece {
  index?: number
  id?: string | null
  function?: { name?: string | null; arguments?: unknown }
}

interface Chunk {
  error?: unknown
  choices?: readonly { delta?: Delta; finish_reason?: string | null }[]
  usage?: unknown
}

interface Call {
  id: string
  type: 'function'
  function: { name: string; arguments: string }
}

/**
 * @param body the body of a whole answer
 * @returns the streamed completion, or an object with its error; undefined when the body is not a stream. An interrupted
 *   stream gets the finish reason `length`.
 */
export function assembleStream(body: string): object | undefined {
  if (!/^\s*(:|data:|event:|id:)/.test(body)) return undefined
  const events = eventsOf(body)
  const chunks = events.flatMap(parseChunk)
  const failed = chunks.find(({ error }) => error)
  if (failed) return { error: failed.error }
  const choices = chunks.flatMap((chunk) => chunk.choices?.[0] ?? [])
  const deltas = choices.flatMap(({ delta }) => delta ?? [])
  const text = (field: 'content' | 'refusal' | 'reasoning_content') =>
    deltas.map((delta) => (typeof delta[field] === 'string' ? delta[field] : '')).join('')
  const calls = callsOf(deltas)
  // Kept even when empty, because DeepSeek requires the field beside every tool call.
  const thinks = deltas.some(({ reasoning_content }) => typeof reasoning_content === 'string')
  const finished = choices.findLast(({ finish_reason }) => finish_reason)?.finish_reason
  const usage = chunks.findLast((chunk) => chunk.usage)?.usage
  return {
    choices: [
      {
        finish_reason: finished ?? (events.includes('[DONE]') ? 'stop' : 'length'),
        message: {
          role: 'assistant',
          content: text('content'),
          refusal: text('refusal'),
          ...(thinks && { reasoning_content: text('reasoning_content') }),
          ...(calls.length > 0 && { tool_calls: calls }),
        },
      },
    ],
    ...(usage !== undefined && { usage }),
  }
}

/** The data of each event, which may span several lines. */
function eventsOf(body: string): string[] {
  return body.split(/\r?\n\r?\n/).flatMap((event) => {
    const lines = event.split(/\r?\n/).filter((line) => line.startsWith('data:'))
    return lines.length === 0 ? [] : [lines.map((line) => line.slice(5).trim()).join('\n')]
  })
}

/** Drops data that is not JSON: the last event of an interrupted stream may be incomplete. */
function parseChunk(data: string): Chunk[] {
  try {
    const value: unknown = JSON.parse(data)
    return typeof value === 'object' && value !== null ? [value] : []
  } catch {
    return []
  }
}

/** Joins the pieces of each call by its index: the name comes first, then the arguments in parts. */
function callsOf(deltas: readonly Delta[]): Call[] {
  const calls = new Map<number, Call>()
  const pieces = deltas.flatMap(({ tool_calls }) => tool_calls ?? [])
  for (const { index = calls.size, id, function: called, ...own } of pieces) {
    const call = calls.get(index) ?? { id: '', type: 'function', function: { name: '', arguments: '' } }
    const { name, arguments: text = '' } = called ?? {}
    call.function.name += name ?? ''
    call.function.arguments += typeof text === 'string' ? text : JSON.stringify(text)
    calls.set(index, { ...own, ...call, id: call.id || (id ?? '') })
  }
  return [...calls.entries()].toSorted(([a], [b]) => a - b).map(([, call]) => call)
}
