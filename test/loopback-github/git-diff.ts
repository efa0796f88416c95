/** What changed between two trees, file by file, as GitHub counts and shows it. */
import type { GitRepository } from './git-repository.ts'

export interface FileChange {
  readonly path: string
  readonly previousPath: string | undefined
  readonly status: 'added' | 'removed' | 'modified' | 'renamed' | 'copied' | 'changed'
  /** The blob after the change; before it when the file was removed. */
  readonly sha: string
  readonly additions: number
  readonly deletions: number
  /** `undefined` for binary files and pure renames. */
  readonly patch: string | undefined
}

const STATUSES = {
  A: 'added',
  D: 'removed',
  M: 'modified',
  R: 'renamed',
  C: 'copied',
  T: 'changed',
} as const
const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904'

/** Changes from `before` (`undefined`: nothing) to `after`, in path order. */
export async function diffTrees(
  git: GitRepository,
  before: string | undefined,
  after: string,
): Promise<FileChange[]> {
  const args = ['--no-abbrev', '--find-renames', '--no-ext-diff', before ?? EMPTY_TREE, after]
  // With -z the raw list and the patches are one answer, parted by an empty field.
  const [list = '', patchText = ''] = splitOnce(
    await git.run(['diff', '--raw', '--patch', '-z', ...args]),
    '\0\0',
  )
  const raw = list.split('\0')
  const patches = patchText.split(/^(?=diff --git )/m)
  const changes: FileChange[] = []
  while (raw.length > 1) {
    const [, , beforeSha = '', afterSha = '', letters = ''] = (raw.shift() ?? '').split(' ')
    const first = raw.shift() ?? ''
    const second = /^[RC]/.test(letters) ? raw.shift() : undefined
    const status = STATUSES[letters.charAt(0) as keyof typeof STATUSES]
    const patch = patches.shift() ?? ''
    // A change of type (file to symlink) is printed as a removal and an addition.
    if (status === 'changed') patches.shift()
    changes.push({
      path: second ?? first,
      previousPath: second === undefined ? undefined : first,
      status,
      sha: status === 'removed' ? beforeSha : afterSha,
      ...patchFacts(patch),
    })
  }
  return changes
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator)
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)]
}

/** GitHub's `patch` starts at the first hunk. */
function patchFacts(text: string): Pick<FileChange, 'patch' | 'additions' | 'deletions'> {
  const start = text.search(/^@@ /m)
  if (start < 0) return { patch: undefined, additions: 0, deletions: 0 }
  const patch = text.slice(start).replace(/\n$/, '')
  const lines = patch.split('\n')
  return {
    patch,
    additions: lines.filter((line) => line.startsWith('+')).length,
    deletions: lines.filter((line) => line.startsWith('-')).length,
  }
}
