// The only way out of an agent's sandbox: a proxy on a Unix socket that connects to the hosts of the configuration and to
// nothing else. It resolves names itself, and sees of HTTPS no more than whom it is for.
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
  /** Whom the agent asked for in vain, for a person who wonders which hosts are missing. */
  readonly refused: ReadonlySet<string>
  /** Ends every connection. */
  close(): Promise<void>
}

export interface ProxyOptions {
  socketPath: string
  /** As they are in the configuration. */
  hosts: readonly string[]
  /** In both directions together. */
  maxBytes?: number
  maxConnections?: number
  /** For tests: names that only they know. */
  resolve?: typeof resolveName
}

const MAX_BYTES = 1024 ** 3
const MAX_CONNECTIONS = 128
const MAX_REFUSED = 5
const NOT_ALLOWED = 'This host is not among the `hosts` of this agent.\n'

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

/** What flows through the proxy: when it is too much, everything ends. */
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

interface Way {
  admit(written: string): Destination | undefined
  lookup: LookupFunction
  traffic: Traffic
}

/** HTTPS, which stays closed to us. */
function tunnel({ url = '' }: IncomingMessage, agent: Duplex, head: Buffer, way: Way): void {
  agent.on('error', () => agent.destroy())
  const destination = way.admit(url)
  if (!destination) return void agent.end(`HTTP/1.1 403 Forbidden\r\n\r\n${NOT_ALLOWED}`)
  const upstream = connect({ ...destination, lookup: way.lookup })
  way.traffic.track(upstream)
  upstream.on('error', () => agent.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'))
  agent.once('close', () => upstream.destroy())
  upstream.once('connect', () => {
    agent.write('HTTP/1.1 200 Connection established\r\n\r\n')
    upstream.write(head)
    for (const connection of [agent, upstream]) way.traffic.count(connection)
    pipeline(agent, upstream, agent, () => {})
  })
}

/** Plain HTTP, for a server of one's own. */
function forward(request: IncomingMessage, response: ServerResponse, way: Way): void {
  const url = URL.canParse(request.url ?? '') ? new URL(request.url ?? '') : undefined
  const isPlain = url?.protocol === 'http:'
  const destination = way.admit(isPlain ? `${url.hostname}:${url.port || 80}` : (request.url ?? ''))
  if (!url || !destination) return void response.writeHead(403).end(NOT_ALLOWED)
  const upstream = requestUpstream({
    ...destination,
    lookup: way.lookup,
    agent: false,
    method: request.method,
    path: `${url.pathname}${url.search}`,
    headers: withoutHops(request.headers),
  })
  upstream.once('socket', (socket) => way.traffic.track(socket))
  upstream.once('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, withoutHops(answer.headers))
    way.traffic.count(answer)
    pipeline(answer, response, () => {})
  })
  way.traffic.count(request)
  pipeline(request, upstream, (error) => {
    if (error && !response.headersSent) response.writeHead(502).end()
    else if (error) response.destroy()
  })
}

/** Headers between the agent and this proxy, which are nobody else's business. */
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
