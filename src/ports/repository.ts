// The repository's commits, trees and branches.
import type { Change } from '../core/gate/gate.ts'
import type { FileEdits } from '../core/record/candidate.ts'
import type { ForeignText } from '../core/text/encoding.ts'

/** The repository's git data: reads commits and creates candidate commits. Never executes repository content. */
export interface Repository {
  remoteBranches(): Promise<RemoteBranches>
  treeOf(commit: string): Promise<string>
  /** Every file of a commit, with its git mode and the name of its content. */
  listFiles(commit: string): Promise<readonly TreeFile[]>
  /** Text files at a commit, by path, without binary and very large files. */
  readFiles(commit: string): Promise<ReadonlyMap<string, string>>
  /** Text files at a commit that are not in UTF-8, by path; `readFiles` leaves them out. */
  foreignTexts(commit: string): Promise<ReadonlyMap<string, ForeignText>>
  /** One file at a commit, or undefined. */
  readFile(commit: string, path: string): Promise<string | undefined>
  /** The differences between two commits. */
  changes(from: string, to: string): Promise<Change[]>
  /** Creates a commit that makes these edits on top of `base`; files keep their modes. It stays local until a branch is pushed to it. */
  commit(request: {
    base: string
    files: FileEdits
    message: string
  }): Promise<{ commit: string; tree: string }>
  /**
   * Replays the change of the commit `head` on `onto`.
   *
   * @param branch the branch that will move from `head` to the result, as its rules allow
   */
  rebase(head: string, onto: string, branch?: string): Promise<Replayed | Forbidden>
  /** Creates a commit on top of `onto` with the change that leads from one commit to another; `to` gives it its message. */
  reapply(request: { from: string; to: string; onto: string }): Promise<Replayed>
  /** Creates a commit on top of `onto` that undoes what `commit` changed relative to its first parent. */
  revert(request: { commit: string; onto: string; message: string }): Promise<Replayed>
}

export interface TreeFile {
  path: string
  /** 100644 for a plain file, 100755 for an executable one. */
  mode: string
  object: string
}

export type Replayed = { kind: 'rebased'; commit: string; tree: string } | { kind: 'conflict' }

/** The rules on the branch allow it to move to no replayed commit. */
export interface Forbidden {
  kind: 'forbidden'
  explanation: string
}

export interface RemoteBranches {
  defaultBranch: string
  /** Commit by branch name. */
  commits: ReadonlyMap<string, string>
  /** Object by name, of the tags below `autoresearch/`. */
  tags: ReadonlyMap<string, string>
}

/** Moves a branch or a tag from a known commit to another one; null means that it does not exist. */
export interface BranchUpdate {
  branch: string
  /** `branch` is the name of a tag. */
  isTag?: true
  from: string | null
  to: string | null
}
