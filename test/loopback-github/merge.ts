/** The three ways GitHub merges, done on bare objects: `merge-tree`, `commit-tree`, and nothing that touches a ref. */
import type { Commit, Signature } from './git-objects.ts'
import type { GitRepository } from './git-repository.ts'
import type { Actor, PullRequest, Repository } from './store.ts'

export type MergeMethod = 'merge' | 'squash' | 'rebase'

export interface MergePlan {
  readonly method: MergeMethod
  readonly baseSha: string
  readonly headSha: string
  readonly title: string | undefined
  readonly message: string | undefined
  readonly by: Actor
  readonly date: string
}

/** Merges two commits into a tree; `undefined` when they conflict. */
export const mergeTrees = (git: GitRepository, ours: string, theirs: string) =>
  git.ask(['merge-tree', '--write-tree', '--no-messages', ours, theirs])

export const githubSignature = (date: string): Signature => ({
  name: 'GitHub',
  email: 'noreply@github.com',
  date,
})

export const signatureOf = ({ login, id }: Actor, date: string): Signature => ({
  name: login,
  email: `${id}+${login}@users.noreply.github.com`,
  date,
})

/** The commit that the base branch shall point to; `undefined` when there are conflicts. */
export function buildMerge(repository: Repository, pull: PullRequest, plan: MergePlan) {
  if (plan.method === 'rebase') return rebase(repository.git, plan)
  return plan.method === 'squash' ? squash(repository, pull, plan) : mergeCommit(repository, pull, plan)
}

async function mergeCommit({ git, owner }: Repository, pull: PullRequest, plan: MergePlan) {
  const tree = await mergeTrees(git, plan.baseSha, plan.headSha)
  if (tree === undefined) return undefined
  const title = plan.title ?? `Merge pull request #${pull.number} from ${owner}/${pull.head.ref}`
  return git.createCommit({
    tree,
    parents: [plan.baseSha, plan.headSha],
    message: joined(title, plan.message ?? pull.title),
    author: signatureOf(plan.by, plan.date),
    committer: githubSignature(plan.date),
  })
}

async function squash({ git }: Repository, pull: PullRequest, plan: MergePlan) {
  const tree = await mergeTrees(git, plan.baseSha, plan.headSha)
  if (tree === undefined) return undefined
  const commits = await commitsBetween(git, plan.baseSha, plan.headSha)
  const author = signatureOf(pull.user, plan.date)
  const { title, message } = squashText(pull, commits)
  return git.createCommit({
    tree,
    parents: [plan.baseSha],
    message: joined(
      plan.title ?? title,
      [plan.message ?? message, coAuthors(commits, author)].filter(Boolean).join('\n\n'),
    ),
    author,
    committer: githubSignature(plan.date),
  })
}

/** GitHub's default: one commit gives its own text, several give the pull request's title and a list. */
function squashText(pull: PullRequest, commits: readonly Commit[]) {
  const [only, ...others] = commits
  if (only !== undefined && others.length === 0) {
    const [subject = '', ...rest] = only.message.split('\n')
    return { title: `${subject} (#${pull.number})`, message: rest.join('\n').trim() }
  }
  const message = commits.map((commit) => `* ${commit.message}`).join('\n\n')
  return { title: `${pull.title} (#${pull.number})`, message }
}

function coAuthors(commits: readonly Commit[], author: Signature): string {
  const others = commits
    .filter((commit) => commit.author.email !== author.email)
    .map((commit) => `Co-authored-by: ${commit.author.name} <${commit.author.email}>`)
  return [...new Set(others)].join('\n')
}

async function rebase(git: GitRepository, plan: MergePlan) {
  let tip = plan.baseSha
  for (const commit of await commitsBetween(git, plan.baseSha, plan.headSha)) {
    const picked = await cherryPick(git, commit, tip, plan.date)
    if (picked === undefined) return undefined
    tip = picked
  }
  return tip
}

/**
 * git 2.39 has no `merge-tree --merge-base`, so the tip's tree is dressed as a sibling of the commit:
 * their merge base is then the commit's own parent.
 */
async function cherryPick(git: GitRepository, commit: Commit, onto: string, date: string) {
  const { tree } = await git.readCommit(onto)
  const committer = githubSignature(date)
  const sibling = { tree, parents: commit.parents, message: 'sibling', author: committer, committer }
  const merged = await mergeTrees(git, await git.createCommit(sibling), commit.sha)
  if (merged === undefined) return undefined
  const { message, author } = commit
  return git.createCommit({ tree: merged, parents: [onto], message, author, committer })
}

/** Oldest first, without merge commits. */
const commitsBetween = (git: GitRepository, base: string, head: string) =>
  git.log(['--reverse', '--topo-order', '--no-merges', `${base}..${head}`])

const joined = (title: string, message: string) => (message === '' ? title : `${title}\n\n${message}`)
