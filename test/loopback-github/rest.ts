/** The way of a REST call: who asks, faults, limits, description, permission, effect, and the answer checked before it leaves. */
import { type Answer, GitHubError, notAccessible, notFound } from './answers.ts'
import type { Call, RequestRecord, Route, Violation } from './call.ts'
import { duringFault, type Faults } from './faults.ts'
import type { RateLimiter } from './limits.ts'
import { type Matched, matchOperation } from './operations.ts'
import { routes } from './routes/index.ts'
import type { Repository, Store } from './store.ts'
import { maySee, permits, type Token, type Tokens } from './tokens.ts'
import { checkAnswer, checkRequest, type Problem, unknownQuery } from './validate.ts'

export interface Rest {
  readonly store: Store
  readonly tokens: Tokens
  readonly limiter: RateLimiter
  readonly faults: Faults
  readonly requests: { push(record: RequestRecord): void }
  readonly violations: Violation[]
}

export interface RestRequest {
  readonly method: string
  readonly url: URL
  /** As sent, without `/api/v3`. */
  readonly path: string
  readonly authorization: string | undefined
  readonly accept: string
  readonly body: string
}

/** Answers one call; `undefined` means: close the socket without an answer. */
export async function answerRest(rest: Rest, request: RestRequest): Promise<Answer | undefined> {
  const { method, url } = request
  const path = decodeURIComponent(request.path)
  const record: RequestRecord = {
    kind: 'rest',
    at: rest.store.now().toISOString(),
    method,
    path,
    query: url.search,
    operation: undefined,
    token: undefined,
    status: 0,
    contentCreating: false,
  }
  rest.requests.push(record)
  const answer = await duringFault(rest.faults.take(method, path, request.body, request.authorization), () =>
    answerOrError(rest, request, record),
  )
  record.status = answer?.status ?? 0
  return answer
}

async function answerOrError(rest: Rest, request: RestRequest, record: RequestRecord): Promise<Answer> {
  try {
    return await authenticated(rest, request, record)
  } catch (error) {
    if (error instanceof GitHubError) return error.answer
    rest.violations.push(violation(record, [{ where: 'answer', message: String(error) }]))
    return { status: 500, body: { message: error instanceof Error ? error.stack : String(error) } }
  }
}

async function authenticated(rest: Rest, request: RestRequest, record: RequestRecord): Promise<Answer> {
  const token = rest.tokens.authenticate(request.authorization)
  if (token === 'bad') throw new GitHubError(401, 'Bad credentials')
  if (token === 'absent') throw new GitHubError(401, 'Requires authentication')
  record.token = token.name
  try {
    if (request.path !== '/rate_limit') admit(rest, token, request.method)
    const answer = await described(rest, request, record, token)
    return { ...answer, headers: { ...budgetHeaders(rest.limiter, token), ...answer.headers } }
  } catch (error) {
    if (!(error instanceof GitHubError)) throw error
    const { answer } = error
    return { ...answer, headers: { ...budgetHeaders(rest.limiter, token), ...answer.headers } }
  }
}

function admit({ limiter }: Rest, token: Token, method: string): void {
  const admission = limiter.admit(token, method !== 'GET')
  if (admission.kind === 'primary')
    throw new GitHubError(403, `API rate limit exceeded for installation ID ${token.actor.id}.`)
  if (admission.kind === 'secondary')
    throw new GitHubError(
      403,
      'You have exceeded a secondary rate limit and have been temporarily blocked from content creation. Please retry your request again later.',
      { headers: { 'retry-after': String(admission.retryAfter) } },
    )
}

function budgetHeaders(limiter: RateLimiter, token: Token): Record<string, string> {
  const budget = Object.entries(limiter.budget(token))
  return Object.fromEntries(budget.map(([name, value]) => [`x-ratelimit-${name}`, String(value)]))
}

async function described(rest: Rest, request: RestRequest, record: RequestRecord, token: Token) {
  const matched = matchOperation(request.method, request.path)
  const route = matched && routes[matched.operation.id]
  if (matched === undefined || route === undefined) {
    rest.violations.push(violation(record, [{ where: 'parameters', message: 'no such operation here' }]))
    throw notFound()
  }
  record.operation = matched.operation.id
  const repository = repositoryFor(rest, matched, token)
  if (route.needs.length > 0 && !route.needs.some(([permission, level]) => permits(token, permission, level)))
    throw notAccessible()
  const body = parseBody(request.body)
  refuseInvalid(rest, record, matched, request.url, body)
  recordIgnored(rest, record, route, { ...Object.fromEntries(request.url.searchParams), ...body })
  const { store, limiter } = rest
  const { url, accept } = request
  const isWrite = request.method !== 'GET'
  const call: Call = {
    store,
    limiter,
    repository: isWrite ? repository : repository.replica.read(repository),
    live: repository,
    token,
    params: matched.params,
    url,
    body: body ?? {},
    accept,
  }
  record.contentCreating = isWrite
  const effect = () => answerOf(route, call)
  const write = () => {
    repository.replica.beforeWrite(repository)
    return effect()
  }
  const answer = await (isWrite ? repository.exclusively(write) : effect())
  return checked(rest, record, matched, answer)
}

async function answerOf(route: Route, call: Call): Promise<Answer> {
  try {
    return await route.answer(call)
  } catch (error) {
    if (error instanceof GitHubError) return error.answer
    throw error
  }
}

/** A repository the token cannot see does not exist for it. `/rate_limit` has none and gets the token's own. */
function repositoryFor({ store }: Rest, { params }: Matched, token: Token): Repository {
  const named = params.owner === undefined ? token.repository : `${params.owner}/${params.repo}`
  const repository = store.find(named)
  if (repository === undefined || !maySee(token, repository)) throw notFound()
  return repository
}

function parseBody(text: string): Record<string, unknown> | undefined {
  if (text === '') return undefined
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    throw new GitHubError(400, 'Problems parsing JSON')
  }
}

function refuseInvalid(rest: Rest, record: RequestRecord, matched: Matched, url: URL, body: unknown): void {
  const query = Object.fromEntries(url.searchParams)
  const problems = checkRequest(matched.operation, { ...query, ...matched.params }, body)
  const ignored = unknownQuery(matched.operation, Object.keys(query))
  if (problems.length + ignored.length > 0) rest.violations.push(violation(record, [...problems, ...ignored]))
  if (problems.length === 0) return
  throw new GitHubError(422, `Invalid request.\n\n${problems.map(({ message }) => message).join('\n')}`)
}

/** What this server would silently leave out must not look as if it had worked. */
function recordIgnored(rest: Rest, record: RequestRecord, { ignores = [] }: Route, given: object): void {
  const ignored = ignores.filter((name) => name in given)
  const problems = ignored.map(
    (name) => ({ where: 'ignored', message: `"${name}" has no effect here` }) as const,
  )
  if (problems.length > 0) rest.violations.push(violation(record, problems))
}

/** An answer GitHub would never give is a bug of this server, and must not pass for GitHub's behaviour. */
function checked(rest: Rest, record: RequestRecord, { operation }: Matched, answer: Answer): Answer {
  const isJson = !(answer.headers?.['content-type'] ?? 'application/json').includes('vnd.github')
  const problems = isJson ? checkAnswer(operation, answer.status, answer.body) : []
  if (problems.length === 0) return answer
  rest.violations.push(violation(record, problems))
  return { status: 500, body: { message: 'The loopback GitHub answered unlike GitHub', problems } }
}

const violation = (record: RequestRecord, problems: readonly Problem[]): Violation => ({
  method: record.method,
  path: record.path,
  operation: record.operation,
  problems,
})
