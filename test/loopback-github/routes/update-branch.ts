/** `PUT /pulls/{n}/update-branch`: what the button "Update branch" does. */
import { unprocessable, validationFailed } from '../answers.ts'
import { NOT_LINEAR, rulesFor, ruleViolations } from '../branch-rules.ts'
import type { Call, Route } from '../call.ts'
import { githubSignature, mergeTrees, signatureOf } from '../merge.ts'
import { followRefs, type Tips, tipsOf } from '../pull-requests.ts'
import type { PullRequest } from '../store.ts'
import { refuseWorkflowChange } from '../workflow-files.ts'
import { pullOf } from './pulls.ts'

async function updateBranch(call: Call) {
  const { repository, store, token } = call
  const { git } = repository
  const pull = pullOf(call)
  const tips = await updatableTips(call, pull)
  const tree = await mergeTrees(git, tips.headSha, tips.baseSha)
  if (tree === undefined) throw refused('merge conflict between base and head')
  await refuseWorkflowChange(repository, token, tips.baseSha, tips.headSha)
  refuseByRules(call, pull)
  const date = store.timestamp()
  const sha = await git.createSignedCommit({
    tree,
    parents: [tips.headSha, tips.baseSha],
    message: `Merge branch '${pull.base.ref}' into ${pull.head.ref}`,
    author: signatureOf(token.actor, date),
    committer: githubSignature(date),
  })
  if (!(await git.updateRef(`refs/heads/${pull.head.ref}`, sha, tips.headSha))) throw HEAD_MOVED
  await followRefs(repository, store, token.actor)
  return {
    status: 202,
    body: { message: 'Updating pull request branch.', url: `${repository.htmlUrl}/pull/${pull.number}` },
  }
}

const HEAD_MOVED = unprocessable("expected head sha didn't match current head ref.")

const refused = (message: string) => validationFailed({ resource: 'PullRequest', code: 'custom', message })

async function updatableTips({ repository, body }: Call, pull: PullRequest): Promise<Tips> {
  const { expected_head_sha: expected } = body as { expected_head_sha?: string }
  if (expected !== undefined && expected !== pull.head.sha) throw HEAD_MOVED
  const tips = pull.state === 'open' ? await tipsOf(repository, pull) : undefined
  if (tips === undefined) throw refused('The pull request is closed.')
  if (await repository.git.isAncestor(tips.baseSha, tips.headSha))
    throw unprocessable('There are no new commits on the base branch.')
  return tips
}

function refuseByRules({ repository: { rules } }: Call, { head }: PullRequest): void {
  const change = { kind: 'fast-forward', ref: `refs/heads/${head.ref}` } as const
  const broken = ruleViolations(rules, change)
  if (rulesFor(rules, head.ref).requireLinearHistory) broken.push(NOT_LINEAR)
  if (broken.length > 0) throw unprocessable(`Repository rule violations found\n\n${broken.join('\n\n')}\n\n`)
}

export const updateBranchRoutes: Record<string, Route> = {
  'pulls/update-branch': { needs: [['pull_requests', 'write']], answer: updateBranch },
}
