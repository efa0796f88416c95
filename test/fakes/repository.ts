// Git in memory: commits with whole files, one parent each, and the branches of the remote.
import type { Change } from '../../src/core/gate/gate.ts'
import type { FileEdits } from '../../src/core/record/candidate.ts'
import type { BaselineCommit } from '../../src/core/record/state.ts'
import type { BranchUpdate, Replayed, Repository, TreeFile } from '../../src/ports/repository.ts'
import { sha } from '../factories.ts'

export type Files = ReadonlyMap<string, string>

export interface FakeCommit {
  files: Files
  tree: string
  parent: string | undefined
}

export class FakeRepository implements Repository {
  readonly commits = new Map<string, FakeCommit>()
  readonly branches = new Map<string, string>()
  readonly tags = new Map<string, string>()

  /** Makes a commit whose id follows from its content. */
  put(files: Files, parent: string | undefined): string {
    const tree = treeOf(files)
    return this.putAs({ commit: sha(`${parent} ${tree}`), tree }, files, parent)
  }

  /** Makes a commit under the ids that a factory gave it. */
  putAs({ commit, tree }: BaselineCommit, files: Files, parent: string | undefined): string {
    this.commits.set(commit, { files, tree, parent })
    return commit
  }

  filesOf(commit: string): Files {
    return this.#commit(commit).files
  }

  /** Moves a branch as a push with a lease does. Returns whether the branch is where `to` says. */
  move({ branch, from, to, isTag }: BranchUpdate): boolean {
    const refs = isTag ? this.tags : this.branches
    const present = refs.get(branch) ?? null
    if (present === to) return true
    if (present !== from) return false
    if (to === null) refs.delete(branch)
    else refs.set(branch, to)
    return true
  }

  async remoteBranches() {
    return { defaultBranch: 'main', commits: new Map(this.branches), tags: new Map(this.tags) }
  }

  async treeOf(commit: string): Promise<string> {
    return this.#commit(commit).tree
  }

  async readFiles(commit: string): Promise<Files> {
    return this.filesOf(commit)
  }

  async foreignTexts() {
    return new Map()
  }

  async readFile(commit: string, path: string): Promise<string | undefined> {
    return this.filesOf(commit).get(path)
  }

  async changes(from: string, to: string): Promise<Change[]> {
    return this.#changes(from, to)
  }

  async listFiles(commit: string): Promise<TreeFile[]> {
    return [...this.filesOf(commit)].map(([path, text]) => ({ path, mode: '100644', object: sha(text) }))
  }

  async commit({ base, files }: { base: string; files: FileEdits }) {
    const after = new Map(this.filesOf(base))
    for (const [path, text] of files)
      if (text === null) after.delete(path)
      else after.set(path, text)
    return this.#made(after, base)
  }

  async rebase(head: string, onto: string): Promise<Replayed> {
    return this.replay(this.#parentOf(head), head, onto)
  }

  async reapply({ from, to, onto }: { from: string; to: string; onto: string }): Promise<Replayed> {
    return this.replay(from, to, onto)
  }

  async revert({ commit, onto }: { commit: string; onto: string }): Promise<Replayed> {
    return this.replay(commit, this.#parentOf(commit), onto)
  }

  /** Applies what differs between two commits to a third. Whole files: one that changed on both sides is a conflict. */
  replay(from: string, to: string, onto: string): Replayed {
    const files = new Map(this.filesOf(onto))
    for (const { path, before, after } of this.#changes(from, to)) {
      if (files.get(path) !== before && files.get(path) !== after) return { kind: 'conflict' }
      if (after === undefined) files.delete(path)
      else files.set(path, after)
    }
    return { kind: 'rebased', ...this.#made(files, onto) }
  }

  /** The newest commit that both sides contain. */
  mergeBase(one: string, other: string): string {
    const contained = new Set(this.history(one))
    const found = this.history(other).find((commit) => contained.has(commit))
    if (found === undefined) throw new Error(`${one} and ${other} have no commit in common`)
    return found
  }

  #commit(commit: string): FakeCommit {
    const found = this.commits.get(commit)
    if (!found) throw new Error(`there is no commit ${commit}`)
    return found
  }

  #parentOf(commit: string): string {
    const { parent } = this.#commit(commit)
    if (parent === undefined) throw new Error(`${commit} has no parent`)
    return parent
  }

  /** Every commit that this one contains, itself first. */
  history(commit: string): string[] {
    const history: string[] = []
    for (let at: string | undefined = commit; at !== undefined; at = this.#commit(at).parent) history.push(at)
    return history
  }

  #made(files: Files, parent: string) {
    return { commit: this.put(files, parent), tree: treeOf(files) }
  }

  #changes(from: string, to: string): Change[] {
    const [before, after] = [this.filesOf(from), this.filesOf(to)]
    return [...new Set([...before.keys(), ...after.keys()])]
      .filter((path) => before.get(path) !== after.get(path))
      .map((path) => {
        const [old, text] = [before.get(path), after.get(path)]
        const sides = { ...(old === undefined ? {} : { before: old }), ...(text && { after: text }) }
        return { path, mode: text === undefined ? null : '100644', ...sides }
      })
  }
}

/** The tree id of these files. */
function treeOf(files: Files): string {
  return sha(JSON.stringify([...files].sort()))
}
