// `fetch` for endpoints that we do not control: limits the size of answers and the retry delay that they request. Every
// answer is converted to one JSON body with the correct status.
import { parseObject } from '../../core/propose/agent.ts'
import { understand } from './refusals.ts'
import { assembleStream } from './stream.ts'

const MAX_ANSWER_BYTES = 4 * 1024 * 1024
const MAX_RETRY_AFTER_SECONDS = 60

/**
 * Reads the whole body, because the SDK's timeout and retries cover only the headers. Prevents retries after more than a
 * minute, because the SDK waits as long as the endpoint asks. Treats redirects as errors, so that the key reaches no other
 * host.
 */
export async function boundedFetch(url: string | URL | Request, init?: RequestInit): Promise<Response> {
  const response = await fetch(url, { ...init, redirect: 'manual' })
  if (response.status >= 300 && response.status < 400)
    return failed(400, `the endpoint redirects; set base-url to ${response.headers.get('location')}`)
  const body = await readBody(response)
  if (body === undefined)
    return failed(502, `the answer is larger than ${MAX_ANSWER_BYTES / 1024 / 1024} MiB`)
  return normalize(response, body)
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

function normalize(response: Response, body: Buffer<ArrayBuffer>): Response {
  const headers = new Headers(response.headers)
  // `fetch` has already decompressed the body.
  for (const name of ['content-encoding', 'content-length']) headers.delete(name)
  if (retryAfterSeconds(headers) > MAX_RETRY_AFTER_SECONDS) headers.set('x-should-retry', 'false')
  const text = body.toString('utf8')
  const stream = response.ok ? assembleStream(text) : undefined
  if (stream !== undefined) headers.set('content-type', 'application/json')
  const answer = stream ?? parseObject(text)
  const error = errorIn(answer, response.status)
  if (error === undefined)
    return new Response(stream ? JSON.stringify(stream) : body.length === 0 ? null : body, {
      status: response.status,
      headers,
    })
  const refusal = understand(error.status, error.body)
  // If a changed request can succeed, repeating the same one is pointless: llama.cpp answers 500 to tools.
  if (refusal !== undefined) headers.set('x-should-retry', 'false')
  return Response.json({ error: error.body }, { status: error.status, headers })
}

interface ErrorAnswer {
  status: number
  body: { message: string; code?: unknown; param?: unknown; type?: unknown }
}

/**
 * The error in an answer. vLLM and FastAPI put its fields at the top level (vllm-project/vllm#9986), Ollama's own API sends
 * a string (ollama/ollama#14795), and LM Studio and llama.cpp send some errors with status 200
 * (lmstudio-bug-tracker#2322, oobabooga/textgen#7257).
 */
function errorIn(answer: object | undefined, status: number): ErrorAnswer | undefined {
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
    // Without a code it is unknown whose mistake it is, so that it must not count as one of the request.
    status: wrongly ? (code >= 400 && code < 600 ? code : 500) : status,
    body: { ...fields, message: String(message) },
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function failed(status: number, message: string): Response {
  return Response.json({ error: { message } }, { status, headers: { 'x-should-retry': 'false' } })
}

function retryAfterSeconds(headers: Headers): number {
  const milliseconds = Number.parseFloat(headers.get('retry-after-ms') ?? '')
  // Like the SDK, ignore this header when it is 0.
  if (milliseconds > 0) return milliseconds / 1000
  const text = headers.get('retry-after') ?? '0'
  const seconds = Number.parseFloat(text)
  return Number.isNaN(seconds) ? (Date.parse(text) - Date.now()) / 1000 : seconds
}
