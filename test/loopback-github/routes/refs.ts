/** Refs of the git database: read, create, move, delete; a move is a compare-and-swap and obeys the branch rules. */
import { created, listed, noContent, notFound, ok, unprocessable } from '../answers.ts'
import { type RefChange, ruleViolations } from '../branch-rules.ts'
import type { Call, Route } from '../call.ts'
import { ZERO_SHA } from '../git-repository.ts'
import { followRefs } from '../pull-requests.ts'
import { renderRef } from '../render/repository.ts'
import { refuseWorkflowChange } from '../workflow-files.ts'

const READ = [['contents', 'read']] as const
const WRITE = [['contents', 'write']] as const

async function getRef({ repository, params }: Call) {
  const ref = `refs/${params.ref}`
  const sha = await repository.git.readRef(ref)
  if (sha === undefined) throw notFound()
  return ok(renderRef(repository, ref, sha))
}

async function listMatchingRefs({ repository, params, url }: Call) {
  const refs = await repository.git.refs()
  const matching = [...refs].filter(([ref]) => ref.startsWith(`refs/${params.ref}`))
  return listed(matching, url, ([ref, sha]) => renderRef(repository, ref, sha))
}

async function createRef(call: Call) {
  const { repository, store, token, body } = call
  const { ref, sha } = body as { ref: string; sha: string }
  if (!/^refs\/[^/]+\/./.test(ref))
    throw unprocessable("Reference name must start with 'refs/' and contain at least two slashes.")
  if (!(await repository.git.succeeds(['check-ref-format', ref])))
    throw unprocessable(`${ref} is not a valid ref name.`)
  await refuseMissingObject(call, sha)
  if ((await repository.git.readRef(ref)) !== undefined) throw unprocessable('Reference already exists')
  await refuseWorkflowChange(repository, token, sha)
  if (!(await repository.git.updateRef(ref, sha, ZERO_SHA))) throw unprocessable('Reference already exists')
  await followRefs(repository, store, token.actor)
  return created(renderRef(repository, ref, sha))
}

async function updateRef(call: Call) {
  const { repository, store, token, params, body } = call
  const { sha, force = false } = body as { sha: string; force?: boolean }
  const ref = `refs/${params.ref}`
  const before = await repository.git.readRef(ref)
  if (before === undefined) throw unprocessable('Reference does not exist')
  await refuseMissingObject(call, sha)
  const isFastForward = await repository.git.isAncestor(before, sha)
  if (!isFastForward && !force) throw unprocessable('Update is not a fast forward')
  if (before !== sha) refuseByRules(call, { kind: isFastForward ? 'fast-forward' : 'force', ref })
  await refuseWorkflowChange(repository, token, sha)
  if (!(await repository.git.updateRef(ref, sha, before))) throw unprocessable('Reference cannot be updated')
  await followRefs(repository, store, token.actor)
  return ok(renderRef(repository, ref, sha))
}

async function deleteRef(call: Call) {
  const { repository, store, token, params } = call
  const ref = `refs/${params.ref}`
  if ((await repository.git.readRef(ref)) === undefined) throw unprocessable('Reference does not exist')
  refuseByRules(call, { kind: 'delete', ref })
  await repository.git.deleteRef(ref)
  await followRefs(repository, store, token.actor)
  return noContent()
}

function refuseByRules({ repository }: Call, change: RefChange): void {
  const [broken] = ruleViolations(repository.rules, change)
  if (broken !== undefined) throw unprocessable(`Repository rule violations found\n\n${broken}\n\n`)
}

async function refuseMissingObject({ repository }: Call, sha: string): Promise<void> {
  if (/^[0-9a-f]{40}$/.test(sha) && (await repository.git.object(sha))) return
  throw unprocessable('Object does not exist')
}

export const refRoutes: Record<string, Route> = {
  'git/get-ref': { needs: READ, answer: getRef },
  'git/list-matching-refs': { needs: READ, answer: listMatchingRefs },
  'git/create-ref': { needs: WRITE, answer: createRef },
  'git/update-ref': { needs: WRITE, answer: updateRef },
  'git/delete-ref': { needs: WRITE, answer: deleteRef },
}
