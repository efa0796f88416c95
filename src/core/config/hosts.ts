// The hosts that a sandboxed agent can connect to: exactly those in the configuration, each on one port.

const HTTPS_PORT = 443

/** `api.anthropic.com`, `localhost:8000`, `[::1]:8000`. The default port is 443. */
const HOST = /^([a-z\d](?:[a-z\d.-]*[a-z\d])?|\[[\da-f:.]+\])(?::(\d{1,5}))?$/i

export interface Destination {
  /** Without the brackets of an IPv6 address. */
  host: string
  port: number
}

/** @returns undefined when `text` is not a host with an optional port from 1 to 65535 */
export function parseDestination(text: string): Destination | undefined {
  const [, host, port = String(HTTPS_PORT)] = HOST.exec(text) ?? []
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535) return undefined
  return { host: host.toLowerCase().replace(/^\[|\]$/g, ''), port: Number(port) }
}

/**
 * True when a sandboxed agent may connect to `requested`.
 *
 * @param hosts as written in the configuration
 */
export function isAllowed(requested: Destination, hosts: readonly string[]): boolean {
  return hosts
    .map(parseDestination)
    .some((allowed) => allowed?.host === requested.host && allowed.port === requested.port)
}

/** A destination as `host:port`, with brackets around an IPv6 address. */
export function destinationText({ host, port }: Destination): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}
