/** GitHub lets a token bring changes of `.github/workflows` only with its own permission for that. */
import { GitHubError } from './answers.ts'
import type { Repository } from './store.ts'
import { permits, type Token } from './tokens.ts'

const WORKFLOWS = '.github/workflows'

export function workflowRefusal(token: Token, path: string): string {
  if (token.kind === 'pat')
    return `refusing to allow a Personal Access Token to create or update workflow \`${path}\` without \`workflow\` scope`
  return `refusing to allow a GitHub App to create or update workflow \`${path}\` without \`workflows\` permission`
}

/** Refuses when a commit behind `sha` that is new to `known` (default: all refs) touches a workflow file. */
export async function refuseWorkflowChange(
  repository: Repository,
  token: Token,
  sha: string,
  known = '--all',
): Promise<void> {
  if (permits(token, 'workflows', 'write')) return
  const args = ['log', '--max-count=1', '--format=', '--name-only', sha, '--not', known, '--', WORKFLOWS]
  const [path] = (await repository.git.run(args)).split('\n').filter(Boolean)
  if (path !== undefined) throw new GitHubError(403, workflowRefusal(token, path))
}
