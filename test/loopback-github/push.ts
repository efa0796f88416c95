/** A person's push without a clone: what it leaves behind on the server, for tests that are not about git's own part in it. */
import { writeRef, writeTree } from './plain-objects.ts'
import { followRefs } from './pull-requests.ts'
import { ownerOf } from './render/repository.ts'
import type { Repository, Store } from './store.ts'

export interface Push {
  branch: string
  /** By path; what they change is committed on top of `from`. */
  files: Readonly<Record<string, string>>
  /** A branch. Default: `main`. */
  from?: string
}

const PERSON = { name: 'Ada', email: 'ada@example.org' }

/** @returns the SHA of the branch, which is moved by force where it must be */
export function push(store: Store, repository: Repository, { branch, files, from = 'main' }: Push) {
  return repository.exclusively(async () => {
    const { git, replica } = repository
    const parent = await git.resolve(from)
    if (parent === undefined) throw new Error(`There is no branch ${from} in ${repository.fullName}`)
    const known = await git.listTree(parent, { recursive: true })
    const kept = known.filter(({ type }) => type !== 'tree').map((entry) => [entry.path, entry] as const)
    const tree = await writeTree(git.directory, { ...Object.fromEntries(kept), ...files })
    const by = { ...PERSON, date: store.timestamp() }
    const message = `Change ${Object.keys(files).join(', ')}\n`
    const sha = await git.createCommit({ tree, parents: [parent], message, author: by, committer: by })
    replica.beforeWrite(repository)
    await writeRef(git.directory, `refs/heads/${branch}`, sha)
    replica.pushed([sha])
    await followRefs(repository, store, ownerOf(repository))
    return sha
  })
}
