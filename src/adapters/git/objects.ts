// Reads git objects: trees, file contents, and the differences between two commits.
import { type GitContext, git, gitBytes, readRemote, tryGit } from './git.ts'

/** Maximum size of a file that is shown to proposers and compared as text. */
export const MAX_TEXT_BYTES = 512 * 1024

/** The trees of the commits known to be present locally; none is removed while this process runs. */
const found = new WeakMap<GitContext, Map<string, string>>()

/** The tree of a commit, which is fetched by its hash if it is not present locally. */
export async function treeOf(context: GitContext, commit: string): Promise<string> {
  const known = found.get(context) ?? new Map<string, string>()
  found.set(context, known)
  const tree = known.get(commit) ?? (await readTreeOf(context, commit))
  known.set(commit, tree)
  return tree
}

async function readTreeOf(context: GitContext, commit: string): Promise<string> {
  const args = ['rev-parse', '--verify', `${commit}^{tree}`]
  const tree = await tryGit(context, args)
  if (typeof tree === 'string') return tree
  await readRemote(context, ['fetch', '--quiet', '--no-tags', context.remoteUrl, commit])
  return git(context, args)
}

/** Ensures that a commit's objects are present locally, and fetches it by its hash if not. */
export async function present(context: GitContext, commit: string): Promise<string> {
  await treeOf(context, commit)
  return commit
}

export interface TreeEntry {
  mode: string
  object: string
  bytes: number
  path: string
}

/** Listings that are kept for each repository: a trial needs those of its base and its head several times. */
const KEPT_LISTINGS = 4

const listings = new WeakMap<GitContext, Map<string, Promise<readonly TreeEntry[]>>>()

/** @param tree hash of a tree or of a commit, so that what was listed once never changes */
export async function listTree(context: GitContext, tree: string): Promise<readonly TreeEntry[]> {
  const kept = listings.get(context) ?? new Map<string, Promise<readonly TreeEntry[]>>()
  listings.set(context, kept)
  const listing = kept.get(tree) ?? readTree(context, tree)
  // The one that was used last stands last.
  kept.delete(tree)
  kept.set(tree, listing)
  for (const old of [...kept.keys()].slice(0, -KEPT_LISTINGS)) kept.delete(old)
  listing.catch(() => kept.delete(tree))
  return listing
}

async function readTree(context: GitContext, tree: string): Promise<TreeEntry[]> {
  const output = await git(context, ['ls-tree', '-r', '-z', '--long', '--full-tree', tree])
  return splitNul(output).map((record) => {
    // Only the first tab separates, because a path may contain tabs too.
    const tab = record.indexOf('\t')
    const [head, path] = [record.slice(0, tab), record.slice(tab + 1)]
    const [mode = '', , object = '', bytes = ''] = head.split(/ +/)
    return { mode, object, bytes: Number(bytes) || 0, path }
  })
}

/** Reads texts by object name; undefined for objects that are missing, binary, very large or not UTF-8. */
export async function readBlobs(
  context: GitContext,
  names: readonly string[],
): Promise<(string | undefined)[]> {
  const contents = await readContents(context, names)
  return contents.map((content) => content && decodeText(content))
}

/** Reads contents by object name; undefined for objects that are missing or not files. */
export async function readContents(
  context: GitContext,
  names: readonly string[],
): Promise<(Buffer | undefined)[]> {
  if (names.length === 0) return []
  const bytes = await gitBytes(context, ['cat-file', '--batch'], `${names.join('\n')}\n`)
  let offset = 0
  return names.map(() => {
    const end = bytes.indexOf(10, offset)
    const header = bytes.toString('utf8', offset, end)
    offset = end + 1
    if (header.endsWith(' missing')) return undefined
    const [, kind, size] = header.split(' ')
    const content = bytes.subarray(offset, offset + Number(size))
    offset += Number(size) + 1
    return kind === 'blob' ? content : undefined
  })
}

function decodeText(content: Buffer): string | undefined {
  if (content.length > MAX_TEXT_BYTES || content.includes(0)) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content)
  } catch {
    return undefined
  }
}

interface RawChange {
  path: string
  /** 000000 where the file does not exist. */
  mode: string
  oldMode: string
  object: string
  oldObject: string
}

export async function rawChanges(context: GitContext, from: string, to: string): Promise<RawChange[]> {
  await present(context, from)
  await present(context, to)
  const fields = splitNul(
    await git(context, ['diff-tree', '-r', '-z', '--no-renames', '--full-index', from, to]),
  )
  return Array.from({ length: fields.length / 2 }, (_, index) => {
    const [oldMode = '', mode = '', oldObject = '', object = ''] = (fields[2 * index] ?? '')
      .slice(1)
      .split(' ')
    return { path: fields[2 * index + 1] ?? '', mode, oldMode, object, oldObject }
  })
}

function splitNul(text: string): string[] {
  return text.split('\0').filter((part) => part !== '')
}
