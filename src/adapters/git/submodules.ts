// Submodules: the trees that a tree refers to by their commits.
import { appendFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { BaselineError } from '../../errors.ts'
import { type GitContext, tryGit } from './git.ts'
import type { TreeEntry } from './objects.ts'
import { cloneFolder, ownRepository } from './own-repository.ts'

export interface Submodule {
  /** Relative to the repository that names it. */
  path: string
  commit: string
  /** The repository that has the commit. */
  context: GitContext
  /** Its folder inside the clone's git folder, as git names it. */
  inClone: string
}

/**
 * Finds the submodules of a tree and makes their commits present: from the clone, where `actions/checkout` puts them, or fetched.
 *
 * @param inClone folder of the repository inside the clone's git folder; empty for the repository itself
 * @throws BaselineError naming the first submodule that cannot be had
 */
export async function openSubmodules(
  context: GitContext,
  tree: string,
  entries: readonly TreeEntry[],
  inClone: string,
): Promise<Submodule[]> {
  const links = entries.filter(({ mode }) => mode === '160000')
  if (links.length === 0) return []
  const named = await readNames(context, tree)
  const opened: Submodule[] = []
  for (const { path, object: commit } of links) {
    const found = named.get(path)
    if (found === undefined)
      throw unavailable(path, commit, 'it is not in .gitmodules', 'Add it there, or remove the submodule.')
    const url = resolveUrl(found.url, context.remoteUrl)
    const module = { ...context, remoteUrl: url }
    if (originOf(url) !== originOf(context.remoteUrl)) delete module.token
    const folder = join(inClone, 'modules', found.name)
    await makePresent(module, path, commit, folder)
    opened.push({ path, commit, context: module, inClone: folder })
  }
  return opened
}

async function makePresent(
  context: GitContext,
  path: string,
  commit: string,
  inClone: string,
): Promise<void> {
  const objects = join(await cloneFolder(context.directory), inClone, 'objects')
  const own = await ownRepository(context.directory)
  if (await stat(objects).catch(() => undefined))
    await appendFile(join(own, 'objects', 'info', 'alternates'), `${objects}\n`)
  const isHere = async () =>
    typeof (await tryGit(context, ['cat-file', '-e', `${commit}^{tree}`])) === 'string'
  if (await isHere()) return
  const fetched = await tryGit(context, [
    'fetch',
    '--quiet',
    '--no-tags',
    '--depth=1',
    context.remoteUrl,
    commit,
  ])
  if (await isHere()) return
  const why = typeof fetched === 'string' ? 'the commit is not there' : fetched.stderr.trim().slice(-300)
  throw unavailable(
    path,
    commit,
    `${context.remoteUrl}: ${why}`,
    'Add `submodules: recursive` to the step actions/checkout, with a token that may read it. Or remove the submodule from the baseline branch if training does not need it.',
  )
}

function unavailable(path: string, commit: string, why: string, hint: string): BaselineError {
  return new BaselineError(`submodule ${path} at ${commit.slice(0, 7)} cannot be fetched: ${why}`, { hint })
}

/** Name and URL of each submodule, by its path, as `.gitmodules` has them. */
async function readNames(
  context: GitContext,
  tree: string,
): Promise<ReadonlyMap<string, { name: string; url: string }>> {
  const args = [
    'config',
    '--blob',
    `${tree}:.gitmodules`,
    '--null',
    '--get-regexp',
    '^submodule\\..*\\.(path|url)$',
  ]
  const text = await tryGit(context, args)
  const byName = new Map<string, { path?: string; url?: string }>()
  for (const record of typeof text === 'string' ? text.split('\0') : []) {
    const [key = '', value = ''] = splitOnce(record, '\n')
    const [, name, field] = /^submodule\.(.*)\.(path|url)$/s.exec(key) ?? []
    // As git does: a name must not lead out of the folder of submodules.
    if (name === undefined || field === undefined || name.split('/').includes('..')) continue
    byName.set(name, { ...byName.get(name), [field]: value })
  }
  return new Map(
    [...byName].flatMap(([name, { path, url }]) =>
      path === undefined || url === undefined ? [] : [[path, { name, url }] as const],
    ),
  )
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)]
}

/** A relative URL is relative to the repository that names the submodule. */
function resolveUrl(url: string, parent: string): string {
  if (!url.startsWith('./') && !url.startsWith('../')) return toHttps(url, parent)
  return new URL(url, `${parent.replace(/\/$/, '')}/`).href
}

/** The runner has no SSH key for GitHub, but often a token: `git@host:owner/name` is the same repository. */
function toHttps(url: string, parent: string): string {
  const [, host, path] = /^(?:ssh:\/\/)?git@([^:/]+)[:/](.+)$/.exec(url) ?? []
  return host !== undefined && host === URL.parse(parent)?.host ? `https://${host}/${path}` : url
}

function originOf(url: string): string | undefined {
  return URL.parse(url)?.origin
}
