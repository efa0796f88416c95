// `fetch` for endpoints we do not control: bounded in bytes, and in how long it may tell the OpenAI SDK to wait. Whatever
// shape an answer has, it leaves here as one JSON body with an honest status.
import { understand } from './refusals.ts'
import { assembleStream } from './stream.ts'

const MAX_ANSWER_BYTES = 4 * 1024 * 1024
const MAX_RETRY_AFTER_SECONDS = 60

/**
 * Reads the whole body here, because the SDK's own timeout and retries end with the headers. Also refuses to wait
 * longer than a minute: the SDK would sleep as long as it is told. And a key goes nowhere but where it was sent, so that
 * a redirection is an error.
 */
export async function boundedFetch(url: string | URL | Request, init?: RequestInit): Promise<Response> {
  const response = await fetch(url, { ...init, redirect: 'manual' })
  if (response.status >= 300 && response.status < 400)
    return failed(400, `the endpoint has moved: write ${response.headers.get('location')} as base-url`)
  const body = await readBody(response)
  if (body === undefined)
    return failed(502, `the answer is larger than ${MAX_ANSWER_BYTES / 1024 / 1024} MiB`)
  return settle(response, body)
}

async function readBody(response: Response): Promise<Buffer<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > MAX_ANSWER_BYTES) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function settle(response: Response, body: Buffer<ArrayBuffer>): Response {
  const headers = new Headers(response.headers)
  // The body is no longer compressed.
  for (const name of ['content-encoding', 'content-length']) headers.delete(name)
  if (retryAfterSeconds(headers) > MAX_RETRY_AFTER_SECONDS) headers.set('x-should-retry', 'false')
  const text = body.toString('utf8')
  const stream = response.ok ? assembleStream(text) : undefined
  if (stream !== undefined) headers.set('content-type', 'application/json')
  const answer = stream ?? parseJson(text)
  const error = errorIn(answer, response.status)
  if (error === undefined)
    return new Response(stream ? JSON.stringify(stream) : body.length === 0 ? null : body, {
      status: response.status,
      headers,
    })
  const refusal = understand(error.status, error.body)
  // What a changed request can mend is no reason to wait and send the same one again: llama.cpp answers 500 to tools.
  if (refusal !== undefined) headers.set('x-should-retry', 'false')
  return Response.json({ error: error.body }, { status: error.status, headers })
}

interface ErrorAnswer {
  status: number
  body: { message: string; code?: unknown; param?: unknown; type?: unknown }
}

/**
 * The error in an answer. vLLM and FastAPI put its fields at the top (vllm-project/vllm#9986), Ollama's own API sends a
 * text (ollama/ollama#14795), and LM Studio and llama.cpp send some with status 200 (lmstudio-bug-tracker#2322,
 * oobabooga/textgen#7257).
 */
function errorIn(answer: unknown, status: number): ErrorAnswer | undefined {
  if (!isObject(answer)) return undefined
  if (status < 400 && (!('error' in answer) || answer.error === null || 'choices' in answer)) return undefined
  const told = answer.error ?? (isObject(answer.detail) ? answer.detail : answer)
  const fields = isObject(told) ? told : {}
  const message = [fields.message, fields.detail, told, JSON.stringify(told)].find(
    (text) => typeof text === 'string',
  )
  const code = Number(fields.code)
  const wrongly = status < 400
  return {
    status: wrongly ? (code >= 400 && code < 600 ? code : 400) : status,
    body: { ...fields, message: String(message) },
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function failed(status: number, message: string): Response {
  return Response.json({ error: { message } }, { status, headers: { 'x-should-retry': 'false' } })
}

function retryAfterSeconds(headers: Headers): number {
  const milliseconds = Number.parseFloat(headers.get('retry-after-ms') ?? '')
  // The SDK, too, looks at the other header when this one is 0.
  if (milliseconds > 0) return milliseconds / 1000
  const text = headers.get('retry-after') ?? '0'
  const seconds = Number.parseFloat(text)
  return Number.isNaN(seconds) ? (Date.parse(text) - Date.now()) / 1000 : seconds
}
