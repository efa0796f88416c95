/** Of GraphQL only what REST does not have: whose token it is, and whether a pull request is a draft. */
import { nodeId } from './render/user.ts'
import type { Store } from './store.ts'
import { permits, type Token } from './tokens.ts'

export interface GraphQlRequest {
  query: string
  variables?: { id?: string }
}

type GraphQlAnswer = { data: object } | { errors: readonly { type?: string; message: string }[] }

const VIEWER = '{ viewer { login } }'
const MUTATION =
  /^mutation ?\(\$id: ID!\) \{ (\w+)\(input: \{ pullRequestId: \$id \}\) \{ clientMutationId \} \}$/
/** What these mutations make of a pull request. */
const DRAFT: ReadonlyMap<string | undefined, boolean> = new Map([
  ['convertPullRequestToDraft', true],
  ['markPullRequestReadyForReview', false],
])

const refused = (message: string, type?: string): GraphQlAnswer => ({
  errors: [{ ...(type && { type }), message }],
})

export async function answerGraphQl(
  store: Store,
  token: Token,
  { query, variables }: GraphQlRequest,
): Promise<GraphQlAnswer> {
  const asked = query.replace(/\s+/g, ' ').trim()
  if (asked === VIEWER) return { data: { viewer: { login: token.actor.login } } }
  const [, mutation] = MUTATION.exec(asked) ?? []
  const draft = DRAFT.get(mutation)
  if (mutation === undefined || draft === undefined)
    return refused('This server answers only the queries in graphql.ts')
  const repository = store.find(token.repository)
  const pull = repository?.pulls.find(({ kind, id }) => nodeId(kind, id) === variables?.id)
  if (!repository || !pull)
    return refused(`Could not resolve to a node with the global id of '${variables?.id}'`, 'NOT_FOUND')
  // Whatever the permissions of its job, GITHUB_TOKEN may not.
  if (token.kind === 'actions' || !permits(token, 'pull_requests', 'write'))
    return refused('Resource not accessible by integration', 'FORBIDDEN')
  return repository.exclusively(async () => {
    repository.replica.beforeWrite(repository)
    Object.assign(pull, { draft, updatedAt: store.timestamp() })
    return { data: { [mutation]: { clientMutationId: null } } }
  })
}
