// The only network access of an agent's sandbox: a proxy on a Unix socket that connects to the configured hosts and no
// others. It resolves names itself. It does not decrypt HTTPS and sees only the destination.
import { lookup as resolveName } from 'node:dns'
import {
  createServer,
  type IncomingMessage,
  request as requestUpstream,
  type ServerResponse,
} from 'node:http'
import { connect, type LookupFunction } from 'node:net'
import { type Duplex, pipeline, type Readable } from 'node:stream'
import { type Destination, destinationText, isAllowed, parseDestination } from '../../core/config/hosts.ts'
import { visibleText } from '../../core/text/markdown.ts'
import { vetted } from './addresses.ts'

export interface ModelProxy {
  /** Destinations that were blocked, so that a person can see which hosts the configuration lacks. */
  readonly refused: ReadonlySet<string>
  /** Closes the proxy and all its connections. */
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
}

const MAX_BYTES = 1024 ** 3
const MAX_CONNECTIONS = 128
const MAX_REFUSED = 5
const NOT_ALLOWED = 'This host is blocked: it is not listed under `hosts` of this agent.\n'

export async function startProxy(options: ProxyOptions): Promise<ModelProxy> {
  const traffic = new Traffic(options.maxBytes ?? MAX_BYTES)
  const refused = new Set<string>()
  const lookup = vetted(options.resolve ?? resolveName)
  const admit = (written: string): Destination | undefined => {
    const asked = parseDestination(written)
    if (asked && isAllowed(asked, options.hosts)) return asked
    if (refused.size < MAX_REFUSED) refused.add(visibleText(asked ? destinationText(asked) : written, 100))
    return undefined
  }

  const server = createServer((request, response) => forward(request, response, { admit, lookup, traffic }))
  server.maxConnections = options.maxConnections ?? MAX_CONNECTIONS
  server.on('connect', (request, agent, head) => tunnel(request, agent, head, { admit, lookup, traffic }))
  server.on('connection', (connection) => traffic.track(connection))
  await new Promise<void>((listening, failed) => {
    server.once('error', failed)
    server.listen(options.socketPath, listening)
  })
  return {
    refused,
    close: () => {
      traffic.end()
      return new Promise((closed) => server.close(() => closed()))
    },
  }
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
}

/** Tunnels HTTPS without decrypting it. */
function tunnel({ url = '' }: IncomingMessage, agent: Duplex, head: Buffer, routing: Routing): void {
  agent.on('error', () => agent.destroy())
  const destination = routing.admit(url)
  if (!destination) return void agent.end(`HTTP/1.1 403 Forbidden\r\n\r\n${NOT_ALLOWED}`)
  const upstream = connect({ ...destination, lookup: routing.lookup })
  routing.traffic.track(upstream)
  upstream.on('error', () => agent.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'))
  agent.once('close', () => upstream.destroy())
  upstream.once('connect', () => {
    agent.write('HTTP/1.1 200 Connection established\r\n\r\n')
    upstream.write(head)
    for (const connection of [agent, upstream]) routing.traffic.count(connection)
    pipeline(agent, upstream, agent, () => {})
  })
}

/** Forwards plain HTTP, for self-hosted model servers. */
function forward(request: IncomingMessage, response: ServerResponse, routing: Routing): void {
  const url = URL.canParse(request.url ?? '') ? new URL(request.url ?? '') : undefined
  const isPlain = url?.protocol === 'http:'
  const destination = routing.admit(isPlain ? `${url.hostname}:${url.port || 80}` : (request.url ?? ''))
  if (!url || !destination) return void response.writeHead(403).end(NOT_ALLOWED)
  const upstream = requestUpstream({
    ...destination,
    lookup: routing.lookup,
    agent: false,
    method: request.method,
    path: `${url.pathname}${url.search}`,
    headers: withoutHops(request.headers),
  })
  upstream.once('socket', (socket) => routing.traffic.track(socket))
  upstream.once('response', (answer) => {
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
