// `fetch` for endpoints we do not control: bounded in bytes, and in how long it may tell the OpenAI SDK to wait.

const MAX_ANSWER_BYTES = 4 * 1024 * 1024
const MAX_RETRY_AFTER_SECONDS = 60

/**
 * Reads the whole body here, because the SDK's own timeout and retries end with the headers. Also refuses to wait
 * longer than a minute: the SDK would sleep as long as it is told.
 */
export async function boundedFetch(url: string | URL | Request, init?: RequestInit): Promise<Response> {
  const response = await fetch(url, init)
  const body = await readBody(response)
  if (body === undefined) return tooLarge()
  const headers = new Headers(response.headers)
  // The body is no longer compressed.
  for (const name of ['content-encoding', 'content-length']) headers.delete(name)
  if (retryAfterSeconds(headers) > MAX_RETRY_AFTER_SECONDS) headers.set('x-should-retry', 'false')
  return new Response(body.length === 0 ? null : body, { status: response.status, headers })
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

function tooLarge(): Response {
  const message = `the answer is larger than ${MAX_ANSWER_BYTES / 1024 / 1024} MiB`
  return Response.json({ error: { message } }, { status: 502, headers: { 'x-should-retry': 'false' } })
}

function retryAfterSeconds(headers: Headers): number {
  const milliseconds = Number.parseFloat(headers.get('retry-after-ms') ?? '')
  // The SDK, too, looks at the other header when this one is 0.
  if (milliseconds > 0) return milliseconds / 1000
  const text = headers.get('retry-after') ?? '0'
  const seconds = Number.parseFloat(text)
  return Number.isNaN(seconds) ? (Date.parse(text) - Date.now()) / 1000 : seconds
}
