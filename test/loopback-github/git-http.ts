/** The bridge between HTTP and `git http-backend`: who may fetch and push, what a push may do, and what follows from it. */
import { NOT_LINEAR, rulesFor, ruleViolations, UNSIGNED } from './branch-rules.ts'
import { ZERO_SHA } from './git-repository.ts'
import { explainRefusals, type RefCommand, readRefCommands } from './pkt-line.ts'
import { followRefs, sentenceFor, unmetChecks } from './pull-requests.ts'
import { runGit } from './run-git.ts'
import type { Repository, Store } from './store.ts'
import { maySee, permits, type Token, type Tokens } from './tokens.ts'
import { workflowRefusal } from './workflow-files.ts'

export interface GitRequest {
  readonly method: string
  /** `/OWNER/REPO.git/...` */
  readonly path: string
  readonly query: string
  readonly headers: Headers
  readonly body: Buffer
}

export interface GitAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  readonly token: string | undefined
  readonly commands: readonly RefCommand[]
}

const refusal = (status: number, message: string, token?: Token): GitAnswer => ({
  status,
  headers: {
    'content-type': 'text/plain; charset=utf-8',
    ...(status === 401 ? { 'www-authenticate': 'Basic realm="GitHub"' } : {}),
  },
  body: Buffer.from(`${message}\n`),
  token: token?.name,
  commands: [],
})

export async function answerGit(store: Store, tokens: Tokens, request: GitRequest): Promise<GitAnswer> {
  const [, owner = '', name = ''] = request.path.split('/')
  const repository = store.find(`${owner}/${name.replace(/\.git$/, '')}`)
  const isPush = `${request.path}${request.query}`.includes('git-receive-pack')
  const token = tokens.authenticate(request.headers.get('authorization') ?? undefined)
  if (token === 'bad')
    return refusal(401, 'Invalid username or token. Password authentication is not supported.')
  if (token === 'absent') {
    const isOpen = repository !== undefined && !repository.settings.private && !isPush
    return isOpen ? serve(repository, request, undefined) : refusal(401, 'Repository not found.')
  }
  if (repository === undefined || !maySee(token, repository))
    return refusal(404, 'Repository not found.', token)
  if (!permits(token, 'contents', isPush ? 'write' : 'read'))
    return refusal(403, `Permission to ${repository.fullName}.git denied to ${token.actor.login}.`, token)
  const fresh = await newCommits(repository, request)
  if (fresh.length > 0) repository.replica.beforeWrite(repository)
  const answer = await serve(repository, request, token)
  if (answer.commands.length === 0) return answer
  repository.replica.pushed(fresh)
  recordEvents(repository, token, answer.commands)
  await repository.exclusively(() => followRefs(repository, store, token.actor))
  return answer
}

const isReceive = ({ method, path }: GitRequest) => method === 'POST' && path.endsWith('/git-receive-pack')

/** The commits of a push that were not there before. */
async function newCommits({ git }: Repository, request: GitRequest): Promise<string[]> {
  const commits = isReceive(request) ? readRefCommands(request.body).map(({ after }) => after) : []
  const known = await Promise.all(commits.map((commit) => git.object(commit)))
  return commits.filter((commit, index) => commit !== ZERO_SHA && !known[index])
}

/** What `GITHUB_TOKEN` pushes starts nothing; what others push starts the workflows of the repository. */
function recordEvents(repository: Repository, token: Token, commands: readonly RefCommand[]): void {
  const runs = token.kind === 'actions' ? 'none' : 'started'
  for (const { ref, after } of commands)
    if (ref.startsWith('refs/heads/') && after !== ZERO_SHA)
      repository.events.push({ event: 'push', ref, token: token.name, runs })
}

/** What `git upload-pack` says it can do in version 2 of the protocol: the same for each repository here, as their settings are. */
let abilities: ReturnType<typeof parseCgi> | undefined

async function serve(
  repository: Repository,
  request: GitRequest,
  token: Token | undefined,
): Promise<GitAnswer> {
  const asksAbilities =
    request.query.endsWith('service=git-upload-pack') && request.headers.get('git-protocol') === 'version=2'
  if (asksAbilities && abilities) return { ...abilities, token: token?.name, commands: [] }
  const commands = isReceive(request) ? readRefCommands(request.body) : []
  const { stdout, stderr, exitCode } = await runGit(['http-backend'], {
    env: { ...cgiVariables(repository, request, token), ...hookVariables(repository, token, commands) },
    input: request.body,
  })
  if (exitCode !== 0) return refusal(500, `git http-backend: ${stderr}`, token)
  const answer = parseCgi(stdout)
  if (asksAbilities) abilities = answer
  return { ...answer, body: explainRefusals(answer.body), token: token?.name, commands }
}

function cgiVariables(
  repository: Repository,
  { method, path, query, headers, body }: GitRequest,
  token?: Token,
) {
  const inside = path.split('/').slice(3).join('/')
  return {
    GIT_PROJECT_ROOT: repository.gitDir,
    GIT_HTTP_EXPORT_ALL: '1',
    GIT_PROTOCOL: headers.get('git-protocol') ?? '',
    PATH_INFO: `/${inside}`,
    QUERY_STRING: query.replace(/^\?/, ''),
    REQUEST_METHOD: method,
    CONTENT_TYPE: headers.get('content-type') ?? '',
    CONTENT_LENGTH: String(body.length),
    HTTP_CONTENT_ENCODING: headers.get('content-encoding') ?? '',
    REMOTE_USER: token === undefined ? '' : token.actor.login,
    REMOTE_ADDR: '127.0.0.1',
  }
}

/** What `update-hook.sh` needs to know; the rules are resolved here for the refs of this very push. */
function hookVariables(repository: Repository, token: Token | undefined, commands: readonly RefCommand[]) {
  const kinds = ['create', 'fast-forward', 'force', 'delete'] as const
  const rules = commands.flatMap(({ ref, after }) =>
    kinds.flatMap((kind) =>
      [
        ...ruleViolations(repository.rules, { kind, ref }),
        ...(kind === 'delete' || !isBranch(ref)
          ? []
          : unmetChecks(repository, branchOf(ref), after).map(sentenceFor)),
      ].map((sentence) => `${kind} ${ref} ${sentence}`),
    ),
  )
  const refsWith = (rule: 'requireSignatures' | 'requireLinearHistory', sentence: string) =>
    commands
      .filter(({ ref }) => isBranch(ref) && rulesFor(repository.rules, branchOf(ref))[rule])
      .map(({ ref }) => `${ref} ${sentence}`)
      .join('\n')
  const mayChangeWorkflows = token === undefined || permits(token, 'workflows', 'write')
  return {
    LOOPBACK_RULES: rules.join('\n'),
    LOOPBACK_RULES_PAGE: `${repository.htmlUrl}/rules`,
    LOOPBACK_SIGNED: refsWith('requireSignatures', UNSIGNED),
    LOOPBACK_LINEAR: refsWith('requireLinearHistory', NOT_LINEAR),
    LOOPBACK_DEFAULT: `refs/heads/${repository.defaultBranch}`,
    LOOPBACK_WORKFLOW_REFUSAL: mayChangeWorkflows ? '' : workflowRefusal(token, 'PATH'),
  }
}

/** Rules are on branches: other refs, such as `refs/notes/x`, have none. */
const isBranch = (ref: string) => ref.startsWith('refs/heads/')
const branchOf = (ref: string) => ref.slice('refs/heads/'.length)

function parseCgi(output: Buffer): Pick<GitAnswer, 'status' | 'headers' | 'body'> {
  const end = output.indexOf('\r\n\r\n')
  const lines = output.toString('latin1', 0, end).split('\r\n')
  const headers = Object.fromEntries(
    lines.map((line) => {
      const [name = '', ...value] = line.split(':')
      return [name.toLowerCase(), value.join(':').trim()]
    }),
  )
  const { status = '200', ...rest } = headers
  return { status: Number.parseInt(status, 10), headers: rest, body: output.subarray(end + 4) }
}
