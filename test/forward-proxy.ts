// The only way out of a closed network: an HTTP proxy that alone knows where the hosts of a test are, and, for HTTPS, a
// server in front of them whose certificate a private authority has signed.

import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Server } from 'node:net'
import { join } from 'node:path'
import { type Duplex, pipeline } from 'node:stream'
import { createServer as createTlsServer } from 'node:tls'
import { execa } from 'execa'
import { onTestFinished } from 'vitest'
import { aDirectory } from './scaffold.ts'

export interface ForwardProxy {
  url: string
  /** What it was asked for, oldest first: `CONNECT github.test:443`, `GET http://github.test/`. */
  asked: readonly string[]
  /** File of the certificate that vouches for every host. */
  certificateFile: string
}

/** @param hosts ports on 127.0.0.1 by name; each host speaks HTTP on its port 80 and HTTPS on its port 443 */
export async function startForwardProxy(hosts: Readonly<Record<string, number>>): Promise<ForwardProxy> {
  const certificate = await selfSigned(Object.keys(hosts))
  const secured = await Promise.all(
    Object.entries(hosts).map(async ([name, port]) => [name, await encrypted(port, certificate)] as const),
  )
  const ports = { 80: new Map(Object.entries(hosts)), 443: new Map(secured) }
  const asked: string[] = []
  const portOf = (name: string, port: string) =>
    port === '80' || port === '443' ? ports[port].get(name) : undefined

  const server = createServer((incoming, response) => {
    asked.push(`${incoming.method} ${incoming.url}`)
    const { hostname, port, pathname, search } = new URL(incoming.url ?? '')
    forward(incoming, response, portOf(hostname, port || '80'), `${pathname}${search}`)
  })
  server.on('connect', ({ url = '' }: IncomingMessage, client: Duplex) => {
    asked.push(`CONNECT ${url}`)
    const [name = '', port = ''] = url.split(':')
    const target = portOf(name, port)
    if (target === undefined) return client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
    const upstream = connect(target, '127.0.0.1', () => client.write('HTTP/1.1 200 OK\r\n\r\n'))
    pipeline(client, upstream, client, () => {})
  })
  const url = `http://127.0.0.1:${await listening(server)}`
  return { url, asked, certificateFile: certificate.file }
}

function forward(
  incoming: IncomingMessage,
  response: ServerResponse,
  port: number | undefined,
  path: string,
): void {
  if (port === undefined) return void response.writeHead(502).end()
  const { method, headers } = incoming
  const upstream = request({ host: '127.0.0.1', port, method, headers, path }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    pipeline(answer, response, () => {})
  })
  pipeline(incoming, upstream, () => {})
}

interface Certificate {
  file: string
  key: string
  cert: string
}

async function selfSigned(names: readonly string[]): Promise<Certificate> {
  const directory = await aDirectory()
  const [file, keyFile] = [join(directory, 'certificate.pem'), join(directory, 'key.pem')]
  const alternatives = `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}`
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  const made = ['-x509', ...curve, '-nodes', '-days', '2', '-subj', '/CN=private authority']
  await execa('openssl', ['req', ...made, '-addext', alternatives, '-keyout', keyFile, '-out', file])
  return { file, key: await readFile(keyFile, 'utf8'), cert: await readFile(file, 'utf8') }
}

/** Speaks TLS, and passes what is in it to the port. Returns its own port. */
async function encrypted(port: number, { key, cert }: Certificate): Promise<number> {
  return listening(
    createTlsServer({ key, cert }, (client) =>
      pipeline(client, connect(port, '127.0.0.1'), client, () => {}),
    ),
  )
}

/** Starts a server that is gone after the test, with every connection it still has. */
async function listening(server: Server): Promise<number> {
  const connections = new Set<{ destroy(): void }>()
  server.on('connection', (connection) => connections.add(connection))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    for (const connection of connections) connection.destroy()
    await new Promise((closed) => server.close(closed))
  })
  return (server.address() as AddressInfo).port
}
