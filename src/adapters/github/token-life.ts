// How long the token of a job lives: a job must not plan trials whose results it could not record any more.
import type { GitHub } from './client.ts'
import { describeRequest } from './repeat.ts'

/** An App's token lives an hour. GITHUB_TOKEN lives as long as its job, and on self-hosted machines at most a day. */
const LIFE_SECONDS = { app: 3600, actions: 24 * 3600 } as const
const ACTIONS = 'github-actions[bot]'

/** Seconds that the token lives from when it was created, or from now where GitHub tells; undefined: no end is known. */
export async function tokenSeconds({ client, options }: GitHub, now: Date): Promise<number | undefined> {
  // Both kinds of tokens begin like this; only the account behind them tells which it is.
  const isInstallation = options.token.startsWith('ghs_')
  const url = `${options.apiUrl.replace(/\/v3$/, '')}/graphql`
  const request = { method: 'POST', url, query: '{ viewer { login } }' } as const
  try {
    const { headers, data } = await client.request(request)
    const end = Date.parse(String(headers['github-authentication-token-expiration'] ?? ''))
    if (!Number.isNaN(end)) return (end - now.getTime()) / 1000
    const login: unknown = data?.data?.viewer?.login
    if (!isInstallation || typeof login !== 'string') return undefined
    return login === ACTIONS ? LIFE_SECONDS.actions : LIFE_SECONDS.app
  } catch (error) {
    // A job does not fail for this: when the token ends, that is said.
    options.log.info(`How long the token lives is not known (${describeRequest(request)}: ${error})`)
    return undefined
  }
}
