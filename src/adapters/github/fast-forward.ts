// Moves a branch forward. GitHub decides whether it is forward: a shallow clone does not know.
import { RequestError } from '@octokit/request-error'
import type { Forge, Moved } from '../../ports/forge.ts'
import type { GitHub } from './client.ts'

type Request = Parameters<Forge['fastForward']>[0]

export async function fastForward({ client, where }: GitHub, { branch, commit }: Request): Promise<Moved> {
  const to = { ...where, sha: commit, request: { retries: 0 } }
  try {
    await client.rest.git.updateRef({ ...to, ref: `heads/${branch}`, force: false })
    return { kind: 'moved' }
  } catch (error) {
    if (!(error instanceof RequestError) || ![403, 404, 409, 422].includes(error.status)) throw error
    return { kind: 'refused', explanation: error.message }
  }
}
