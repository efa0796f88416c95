// Host folders that candidate code must never see, even when the configuration names them: homes, keys, tokens, and the
// runner's own files.
import { lstatSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

const WHOLE = [
  ...['/', '/etc', '/proc', '/sys', '/dev', '/run', '/var', '/var/run', '/var/lib', '/tmp', '/boot'],
  ...['/home', '/root', '/mnt', '/media', '/opt', '/srv', '/usr/local/etc'],
]
/** A folder that contains one of these is a home, a checkout or a runner. */
const SIGNS = [
  ...[
    '.ssh',
    '.aws',
    '.gnupg',
    '.docker',
    '.kube',
    '.netrc',
    '.git-credentials',
    '.config/gh',
    '.config/gcloud',
  ],
  ...['.runner', '.credentials', '.credentials_rsaparams', '_temp', '_work', '.git'],
]
const WITHIN =
  /\/(\.ssh|\.aws|\.gnupg|\.docker|\.kube|\.git|\.config|_work\/_temp|keyrings)(\/|$)|^\/(etc|proc|sys|dev|run|boot)(\/|$)|\.sock$/

/**
 * @param path absolute, with links resolved
 * @returns why the path must not be shown, as the end of a sentence "…, which"; undefined when it may be shown
 */
export function whyPrivate(path: string): string | undefined {
  if (WHOLE.includes(path)) return 'contains too much to show'
  if (WITHIN.test(path)) return 'is private to this machine or its runner'
  for (const own of ownPlaces()) {
    if (path === own.path || own.path.startsWith(`${path}/`)) return `holds ${own.name}`
    if (own.closed && path.startsWith(`${own.path}/`)) return `lies in ${own.name}`
  }
  for (const sign of SIGNS) if (exists(join(path, sign))) return `holds ${sign}`
  return undefined
}

function ownPlaces(): { path: string; name: string; closed: boolean }[] {
  const { GITHUB_WORKSPACE, RUNNER_TEMP } = process.env
  return [
    { path: resolve(homedir()), name: 'your home', closed: false },
    ...(GITHUB_WORKSPACE ? [{ path: resolve(GITHUB_WORKSPACE), name: 'the checkout', closed: false }] : []),
    ...(RUNNER_TEMP ? [{ path: resolve(RUNNER_TEMP), name: "the runner's own files", closed: true }] : []),
  ]
}

function exists(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined
  } catch (error) {
    // A path without read permission counts as existing.
    return (error as NodeJS.ErrnoException).code !== 'ENOTDIR'
  }
}
