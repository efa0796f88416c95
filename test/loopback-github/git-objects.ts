/** Commits and tree entries as git prints them, made into values. */
export interface Signature {
  readonly name: string
  readonly email: string
  readonly date: string
}

export interface Commit {
  readonly sha: string
  readonly tree: string
  readonly parents: readonly string[]
  readonly author: Signature
  readonly committer: Signature
  readonly message: string
}

export interface NewCommit {
  readonly tree: string
  readonly parents: readonly string[]
  readonly message: string
  readonly author: Signature
  readonly committer: Signature
}

export interface TreeEntry {
  readonly mode: string
  readonly type: 'blob' | 'tree' | 'commit'
  readonly sha: string
  readonly size: number | undefined
  readonly path: string
}

export const COMMIT_FORMAT = ['%H', '%T', '%P', '%an', '%ae', '%aI', '%cn', '%ce', '%cI', '%B'].join('%x00')

/** What `git log -z` prints in `COMMIT_FORMAT`. */
export function parseCommits(output: string): Commit[] {
  const fields = output.split('\0')
  const commits: Commit[] = []
  for (let at = 0; at + 9 < fields.length; at += 10) commits.push(parseCommit(fields.slice(at, at + 10)))
  return commits
}

function parseCommit(fields: readonly string[]): Commit {
  const [
    sha = '',
    tree = '',
    parents = '',
    an = '',
    ae = '',
    at = '',
    cn = '',
    ce = '',
    ct = '',
    message = '',
  ] = fields
  return {
    sha,
    tree,
    parents: parents.split(' ').filter(Boolean),
    author: { name: an, email: ae, date: utc(at) },
    committer: { name: cn, email: ce, date: utc(ct) },
    message: message.replace(/\n+$/, ''),
  }
}

/** The text of a commit object. */
export function parseCommitObject(sha: string, text: string): Commit {
  const end = text.indexOf('\n\n')
  const lines = text.slice(0, end).split('\n')
  const valuesOf = (key: string) =>
    lines.filter((line) => line.startsWith(`${key} `)).map((line) => line.slice(key.length + 1))
  return {
    sha,
    tree: valuesOf('tree')[0] ?? '',
    parents: valuesOf('parent'),
    author: parseSignature(valuesOf('author')[0] ?? ''),
    committer: parseSignature(valuesOf('committer')[0] ?? ''),
    message: text.slice(end + 2).replace(/\n+$/, ''),
  }
}

/** `NAME <EMAIL> SECONDS OFFSET` */
function parseSignature(text: string): Signature {
  const [, name = '', email = '', seconds = '0'] = /^(.*?) ?<(.*)> (\d+) /.exec(text) ?? []
  return { name, email, date: utc(new Date(Number(seconds) * 1000).toISOString()) }
}

const utc = (date: string) => new Date(date).toISOString().replace('.000Z', 'Z')

/** One line of `ls-tree -z --long`. */
export function parseTreeEntry(line: string): TreeEntry {
  const [facts = '', path = ''] = line.split('\t')
  const [mode = '', type = '', sha = '', size = ''] = facts.split(/ +/)
  return {
    mode,
    type: type as TreeEntry['type'],
    sha,
    size: size === '-' ? undefined : Number(size),
    path,
  }
}
