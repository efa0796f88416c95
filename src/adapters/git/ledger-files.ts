// The files on the ledger's branch: replacing one of them leaves the others, which people may have put there, as they are.
import { type GitContext, git } from './git.ts'

export const LEDGER_BRANCH = 'autoresearch/ledger'

/** A commit on top of `parent` in which one file has this text; null makes a first commit. */
export async function commitFile(
  context: GitContext,
  parent: string | null,
  { name, text, message }: { name: string; text: string; message: string },
): Promise<string> {
  const blob = await git(context, ['hash-object', '-w', '--stdin'], { input: text })
  const listed = parent === null ? '' : await git(context, ['ls-tree', '-z', parent], { trim: false })
  const others = listed.split('\0').filter((entry) => entry !== '' && !entry.endsWith(`\t${name}`))
  const entries = [...others, `100644 blob ${blob}\t${name}`].map((entry) => `${entry}\0`)
  const tree = await git(context, ['mktree', '-z'], { input: entries.join('') })
  const parents = parent === null ? [] : ['-p', parent]
  return git(context, ['commit-tree', tree, ...parents], { input: message })
}
