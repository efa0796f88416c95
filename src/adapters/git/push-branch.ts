// Pushes one branch, and says who made a commit.
import { ForgeError } from '../../errors.ts'
import type { OnboardingRemote } from '../../ports/forge.ts'
import type { BranchUpdate } from '../../ports/repository.ts'
import { BOT_EMAIL, type GitContext, git, tryGit } from './git.ts'
import { present } from './objects.ts'

export async function isOurs(context: GitContext, commit: string): Promise<boolean> {
  const author = await git(context, ['log', '-1', '--format=%ae', await present(context, commit)])
  return author === BOT_EMAIL
}

/** @throws ForgeError when the push is refused for another reason than a workflow file */
export async function pushBranch(
  context: GitContext,
  { branch, from, to }: BranchUpdate,
): ReturnType<OnboardingRemote['push']> {
  const ref = `refs/heads/${branch}`
  const lease = `--force-with-lease=${ref}:${from ?? ''}`
  const pushed = await tryGit(context, ['push', '--quiet', lease, context.remoteUrl, `${to ?? ''}:${ref}`])
  if (typeof pushed === 'string') return 'pushed'
  if (/refusing to allow .* workflow/i.test(pushed.stderr)) return 'workflow-refused'
  throw new ForgeError(`the push to ${branch} was refused: ${pushed.stderr.trim()}`, {
    hint: 'Give the job `contents: write`, and allow it to push to autoresearch/**.',
  })
}
