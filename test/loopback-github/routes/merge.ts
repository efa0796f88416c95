/** `PUT /pulls/{n}/merge`, with every refusal GitHub knows. */
import { GitHubError, ok } from '../answers.ts'
import { mergeViolations, NOT_LINEAR, rulesFor } from '../branch-rules.ts'
import type { Call, Route } from '../call.ts'
import { buildMerge, type MergeMethod } from '../merge.ts'
import {
  followRefs,
  lookIntoMerging,
  markMerged,
  missingChecks,
  sentenceFor,
  tipsOf,
} from '../pull-requests.ts'
import type { PullRequest, Settings } from '../store.ts'
import { refuseWorkflowChange } from '../workflow-files.ts'
import { pullOf } from './pulls.ts'

interface MergeRequest {
  commit_title?: string
  commit_message?: string
  sha?: string
  merge_method?: MergeMethod
}

const METHODS = {
  merge: { setting: 'allowMergeCommit', name: 'Merge commits' },
  squash: { setting: 'allowSquashMerge', name: 'Squash merges' },
  rebase: { setting: 'allowRebaseMerge', name: 'Rebase merges' },
} as const satisfies Record<MergeMethod, { setting: keyof Settings; name: string }>

const refused = (message: string) => new GitHubError(405, message)

async function merge(call: Call) {
  const { repository, store, token } = call
  const pull = pullOf(call)
  const wanted = call.body as MergeRequest
  const method = wanted.merge_method ?? 'merge'
  refuse(call, pull, wanted, method)
  const tips = await tipsOf(repository, pull)
  if (tips === undefined) throw refused('Pull Request is not mergeable')
  const { unknownMergeability } = repository.replica
  if (unknownMergeability > 0) {
    const known = await lookIntoMerging(repository, store, pull, tips, unknownMergeability)
    if (known === undefined) throw refused('Pull Request is not mergeable')
  }
  await refuseWorkflowChange(repository, token, tips.headSha, tips.baseSha)
  const sha = await buildMerge(repository, pull, {
    method,
    ...tips,
    title: wanted.commit_title,
    message: wanted.commit_message,
    by: token.actor,
    date: store.timestamp(),
  })
  if (sha === undefined) throw refused('Pull Request is not mergeable')
  if (!(await repository.git.updateRef(`refs/heads/${pull.base.ref}`, sha, tips.baseSha)))
    throw refused('Base branch was modified. Review and try the merge again.')
  pull.base.sha = tips.baseSha
  markMerged(pull, token.actor, sha, store.timestamp())
  await followRefs(repository, store, token.actor)
  return ok({ sha, merged: true, message: 'Pull Request successfully merged' })
}

function refuse({ repository }: Call, pull: PullRequest, { sha }: MergeRequest, method: MergeMethod): void {
  if (pull.state === 'closed') throw refused('Pull Request is not mergeable')
  if (pull.draft) throw refused('Pull Request is still a draft')
  const { setting, name } = METHODS[method]
  if (!repository.settings[setting]) throw refused(`${name} are not allowed on this repository.`)
  const moved = sha !== undefined && sha !== pull.head.sha
  // Just after a push the API still has the head before it.
  if (moved || !repository.replica.knows(pull.head.sha))
    throw new GitHubError(409, 'Head branch was modified. Review and try the merge again.')
  const missing = missingChecks(repository, pull)
  if (missing.length > 0) throw refused(missing.map(sentenceFor).join(' '))
  const rules = rulesFor(repository.rules, pull.base.ref)
  const broken = mergeViolations(rules, pull.approvals)
  if (rules.requireLinearHistory && method === 'merge') broken.push(NOT_LINEAR)
  if (broken.length > 0) throw refused(`Repository rule violations found\n\n${broken.join('\n\n')}\n\n`)
}

export const mergeRoutes: Record<string, Route> = {
  'pulls/merge': { needs: [['contents', 'write']], answer: merge },
}
