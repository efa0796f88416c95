// The only network access of an agent's sandbox: a proxy on a Unix socket that connects to the configured hosts and no
// others. It resolves names itself, unless the environment has a proxy for the host, which then does. It does not decrypt
// HTTPS and sees only the destination.
import { lookup as resolveName } from 'node:dns'
import {
  createServer,
  type IncomingMessage,
  request as requestUpstream,
  type ServerResponse,
} from 'node:http'
import type { LookupFunction } from 'node:net'
import { type Duplex, pipeline, type Readable } from 'node:stream'
import { type Destination, destinationText, isAllowed, parseDestination } from '../../core/config/hosts.ts'
import { visibleText } from '../../core/text/markdown.ts'
import { proxyChoice } from '../outbound-proxy.ts'
import { vetted } from './addresses.ts'
import { connectOut, credentials, startRequest } from './connect-out.ts'

export interface ModelProxy {
  /** Destinations that were blocked, so that a person can see which hosts the configuration lacks. */
  readonly refused: ReadonlySet<string>
  /** Destinations that were connected to. */
  readonly reached: ReadonlySet<string>
  /** Destinations that could not be reached, and why. */
  readonly unreachable: ReadonlyMap<string, string>
  close(): Promise<void>
}

export interface ProxyOptions {
  socketPath: string
  /** The allowed hosts, as written in the configuration. */
  hosts: readonly string[]
  /** Limit on the bytes of both directions together; 1 GiB by default. */
  maxBytes?: number
  maxConnections?: number
  /** Name resolution, which tests replace. */
  resolve?: typeof resolveName
  /** Where `HTTPS_PROXY` and its kind are read; the job's own by default. */
  environment?: NodeJS.ProcessEnv
}

const MAX_BYTES = 1024 ** 3
const MAX_CONNECTIONS = 128
const MAX_REFUSED = 5
const NOT_ALLOWED = 'This host is blocked: it is not listed under `hosts` of this agent.\n'

export async function startProxy(options: ProxyOptions): Promise<ModelProxy> {
  const traffic = new Traffic(options.maxBytes ?? MAX_BYTES)
  const refused = new Set<string>()
  const reached = new Set<string>()
  const unreachable = new Map<string, string>()
  const lookup = vetted(options.resolve ?? resolveName)
  const proxyFor = proxyChoice(options.environment ?? process.env)
  const admit = (written: string): Destination | undefined => {
    const asked = parseDestination(written)
    if (asked && isAllowed(asked, options.hosts)) return asked
    if (refused.size < MAX_REFUSED) refused.add(visibleText(asked ? destinationText(asked) : written, 100))
    return undefined
  }

  const report = (destination: Destination, error?: Error): void => {
    const host = destinationText(destination)
    if (!error) reached.add(host)
    else if (unreachable.size < MAX_REFUSED) unreachable.set(host, visibleText(problemOf(error), 100))
  }
  const routing = { admit, lookup, traffic, proxyFor, report }
  const server = createServer((request, response) => forward(request, response, routing))
  server.maxConnections = options.maxConnections ?? MAX_CONNECTIONS
  server.on('connect', (request, agent, head) => tunnel(request, agent, head, routing))
  server.on('connection', (connection) => traffic.track(connection))
  await new Promise<void>((listening, failed) => {
    server.once('error', failed)
    server.listen(options.socketPath, listening)
  })
  return {
    refused,
    reached,
    unreachable,
    close: () => {
      traffic.end()
      return new Promise((closed) => server.close(() => closed()))
    },
  }
}

/** The code of a failed connection, such as `ENOTFOUND`, or the message of an error without one. */
function problemOf({ message, ...fields }: Error): string {
  const { code } = fields as NodeJS.ErrnoException
  return code ?? message
}

/** Counts the proxy's traffic and closes all connections when it exceeds the limit. */
class Traffic {
  readonly #open = new Set<Duplex>()
  #left: number

  constructor(maxBytes: number) {
    this.#left = maxBytes
  }

  track(connection: Duplex): void {
    this.#open.add(connection)
    connection.on('close', () => this.#open.delete(connection))
  }

  count(stream: Readable): void {
    stream.on('data', (data: Buffer) => {
      this.#left -= data.length
      if (this.#left < 0) this.end()
    })
  }

  end(): void {
    for (const connection of this.#open) connection.destroy()
  }
}

/** What each connection needs from the proxy. */
interface Routing {
  admit(written: string): Destination | undefined
  lookup: LookupFunction
  traffic: Traffic
  proxyFor: ReturnType<typeof proxyChoice>
  /** Remembers that a destination was reached, or why not. */
  report(destination: Destination, error?: Error): void
}

/** Tunnels HTTPS without decrypting it. */
async function tunnel(
  { url = '' }: IncomingMessage,
  agent: Duplex,
  head: Buffer,
  { admit, lookup, proxyFor, traffic, report }: Routing,
): Promise<void> {
  agent.on('error', () => agent.destroy())
  const destination = admit(url)
  if (!destination) return void agent.end(`HTTP/1.1 403 Forbidden\r\n\r\n${NOT_ALLOWED}`)
  try {
    const proxy = proxyFor(destination, 'https')
    const upstream = await connectOut(destination, { proxy, lookup, track: (one) => traffic.track(one) })
    report(destination)
    if (agent.destroyed) return void upstream.destroy()
    agent.write('HTTP/1.1 200 Connection established\r\n\r\n')
    upstream.write(head)
    for (const connection of [agent, upstream]) traffic.count(connection)
    pipeline(agent, upstream, agent, () => {})
  } catch (error) {
    report(destination, error as Error)
    agent.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
  }
}

/** Forwards plain HTTP, for self-hosted model servers. */
function forward(request: IncomingMessage, response: ServerResponse, routing: Routing): void {
  const url = URL.canParse(request.url ?? '') ? new URL(request.url ?? '') : undefined
  const isPlain = url?.protocol === 'http:'
  const destination = routing.admit(isPlain ? `${url.hostname}:${url.port || 80}` : (request.url ?? ''))
  if (!url || !destination) return void response.writeHead(403).end(NOT_ALLOWED)
  const proxy = routing.proxyFor(destination, 'http')
  const headers = withoutHops(request.headers)
  const { method } = request
  const upstream = proxy
    ? startRequest(proxy, { method, path: url.href, headers: { ...headers, ...credentials(proxy) } })
    : requestUpstream({
        ...destination,
        lookup: routing.lookup,
        agent: false,
        method,
        path: `${url.pathname}${url.search}`,
        headers,
      })
  upstream.once('socket', (socket) => routing.traffic.track(socket))
  upstream.once('error', (error) => routing.report(destination, error))
  upstream.once('response', (answer) => {
    routing.report(destination)
    response.writeHead(answer.statusCode ?? 502, withoutHops(answer.headers))
    routing.traffic.count(answer)
    pipeline(answer, response, () => {})
  })
  routing.traffic.count(request)
  pipeline(request, upstream, (error) => {
    if (error && !response.headersSent) response.writeHead(502).end()
    else if (error) response.destroy()
  })
}

/** Hop-by-hop headers, which apply to one connection only and must not be forwarded. */
const HOPS = [
  'connection',
  'proxy-connection',
  'proxy-authorization',
  'proxy-authenticate',
  'keep-alive',
  'upgrade',
]

function withoutHops(headers: IncomingMessage['headers']): IncomingMessage['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOPS.includes(name)))
}
