// Which hosts an agent in its sandbox may talk to: exactly those of the configuration, each at one port.

const HTTPS_PORT = 443

/** `api.anthropic.com`, `localhost:8000`, `[::1]:8000`; without a port it is that of HTTPS. */
const HOST = /^([a-z\d](?:[a-z\d.-]*[a-z\d])?|\[[\da-f:.]+\])(?::(\d{1,5}))?$/i

export interface Destination {
  /** Without the brackets of an IPv6 address. */
  host: string
  port: number
}

/** @returns undefined when `text` names no host and port */
export function parseDestination(text: string): Destination | undefined {
  const [, host, port = String(HTTPS_PORT)] = HOST.exec(text) ?? []
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535) return undefined
  return { host: host.toLowerCase().replace(/^\[|\]$/g, ''), port: Number(port) }
}

/** @param hosts as they are in the configuration */
export function isAllowed(asked: Destination, hosts: readonly string[]): boolean {
  return hosts
    .map(parseDestination)
    .some((allowed) => allowed?.host === asked.host && allowed.port === asked.port)
}

/** As people write it. */
export function destinationText({ host, port }: Destination): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}
