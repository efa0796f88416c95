// The way out of an agent's sandbox: whom it lets through, and what it lets through.
import { createServer as createHttpServer, type IncomingHttpHeaders, request } from 'node:http'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type ModelProxy, type ProxyOptions, startProxy } from '../../src/adapters/command/proxy.ts'
import { startForwardProxy } from '../forward-proxy.ts'
import { aDirectory } from '../scaffold.ts'

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

/** A server that sends back what it gets. */
const anEcho = () =>
  listening(createServer((connection) => connection.pipe(connection).on('error', () => {})))

async function aProxy(options: Omit<ProxyOptions, 'socketPath'>): Promise<{ at: string; proxy: ModelProxy }> {
  const at = join(await aDirectory(), 's')
  const proxy = await startProxy({ socketPath: at, ...options })
  onTestFinished(() => proxy.close())
  return { at, proxy }
}

/** Asks for a tunnel; resolves to the status and the connection. */
async function tunnel(socketPath: string, path: string): Promise<{ status: number; connection: Socket }> {
  return new Promise((resolve, reject) => {
    request({ socketPath, method: 'CONNECT', path })
      .on('connect', ({ statusCode = 0 }, connection: Socket) => resolve({ status: statusCode, connection }))
      .on('error', reject)
      .end()
  })
}

async function statusOf(at: string, path: string): Promise<number> {
  const { status, connection } = await tunnel(at, path)
  connection.destroy()
  return status
}

/** A resolver for names that nobody else knows. */
const leadingTo = (address: string) =>
  ((_name: string, _options: unknown, callback: (error: null, addresses: object[]) => void) =>
    callback(null, [{ address, family: address.includes(':') ? 6 : 4 }])) as unknown as NonNullable<
    ProxyOptions['resolve']
  >

describe('the proxy', () => {
  test('lets a tunnel through to its hosts, in both directions', async () => {
    const port = await anEcho()
    const { at, proxy } = await aProxy({ hosts: [`127.0.0.1:${port}`] })
    const { status, connection } = await tunnel(at, `127.0.0.1:${port}`)
    expect(status).toBe(200)
    connection.end('hello')
    expect(await text(connection)).toBe('hello')
    expect([...proxy.refused]).toEqual([])
  })

  test('F55 refuses every other host, port, address and spelling, and remembers the first few', async () => {
    const port = await anEcho()
    const { at, proxy } = await aProxy({ hosts: ['model.example', `127.0.0.1:${port}`] })
    const others = ['model.example:80', 'other.example:443', `127.0.0.2:${port}`, '169.254.169.254:80']
    const odd = [`127.1:${port}`, 'model.example.:443', '[::1]:443', 'model.example:443@x', '']
    for (const path of [...others, ...odd]) expect(await statusOf(at, path), path).toBe(403)
    expect([...proxy.refused]).toEqual([...others, `127.1:${port}`])
  })

  test.each([
    '127.0.0.1',
    '169.254.169.254',
    '::1',
    '::ffff:127.0.0.1',
    'fe80::1',
    'fd00:ec2::254',
    '0.0.0.0',
  ])('F55 does not follow an allowed name to %s', async (address) => {
    const port = await anEcho()
    const { at } = await aProxy({ hosts: [`model.example:${port}`], resolve: leadingTo(address) })
    expect(await statusOf(at, `model.example:${port}`)).toBe(502)
  })

  test('follows the name localhost where it was allowed', async () => {
    const port = await anEcho()
    const { at } = await aProxy({ hosts: [`localhost:${port}`], resolve: leadingTo('127.0.0.1') })
    expect(await statusOf(at, `localhost:${port}`)).toBe(200)
  })

  test('forwards plain HTTP, without the headers that are for the proxy', async () => {
    let got: IncomingHttpHeaders = {}
    const port = await listening(
      createHttpServer(async (asked, answer) => {
        got = asked.headers
        answer.writeHead(201, { 'x-model': 'm' }).end(`${asked.method} ${asked.url} ${await text(asked)}`)
      }),
    )
    const { at } = await aProxy({ hosts: [`127.0.0.1:${port}`] })
    const ask = (path: string) =>
      new Promise<string>((resolve, reject) => {
        const headers = { 'proxy-authorization': 'Basic eDp5', authorization: 'Bearer k' }
        request({ socketPath: at, method: 'POST', path, headers })
          .on('response', async (answer) => resolve(`${answer.statusCode} ${await text(answer)}`))
          .on('error', reject)
          .end('{}')
      })
    expect(await ask(`http://127.0.0.1:${port}/v1/chat?x=1`)).toBe('201 POST /v1/chat?x=1 {}')
    expect(got).toMatchObject({ authorization: 'Bearer k' })
    expect(got).not.toHaveProperty('proxy-authorization')
    expect(await ask('http://127.0.0.1:1/v1')).toMatch(/^403 /)
    expect(await ask('/v1')).toMatch(/^403 /)
    expect(await ask(`https://127.0.0.1:${port}/v1`)).toMatch(/^403 /)
  })

  test('says so when nobody answers', async () => {
    const { at } = await aProxy({ hosts: ['127.0.0.1:1'] })
    expect(await statusOf(at, '127.0.0.1:1')).toBe(502)
  })

  test('ends everything when more flows than is allowed', async () => {
    const port = await anEcho()
    const { at } = await aProxy({ hosts: [`127.0.0.1:${port}`], maxBytes: 1e6 })
    const { connection } = await tunnel(at, `127.0.0.1:${port}`)
    const idle = await tunnel(at, `127.0.0.1:${port}`)
    connection.on('error', () => {}).write(Buffer.alloc(2e6))
    expect((await text(connection).catch(() => '')).length).toBeLessThan(2e6)
    expect(await text(idle.connection).catch(() => '')).toBe('')
  })

  test('takes no more connections than is allowed', async () => {
    const port = await anEcho()
    const { at } = await aProxy({ hosts: [`127.0.0.1:${port}`], maxConnections: 1 })
    const { connection } = await tunnel(at, `127.0.0.1:${port}`)
    await expect(statusOf(at, `127.0.0.1:${port}`)).rejects.toThrow()
    connection.destroy()
  })

  test('ends its connections when it is closed', async () => {
    const port = await anEcho()
    const { at, proxy } = await aProxy({ hosts: [`127.0.0.1:${port}`] })
    const { connection } = await tunnel(at, `127.0.0.1:${port}`)
    await proxy.close()
    expect(await text(connection).catch(() => '')).toBe('')
    await expect(new Promise((_, reject) => connect(at).on('error', reject))).rejects.toThrow()
  })
})

describe('F93 behind a proxy of the network', () => {
  /** A model that answers with the path it was asked for, and a proxy that alone knows where it is. */
  async function aNetwork(environment: (proxyUrl: string) => NodeJS.ProcessEnv, hosts: string[]) {
    const model = await listening(createHttpServer((asked, answer) => answer.end(`the model: ${asked.url}`)))
    const network = await startForwardProxy({ 'model.example': model })
    return { network, ...(await aProxy({ hosts, environment: environment(network.url) })) }
  }

  const ask = (at: string, path: string) =>
    new Promise<string>((resolve, reject) => {
      request({ socketPath: at, path })
        .on('response', (answer) => void text(answer).then(resolve))
        .on('error', reject)
        .end()
    })

  test('a tunnel goes through it', async () => {
    const { at, network } = await aNetwork((url) => ({ HTTPS_PROXY: url }), ['model.example'])
    expect(await statusOf(at, 'model.example:443')).toBe(200)
    expect(network.asked).toEqual(['CONNECT model.example:443'])
  })

  test('plain HTTP goes through it', async () => {
    const { at, network } = await aNetwork((url) => ({ http_proxy: url }), ['model.example:80'])
    expect(await ask(at, 'http://model.example/v1')).toBe('the model: /v1')
    expect(network.asked).toEqual(['GET http://model.example/v1'])
  })

  test('it is asked for no host that the agent may not reach', async () => {
    const { at, network } = await aNetwork((url) => ({ HTTPS_PROXY: url }), ['model.example'])
    expect(await statusOf(at, 'other.example:443')).toBe(403)
    expect(network.asked).toEqual([])
  })

  test('an agent is told when it refuses', async () => {
    const { at } = await aNetwork((url) => ({ HTTPS_PROXY: url }), ['unknown.example'])
    expect(await statusOf(at, 'unknown.example:443')).toBe(502)
  })

  test.each(['model.example', '.example', '*.example', 'x, EXAMPLE', 'model.example:443', '*'])(
    'NO_PROXY %s means a direct connection',
    async (exempt) => {
      const { at, network } = await aNetwork(
        (url) => ({ HTTPS_PROXY: url, NO_PROXY: exempt }),
        ['model.example'],
      )
      expect(await statusOf(at, 'model.example:443')).toBe(502)
      expect(network.asked).toEqual([])
    },
  )

  test('this machine is reached directly', async () => {
    const port = await anEcho()
    const { at, network } = await aNetwork((url) => ({ HTTPS_PROXY: url }), [`127.0.0.1:${port}`])
    expect(await statusOf(at, `127.0.0.1:${port}`)).toBe(200)
    expect(network.asked).toEqual([])
  })

  test('the name and the password of its URL are sent to it', async () => {
    let credentials: string | undefined
    const server = createHttpServer()
    server.on('connect', ({ headers }, client: Socket) => {
      credentials = headers['proxy-authorization']
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
    })
    const port = await listening(server)
    const environment = { https_proxy: `ann:p%40ss@127.0.0.1:${port}` }
    const { at } = await aProxy({ hosts: ['model.example'], environment })
    expect(await statusOf(at, 'model.example:443')).toBe(502)
    expect(credentials).toBe(`Basic ${Buffer.from('ann:p@ss').toString('base64')}`)
  })

  test('a value that is no URL of a proxy is an error before the agent starts', async () => {
    const environment = { HTTPS_PROXY: 'socks5://127.0.0.1:1' }
    await expect(aProxy({ hosts: ['model.example'], environment })).rejects.toThrow('HTTPS_PROXY')
  })
})
