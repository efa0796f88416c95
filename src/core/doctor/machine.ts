// What the machine that trains offers: git, the sandbox, the devices inside it, a way out through a proxy.
import { type Check, ok, problem, skipped } from './check.ts'

const OLDEST_GIT = [2, 38] as const

/** @param version what `git --version` prints; undefined when there is no git */
export function checkGit(version: string | undefined): Check {
  const place = { area: 'machine', id: 'git' } as const
  const remedy =
    'Install git 2.38 or newer; on Ubuntu 22.04: `sudo add-apt-repository ppa:git-core/ppa && sudo apt-get install git`.'
  const [, major = '', minor = ''] = /(\d+)\.(\d+)/.exec(version ?? '') ?? []
  if (major === '') return { ...place, ...problem('git is missing', remedy) }
  const numbers = [Number(major), Number(minor)] as const
  const isOld = numbers[0] < OLDEST_GIT[0] || (numbers[0] === OLDEST_GIT[0] && numbers[1] < OLDEST_GIT[1])
  if (isOld) return { ...place, ...problem(`git ${major}.${minor} is too old`, remedy) }
  return { ...place, ...ok(`git ${major}.${minor}`) }
}

export interface SeenDevices {
  /** Names of the devices by UUID, outside of the sandbox. */
  outside: ReadonlyMap<string, string>
  /** UUIDs that a command inside the sandbox sees. */
  inside: readonly string[]
  /** What `nvidia-smi` printed inside when it failed. */
  failure?: string
}

export function checkDevices({ outside, inside, failure }: SeenDevices): Check {
  const place = { area: 'machine', id: 'gpu' } as const
  if (outside.size === 0)
    return { ...place, ...skipped('no NVIDIA GPU here: training runs on the processor or another device') }
  const hidden = [...outside].filter(([uuid]) => !inside.includes(uuid)).map(([, name]) => name)
  if (hidden.length === 0) return { ...place, ...ok(`the sandbox shows ${[...outside.values()].join(', ')}`) }
  return {
    ...place,
    ...problem(
      `the sandbox does not show ${hidden.join(', ')}${failure ? `: ${failure}` : ''}`,
      'Run `nvidia-smi` on the runner; if it works there, follow docs/gpu.md. In a container the driver must be mounted.',
    ),
  }
}

/** @param warning why the proxy cannot be used; undefined when it can */
export function checkProxy(names: readonly string[], warning: string | undefined): Check {
  const place = { area: 'machine', id: 'proxy' } as const
  if (names.length === 0) return { ...place, ...skipped('no proxy is set') }
  if (warning !== undefined) return { ...place, ...problem('a proxy is set, but cannot be used', warning) }
  return { ...place, ...ok(`GitHub, git and models are reached through ${names.join(' and ')}`) }
}
