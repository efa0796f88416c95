/** The routes of the one HTTP server: `/api/v3` is REST, `/OWNER/REPO.git` is git, the rest are pages for people. */
import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { type Context, Hono } from 'hono'
import type { Answer } from './answers.ts'
import { createArtifacts } from './artifacts.ts'
import type { RequestRecord } from './call.ts'
import { duringFault } from './faults.ts'
import { answerGit, type GitAnswer, type GitRequest } from './git-http.ts'
import { answerGraphQl, type GraphQlRequest } from './graphql.ts'
import { createPages } from './pages/index.ts'
import type { RefCommand } from './pkt-line.ts'
import { answerRest, type Rest } from './rest.ts'

export interface GitRecord {
  readonly kind: 'git'
  readonly at: string
  readonly service: 'fetch' | 'push'
  readonly method: string
  readonly path: string
  token: string | undefined
  /** 0: the socket was closed without an answer. */
  status: number
  /** What a push asked for, refused or not. */
  commands: readonly RefCommand[]
}

export interface Host extends Rest {
  readonly requests: RequestRecord[]
  readonly gitRequests: GitRecord[]
}

type Environment = { Bindings: HttpBindings }

export function createApp(host: Host): Hono<Environment> {
  const app = new Hono<Environment>()
  // `gh` with GH_HOST=github.localhost and this server as its proxy.
  app.use((context, next) =>
    context.req.header('host') === 'api.github.localhost' ? rest(host, context) : next(),
  )
  app.all('/api/v3/*', (context) => rest(host, context))
  app.post('/api/graphql', (context) => graphQl(host, context))
  app.all('/:owner/:repository{[^/]+\\.git}/*', (context) => git(host, context))
  // actions/checkout clones a URL without `.git`.
  for (const end of ['info/refs', 'git-upload-pack', 'git-receive-pack'])
    app.all(`/:owner/:repository/${end}`, (context) => git(host, context))
  app.route(
    '/',
    createArtifacts(() => host.store.site.url, host.store.now),
  )
  app.route('/', createPages(host.store))
  return app
}

async function rest(host: Host, context: Context<Environment>): Promise<Response> {
  const url = new URL(context.req.url)
  if (!url.pathname.startsWith('/api/v3/')) url.pathname = `/api/v3${url.pathname}`
  const moved = /^\/api\/v3\/repos\/([^/]+\/[^/]+)(.*)$/.exec(url.pathname)
  const repository = moved && host.store.movedFrom(moved[1] ?? '')
  if (repository) {
    const target = `${host.store.site.url}/api/v3/repositories/${repository.id}${moved[2]}${url.search}`
    const message = { message: 'Moved Permanently', url: target }
    // A method that changes something is to be repeated as it is.
    return context.json(message, context.req.method === 'GET' ? 301 : 307, { location: target })
  }
  const answer = await answerRest(host, {
    method: context.req.method,
    url,
    path: pathByName(host, url.pathname.slice('/api/v3'.length)),
    authorization: context.req.header('authorization'),
    accept: context.req.header('accept') ?? '',
    body: await context.req.text(),
  })
  if (answer === undefined) return closeSocket(context)
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'x-github-request-id': String(host.requests.length),
    'x-github-api-version-selected': '2022-11-28',
    ...answer.headers,
  }
  if (answer.body === undefined) return new Response(null, { status: answer.status, headers })
  const isText = !headers['content-type'].startsWith('application/json')
  return new Response(isText ? String(answer.body) : JSON.stringify(answer.body), {
    status: answer.status,
    headers,
  })
}

/** `/repositories/ID/…` means the repository with this number, whatever its name. */
function pathByName({ store }: Host, path: string): string {
  const [, id, rest = ''] = /^\/repositories\/(\d+)(.*)$/.exec(path) ?? []
  const repository = [...store.repositories.values()].find((one) => String(one.id) === id)
  return repository ? `/repos/${repository.fullName}${rest}` : path
}

async function graphQl(host: Host, context: Context<Environment>): Promise<Response> {
  const token = host.tokens.authenticate(context.req.header('authorization'))
  if (typeof token === 'string') return context.json({ message: 'Bad credentials' }, 401)
  return context.json(await answerGraphQl(host.store, token, await context.req.json<GraphQlRequest>()))
}

async function git(host: Host, context: Context<Environment>): Promise<Response> {
  const { pathname, search } = new URL(context.req.url)
  const [, owner, name = '', ...rest] = pathname.split('/')
  const moved = host.store.movedFrom(`${owner}/${name.replace(/\.git$/, '')}`)
  if (moved) return context.redirect(`${moved.cloneUrl}/${rest.join('/')}${search}`, 301)
  const request: GitRequest = {
    method: context.req.method,
    path: decodeURIComponent(pathname),
    query: search,
    headers: context.req.raw.headers,
    body: Buffer.from(await context.req.arrayBuffer()),
  }
  const record: GitRecord = {
    kind: 'git',
    at: host.store.now().toISOString(),
    service: `${pathname}${search}`.includes('git-receive-pack') ? 'push' : 'fetch',
    method: request.method,
    path: request.path,
    token: undefined,
    status: 0,
    commands: [],
  }
  host.gitRequests.push(record)
  const fault = host.faults.take(
    request.method,
    request.path,
    request.body,
    request.headers.get('authorization'),
  )
  const answer = await duringFault(fault, () => recorded(host, request, record))
  record.status = answer?.status ?? 0
  if (answer === undefined) return closeSocket(context)
  if (fault?.cutAfterBytes !== undefined) return cut(context, answer, fault.cutAfterBytes)
  const body = Buffer.isBuffer(answer.body) ? new Uint8Array(answer.body) : JSON.stringify(answer.body)
  return new Response(body, { status: answer.status, headers: answer.headers ?? {} })
}

async function recorded(host: Host, request: GitRequest, record: GitRecord): Promise<GitAnswer> {
  const answer = await answerGit(host.store, host.tokens, request)
  record.token = answer.token
  record.commands = answer.commands
  return answer
}

/** Announces the whole answer, sends its beginning, and breaks the connection: a transfer that was cut in the middle. */
function cut(context: Context<Environment>, { status, headers = {}, body }: Answer, bytes: number): Response {
  const whole = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body))
  const { incoming, outgoing } = context.env
  outgoing.writeHead(status, { ...headers, 'content-length': whole.length })
  outgoing.write(whole.subarray(0, Math.min(bytes, whole.length - 1)), () => incoming.socket.destroy())
  return RESPONSE_ALREADY_SENT
}

/** What a client sees when the connection breaks: no status, no body. */
function closeSocket(context: Context<Environment>): Response {
  context.env.incoming.socket.destroy()
  return new Response(null)
}
