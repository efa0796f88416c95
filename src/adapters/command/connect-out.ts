// Opens a connection to an agent's host: directly, or through the proxy that the job's environment names for it.
import { once } from 'node:events'
import { type ClientRequest, type RequestOptions, request as requestPlain } from 'node:http'
import { request as requestEncrypted } from 'node:https'
import { connect, type LookupFunction } from 'node:net'
import type { Duplex } from 'node:stream'
import { type Destination, destinationText } from '../../core/config/hosts.ts'

export interface WayOut {
  /** undefined for a direct connection */
  proxy: URL | undefined
  /** Resolves names of direct connections; a proxy resolves names itself. */
  lookup: LookupFunction
  /** Is told of the connection before it is open, so that it can be closed at any time. */
  track(connection: Duplex): void
}

/** @throws Error when the host cannot be reached, or the proxy refuses to connect to it */
export async function connectOut(destination: Destination, way: WayOut): Promise<Duplex> {
  if (way.proxy) return tunnelThrough(way.proxy, destination, way)
  const connection = connect({ ...destination, lookup: way.lookup })
  way.track(connection)
  await once(connection, 'connect')
  return connection
}

async function tunnelThrough(proxy: URL, destination: Destination, way: WayOut): Promise<Duplex> {
  const path = destinationText(destination)
  const headers = { host: path, ...credentials(proxy) }
  const request = startRequest(proxy, { method: 'CONNECT', path, headers })
  request.once('socket', (socket) => way.track(socket)).end()
  const [{ statusCode }, connection, head] = await once(request, 'connect')
  if (statusCode !== 200) {
    connection.destroy()
    throw new Error(`the proxy answered ${statusCode}`)
  }
  if (head.length > 0) connection.unshift(head)
  return connection
}

/** A request to the proxy itself. Without an agent, neither a kept connection nor the global proxy is used. */
export function startRequest(proxy: URL, options: RequestOptions): ClientRequest {
  const isEncrypted = proxy.protocol === 'https:'
  const [start, usualPort] = isEncrypted ? ([requestEncrypted, 443] as const) : ([requestPlain, 80] as const)
  const host = proxy.hostname.replace(/^\[|\]$/g, '')
  return start({ host, port: proxy.port || usualPort, agent: false, ...options })
}

/** The header in which a proxy expects the name and password of its URL. */
export function credentials({ username, password }: URL): Record<string, string> {
  if (!username && !password) return {}
  const words = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { 'proxy-authorization': `Basic ${Buffer.from(words).toString('base64')}` }
}
