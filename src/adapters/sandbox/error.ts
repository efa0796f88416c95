// The error of a machine that cannot run candidate code safely.
import { existsSync, readFileSync } from 'node:fs'
import { explainRefusal, type MachineFacts, type Refusal } from '../../core/sandbox/refusal.ts'
import { UserFacingError } from '../../errors.ts'

/** Candidate code was not run, because no working sandbox was available. */
export class SandboxError extends UserFacingError {
  constructor({ message, hint }: Refusal, cause?: unknown) {
    super(message, { hint, cause })
  }
}

/** @param printed what bubblewrap wrote to standard error */
export function refusedBy(printed: string): SandboxError {
  return new SandboxError(explainRefusal(printed, readText('/proc/self/mountinfo') ?? '', machineFacts()))
}

/** What of this machine decides whether it permits a sandbox. */
export function machineFacts(environment: NodeJS.ProcessEnv = process.env): MachineFacts {
  const settings = {
    unprivilegedUsernsClone: readText('/proc/sys/kernel/unprivileged_userns_clone'),
    apparmorRestrictsUserns: readText('/proc/sys/kernel/apparmor_restrict_unprivileged_userns'),
    maxUserNamespaces: readText('/proc/sys/user/max_user_namespaces'),
  }
  const known = Object.entries(settings).filter(([, value]) => value !== undefined)
  const container = containerOf(environment)
  return {
    ...Object.fromEntries(known),
    ...(container && { container }),
    isFiltered: /^Seccomp:\s*2$/m.test(readText('/proc/self/status') ?? ''),
  }
}

function containerOf({ KUBERNETES_SERVICE_HOST: kubernetes }: NodeJS.ProcessEnv): MachineFacts['container'] {
  if (kubernetes) return 'kubernetes'
  return CONTAINER_SIGNS.some((path) => existsSync(path)) ? 'other' : undefined
}

/** Files that Docker and Podman put into every container. */
const CONTAINER_SIGNS = ['/.dockerenv', '/run/.containerenv']

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return undefined
  }
}
