// What the loopback model says: a script of conversations, played in order. Written by hand, never by a model.
import type { ChatMessage } from './validate.ts'

/** One conversation is one candidate: its answers are played turn by turn. */
export interface ScriptedConversation {
  /** Shown with the requests, to tell conversations apart. */
  label?: string
  answers: readonly (ScriptedAnswer | ((messages: readonly ChatMessage[]) => ScriptedAnswer))[]
}

export type ScriptedAnswer = ScriptedReply | ScriptedFault

export interface ScriptedReply {
  content?: string
  refusal?: string
  /** A string is sent as it is, to play a model that writes broken JSON. */
  toolCalls?: readonly { name: string; arguments: Record<string, unknown> | string }[]
  /** Waits before answering. */
  delayMs?: number
  finishReason?: 'stop' | 'tool_calls' | 'length' | 'content_filter' | 'error'
  /** Default: estimated from the lengths. `null`: the endpoint does not say. */
  usage?: {
    prompt_tokens: number
    completion_tokens: number
    prompt_tokens_details?: { cached_tokens: number }
  } | null
  /** Fields of the message that a server adds, or gets wrong. */
  message?: Record<string, unknown>
  /** Of a streamed answer only so many events are sent; a negative number leaves out so many at the end. */
  events?: number
}

export interface ScriptedFault {
  /** 200 with a `body` is an endpoint that answers something else than a completion. */
  status: number
  headers?: Record<string, string>
  /** A string is sent as it is; default an error object as OpenAI sends it. */
  body?: string | Record<string, unknown>
  /** Waits before answering. */
  delayMs?: number
  /** `connection`: closes it without an answer. `body`: sends headers and half a body, and then nothing more. */
  drop?: 'connection' | 'body'
}

export interface PlayedAnswer {
  answer: ScriptedAnswer
  /** 1-based number of the conversation, which its tool call ids carry. */
  conversation: number
  label: string
}

const NO_MORE_IDEAS: ScriptedReply = { content: 'I have no more ideas.' }

interface Playing {
  script: ScriptedConversation
  number: number
  /** Answers played, faults included. */
  played: number
  /** Answers that became part of the conversation. */
  turns: number
}

/** Finds out which conversation a request belongs to, and what comes next in it. */
export class ScriptPlayer {
  readonly #waiting: ScriptedConversation[]
  readonly #playing: Playing[] = []

  constructor(conversations: readonly ScriptedConversation[]) {
    this.#waiting = [...conversations]
  }

  /** Conversations that nobody has begun yet. */
  get left(): number {
    return this.#waiting.length
  }

  next(messages: readonly ChatMessage[]): PlayedAnswer {
    const playing = this.#find(messages) ?? this.#begin()
    const scripted = playing.script.answers[playing.played++] ?? NO_MORE_IDEAS
    const answer = typeof scripted === 'function' ? scripted(messages) : scripted
    if (!isFault(answer)) playing.turns += 1
    return { answer, conversation: playing.number, label: playing.script.label ?? `#${playing.number}` }
  }

  /** By the tool call ids in it, else the latest one with as many turns: a repeated request after a fault has none. */
  #find(messages: readonly ChatMessage[]): Playing | undefined {
    const said = messages.filter((message) => message.role === 'assistant')
    const id = said.flatMap((message) => message.tool_calls ?? []).at(-1)?.id
    const number = /^call_(\d+)_/.exec(id ?? '')?.[1]
    if (number !== undefined) return this.#playing[Number(number) - 1]
    return this.#playing.findLast(
      ({ turns, played, script }) => turns === said.length && (turns > 0 || played < script.answers.length),
    )
  }

  #begin(): Playing {
    const script = this.#waiting.shift() ?? { label: 'after the script', answers: [] }
    const playing = { script, number: this.#playing.length + 1, played: 0, turns: 0 }
    this.#playing.push(playing)
    return playing
  }
}

export function isFault(answer: ScriptedAnswer): answer is ScriptedFault {
  return 'status' in answer
}
