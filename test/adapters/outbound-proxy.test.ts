// GitHub, a model and git behind a real proxy that alone knows their hosts, over HTTPS with a private authority.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { expect, onTestFinished, test } from 'vitest'
import { useProxy } from '../../src/adapters/outbound-proxy.ts'
import { ConfigError } from '../../src/errors.ts'
import { type ForwardProxy, startForwardProxy } from '../forward-proxy.ts'
import { aRepository } from '../loopback-github/fixtures.ts'
import { aDirectory } from '../scaffold.ts'
import { call, edit, KEY, SUBMIT, start } from './openai-lab.ts'

const PROGRAM = fileURLToPath(new URL('proxied-program.ts', import.meta.url))

/** A repository on GitHub and a model, which only the proxy reaches. */
async function behindProxy() {
  const { github, token } = await aRepository()
  const model = await start([{ answers: [{ toolCalls: [edit()] }, { toolCalls: [call('submit', SUBMIT)] }] }])
  const port = (url: string) => Number(new URL(url).port)
  const hosts = { 'github.test': port(github.url), 'model.test': port(model.baseUrl) }
  return { token, proxy: await startForwardProxy(hosts) }
}

/** What the service answers, or the last line of what the program died of. */
async function ask(service: string[], environment: Record<string, string>): Promise<unknown> {
  const cwd = await aDirectory()
  await execa('git', ['init', '--quiet'], { cwd })
  const { PATH = '', GIT_CONFIG_GLOBAL = '', GIT_CONFIG_SYSTEM = '' } = process.env
  const env = { PATH, GIT_CONFIG_GLOBAL, GIT_CONFIG_SYSTEM, ...environment }
  const { stdout } = await execa('node', [PROGRAM, ...service], { cwd, env, extendEnv: false })
  return JSON.parse(stdout)
}

const trusting = ({ certificateFile }: ForwardProxy) => ({
  NODE_EXTRA_CA_CERTS: certificateFile,
  GIT_SSL_CAINFO: certificateFile,
})

const CAPITALS = ['HTTP_PROXY', 'HTTPS_PROXY']
const SMALL_LETTERS = ['http_proxy', 'https_proxy']
const each = (names: readonly string[], url: string) => Object.fromEntries(names.map((name) => [name, url]))

test.each([
  ['https', CAPITALS],
  ['https', SMALL_LETTERS],
  ['http', CAPITALS],
] as const)('F93 GitHub is called through the proxy: %s, %j', async (scheme, names) => {
  const { proxy, token } = await behindProxy()
  const environment = { ...each(names, proxy.url), ...trusting(proxy) }
  expect(await ask(['github', `${scheme}://github.test/api/v3`, token], environment)).toEqual([])
  expect(proxy.asked).toEqual([`CONNECT github.test:${scheme === 'https' ? 443 : 80}`])
})

test.each([
  ['https', CAPITALS],
  ['https', SMALL_LETTERS],
  ['http', CAPITALS],
] as const)('F93 a model endpoint is called through the proxy: %s, %j', async (scheme, names) => {
  const { proxy } = await behindProxy()
  const environment = { ...each(names, proxy.url), ...trusting(proxy) }
  const answer = await ask(['model', `${scheme}://model.test/v1`, KEY], environment)
  expect(answer).toMatchObject({ kind: 'proposal' })
  expect(new Set(proxy.asked)).toEqual(new Set([`CONNECT model.test:${scheme === 'https' ? 443 : 80}`]))
})

test.each([
  ['https', CAPITALS, 'CONNECT github.test:443'],
  ['https', SMALL_LETTERS, 'CONNECT github.test:443'],
  ['http', CAPITALS, expect.stringMatching('^GET http://github.test/acme/char-lm.git/')],
] as const)('F93 git goes through the proxy: %s, %j', async (scheme, names, asked) => {
  const { proxy, token } = await behindProxy()
  const environment = { ...each(names, proxy.url), ...trusting(proxy) }
  expect(await ask(['git', `${scheme}://github.test/acme/char-lm.git`, token], environment)).toBe('main')
  expect(proxy.asked[0]).toEqual(asked)
})

test('F93 without the private authority nothing is told to the server', async () => {
  const { proxy } = await behindProxy()
  const answer = await ask(['model', 'https://model.test/v1', KEY], each(CAPITALS, proxy.url))
  expect(answer).toMatchObject({ kind: 'nothing', cause: 'unreachable' })
})

test.each([
  ['127.0.0.1', {}],
  ['127.0.0.2', { NO_PROXY: 'other.test, 127.0.0.2' }],
  ['127.0.0.2', { no_proxy: '*' }],
])('F93 %s is called directly with %o', async (host, exempt) => {
  const server = createServer((_, response) =>
    response.setHeader('content-type', 'application/json').end('[]'),
  )
  onTestFinished(() => void server.close())
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  const { port } = server.address() as AddressInfo
  const environment = { ...each(CAPITALS, 'http://127.0.0.1:1'), ...exempt }
  expect(await ask(['github', `http://${host}:${port}`, 'token'], environment)).toEqual([])
})

test('a proxy without a scheme is an HTTP proxy, and hosts below an exempt one are exempt', async () => {
  const { proxy, token } = await behindProxy()
  const environment = { HTTP_PROXY: new URL(proxy.url).host, NO_PROXY: 'example.test' }
  expect(await ask(['github', 'http://github.test/api/v3', token], environment)).toEqual([])
  const exempt = { ...environment, NO_PROXY: 'test' }
  await expect(ask(['github', 'http://github.test/api/v3', token], exempt)).rejects.toThrow('ENOTFOUND')
})

test('what is not a proxy is refused without showing its password', () => {
  const refused = () => useProxy({ HTTPS_PROXY: 'ftp://me:secret@proxy.test' })
  expect(refused).toThrow(ConfigError)
  expect(refused).not.toThrow('secret')
})

test('a Node that cannot be told about a proxy is named, unless it knows from its start', () => {
  const http = process.getBuiltinModule('node:http')
  const { setGlobalProxyFromEnv } = http
  onTestFinished(() => void Object.assign(http, { setGlobalProxyFromEnv }))
  Object.assign(http, { setGlobalProxyFromEnv: undefined })
  const environment = { HTTPS_PROXY: 'http://proxy.test' }
  expect(useProxy(environment)).toContain(`Node ${process.versions.node} can enable it only when it starts`)
  expect(useProxy({ ...environment, NODE_USE_ENV_PROXY: '1' })).toBeUndefined()
  expect(useProxy({})).toBeUndefined()
})
