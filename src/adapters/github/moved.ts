// Follows a repository that is renamed or transferred while a job works on it: GitHub redirects the former name.
import { RequestError } from '@octokit/request-error'
import type { Octokit } from '@octokit/rest'
import type { Log } from '../../ports/job.ts'

const BY_NUMBER = /\/repositories\/(\d+)(?:[/?]|$)/

/**
 * Reads the new name after the first redirect and keeps it in `where`. `fetch` follows redirects by itself, but pull requests
 * are searched by the name of the owner.
 */
export function followMove(
  client: Pick<Octokit, 'request'>,
  where: { owner: string; repo: string },
  log: Log,
) {
  let known: string | undefined
  const follow = async (asked: string, answered: string | undefined): Promise<void> => {
    const [, id] = BY_NUMBER.exec(answered ?? '') ?? []
    // The next page of a list is at the number, too.
    if (id === undefined || id === known || BY_NUMBER.test(asked)) return
    known = id
    const { data } = await client.request('GET /repositories/{id}', { id })
    const { name, owner } = data as { name: string; owner: { login: string } }
    Object.assign(where, { owner: owner.login, repo: name })
    log.warn(`The repository is called ${owner.login}/${name} now; this job goes on under the new name`)
  }
  return async <Options extends { url: string }, Response extends { url: string }>(
    request: (options: Options) => Response | Promise<Response>,
    options: Options,
  ): Promise<Response> => {
    try {
      const response = await request(options)
      await follow(options.url, response.url)
      return response
    } catch (error) {
      if (error instanceof RequestError) await follow(options.url, error.response?.url)
      throw error
    }
  }
}
