/** Objects and refs written as git writes them, without starting git: tests make thousands. git itself reads and checks them. */
import { createHash, randomUUID } from 'node:crypto'
import * as fs from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { deflateSync } from 'node:zlib'
import type { NewCommit, Signature } from './git-objects.ts'

/** A file's content, with a mode where it is not the usual one; the commit of a submodule; or what is stored already. */
export type PlainEntry =
  | string
  | Buffer
  | { mode: string; content: string | Buffer }
  | { submodule: string }
  | { mode: string; sha: string }

type Tree = Map<string, PlainEntry | Tree>

export async function writeObject(
  gitDir: string,
  type: 'blob' | 'tree' | 'commit',
  content: string | Buffer,
): Promise<string> {
  const bytes = Buffer.from(content)
  const object = Buffer.concat([Buffer.from(`${type} ${bytes.length}\0`), bytes])
  const sha = createHash('sha1').update(object).digest('hex')
  await replaceFile(join(gitDir, 'objects', sha.slice(0, 2), sha.slice(2)), deflateSync(object, { level: 1 }))
  return sha
}

/** @param files by path from the root */
export function writeTree(gitDir: string, files: Readonly<Record<string, PlainEntry>>): Promise<string> {
  const root: Tree = new Map()
  for (const [path, entry] of Object.entries(files)) {
    const folders = path.split('/')
    const name = folders.pop() ?? ''
    folders.reduce(folderIn, root).set(name, entry)
  }
  return writeFolder(gitDir, root)
}

export function writeCommit(
  gitDir: string,
  { tree, parents, message, author, committer }: NewCommit,
): Promise<string> {
  const head = [
    `tree ${tree}`,
    ...parents.map((parent) => `parent ${parent}`),
    `author ${signed(author)}`,
    `committer ${signed(committer)}`,
  ]
  return writeObject(gitDir, 'commit', `${head.join('\n')}\n\n${message}`)
}

/** For refs that nobody else moves at the same time: there is no lock. */
export function writeRef(gitDir: string, ref: string, sha: string): Promise<void> {
  return replaceFile(join(gitDir, ref), `${sha}\n`)
}

function folderIn(tree: Tree, name: string): Tree {
  const known = tree.get(name)
  if (known instanceof Map) return known
  const made: Tree = new Map()
  tree.set(name, made)
  return made
}

async function writeFolder(gitDir: string, tree: Tree): Promise<string> {
  const entries = await Promise.all(
    [...tree].map(async ([name, entry]) => {
      if (!(entry instanceof Map))
        return { name, place: Buffer.from(name), ...(await writeEntry(gitDir, entry)) }
      return { name, place: Buffer.from(`${name}/`), mode: '40000', sha: await writeFolder(gitDir, entry) }
    }),
  )
  // By bytes, folders as if their names ended with a slash.
  entries.sort((one, other) => Buffer.compare(one.place, other.place))
  const lines = entries.flatMap(({ mode, name, sha }) => [
    Buffer.from(`${mode} ${name}\0`),
    Buffer.from(sha, 'hex'),
  ])
  return writeObject(gitDir, 'tree', Buffer.concat(lines))
}

async function writeEntry(gitDir: string, entry: PlainEntry): Promise<{ mode: string; sha: string }> {
  if (typeof entry === 'string' || Buffer.isBuffer(entry))
    return writeEntry(gitDir, { mode: '100644', content: entry })
  if ('submodule' in entry) return { mode: '160000', sha: entry.submodule }
  if ('sha' in entry) return entry
  return { mode: entry.mode, sha: await writeObject(gitDir, 'blob', entry.content) }
}

const signed = ({ name, email, date }: Signature) =>
  `${name} <${email}> ${Math.floor(Date.parse(date) / 1000)} +0000`

async function replaceFile(path: string, content: string | Buffer): Promise<void> {
  const draft = `${path}.${randomUUID()}`
  await fs.mkdir(dirname(path), { recursive: true })
  await fs.writeFile(draft, content)
  await fs.rename(draft, path)
}
