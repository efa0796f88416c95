// Commits that the server signs, where a rule demands signatures: a commit that git pushes has none.
import { ForgeError } from '../../errors.ts'
import { type GitContext, git, readRemote } from './git.ts'
import type { NewCommit, SignedText } from './host.ts'

/** Rules on branches do not hold here, so that objects can be on the server before there is a signed commit of them. */
const UNSIGNED_REF = 'refs/autoresearch/unsigned'

/**
 * The same commit as one that the server signed, if a rule on the branch demands signatures; otherwise the commit itself.
 * Tree, parents and message stay.
 *
 * @throws ForgeError when the server does not sign for this token
 */
export async function signedIfDemanded(context: GitContext, commit: string, branch: string): Promise<string> {
  const { host, remoteUrl } = context
  if (!host || !(await host.rules(branch)).signatures) return commit
  await readRemote(context, ['push', '--quiet', remoteUrl, `+${commit}:${UNSIGNED_REF}`])
  const created = await host.createCommit(await readCommit(context, commit))
  if (created.signed === undefined)
    throw new ForgeError(
      'a rule of the repository requires signed commits, and GitHub signs none for this token',
      {
        hint: 'Use GITHUB_TOKEN or the token of an App: GitHub signs what they create. Or exclude autoresearch/** from the rule (Settings → Rules).',
      },
    )
  const text = withSignature(created.signed)
  const kept = await git(context, ['hash-object', '-t', 'commit', '-w', '--stdin'], { input: text })
  if (kept !== created.commit) throw new Error(`GitHub made ${created.commit}, but its text is ${kept}`)
  return kept
}

async function readCommit(context: GitContext, commit: string): Promise<NewCommit> {
  const text = await git(context, ['cat-file', 'commit', commit], { trim: false })
  const end = text.indexOf('\n\n')
  const headers = text.slice(0, end).split('\n')
  const valuesOf = (name: string) =>
    headers.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1))
  return { tree: valuesOf('tree')[0] ?? '', parents: valuesOf('parent'), message: text.slice(end + 2) }
}

/** The commit that git stores: the signature is the last of its headers. */
function withSignature({ payload, signature }: SignedText): string {
  const end = payload.indexOf('\n\n')
  const header = `gpgsig ${signature.replaceAll('\n', '\n ')}`
  return `${payload.slice(0, end)}\n${header}\n${payload.slice(end + 1)}`
}
