// Explains why a machine refuses to create a sandbox, and what a person can do about it.

export interface Refusal {
  message: string
  hint: string
}

const TRUSTED = 'Or set `sandbox: none` if you trust everyone who can propose code.'

/** Removes the advice to run without a sandbox, for commands that always need one. */
export function withoutTrust({ message, hint }: Refusal): Refusal {
  return { message, hint: hint.replace(` ${TRUSTED}`, '') }
}

export const INSTALL: Refusal = {
  message: 'bubblewrap is not installed, and candidate code does not run without it',
  hint: `Run \`sudo apt-get install -y bubblewrap\` (Fedora: \`sudo dnf install bubblewrap\`) on the runner. ${TRUSTED}`,
}

export const UPDATE: Refusal = {
  message: 'bubblewrap is too old: --disable-userns needs 0.8.0 or newer',
  hint: `Use a runner with Ubuntu 24.04, Debian 12 or newer. On Ubuntu 22.04 install Debian 12's package (packages.debian.org/bookworm/bubblewrap), which needs only glibc 2.34. ${TRUSTED}`,
}

/** What decides which setting a machine lacks. Absent facts are unknown. */
export interface MachineFacts {
  /** A pod of Kubernetes (Actions Runner Controller), another container, or neither. */
  container?: 'kubernetes' | 'other'
  /** Kernel settings, as /proc/sys shows them. */
  unprivilegedUsernsClone?: string
  apparmorRestrictsUserns?: string
  maxUserNamespaces?: string
  /** True when a filter for system calls is in force: that of the container. */
  isFiltered?: boolean
}

/** Root needs a control group: the kernel exempts it from every other limit on processes. */
export function unlimited({ container }: MachineFacts): Refusal {
  const setting =
    container === 'kubernetes'
      ? 'Set `securityContext: { runAsUser: 1001 }` for the runner container.'
      : 'Run the runner as another user (in a workflow: `container.options: --user 1001`).'
  return {
    message: 'the runner is root and cannot create a control group, so a fork bomb could not be stopped',
    hint: `${setting} ${TRUSTED}`,
  }
}

export function otherSystem(platform: string): Refusal {
  return {
    message: `no sandbox is available on ${platform}: bubblewrap needs Linux`,
    hint: `Train on a Linux runner. ${TRUSTED}`,
  }
}

/** Ubuntu ships its bubblewrap profile as an example that is not loaded. This profile grants the same permission. */
const APPARMOR_PROFILE = [
  "printf 'abi <abi/4.0>,\\nprofile bwrap /usr/bin/bwrap flags=(unconfined) {\\n  userns,\\n}\\n'",
  'sudo tee /etc/apparmor.d/bwrap',
].join(' | ')

const APPARMOR = `Ubuntu 24.04 lets only programs with an AppArmor profile create user namespaces. Run \`${APPARMOR_PROFILE} && sudo apparmor_parser -r /etc/apparmor.d/bwrap\` on the runner, or allow them for every program: \`sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0\`.`
const APPARMOR_HOST =
  'Run `sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0` on the machine that runs this container: its AppArmor lets no program in a container create user namespaces.'
const DEBIAN =
  'Run `sudo sysctl -w kernel.unprivileged_userns_clone=1` on the runner, and add the setting to a file in /etc/sysctl.d/ to keep it.'
const EXHAUSTED = 'Run `sudo sysctl -w user.max_user_namespaces=15000` on the runner.'

type ContainerSetting = 'seccomp' | 'apparmor' | 'systempaths'

/** Of the three settings that a container needs, the one that is missing first. */
function containerRemedy(setting: ContainerSetting, { container }: MachineFacts): string {
  if (container === 'kubernetes') return `Set ${POD_SETTINGS[setting]} for the runner container.`
  const all = 'seccomp=unconfined, apparmor=unconfined and systempaths=unconfined'
  return `Start the container with \`--security-opt ${setting}=unconfined\` (in a workflow: \`container.options\`). A container needs ${all}.`
}

const POD_SETTINGS: Readonly<Record<ContainerSetting, string>> = {
  seccomp: '`securityContext: { seccompProfile: { type: Unconfined } }`',
  apparmor: '`securityContext: { appArmorProfile: { type: Unconfined } }`',
  systempaths: '`securityContext: { procMount: Unmasked }` and, for the pod, `hostUsers: false`',
}

const NO_NAMESPACE =
  /No permissions to create new namespace|Creating new namespace failed|setting up uid map/i

const NVIDIA_CONTAINER =
  "NVIDIA's container toolkit has mounted files over /proc, so Linux refuses to mount another /proc, whatever the security options are. Give the container its GPU through CDI, with `NVreg_ModifyDeviceFiles=0` set for the host's driver, or let a privileged entrypoint run `umount -R /proc/driver/nvidia` before the runner starts."

/** @param mountinfo content of /proc/self/mountinfo; the fifth field of each line is the mount point */
function coversProc(mountinfo: string): boolean {
  return /^(\S+ ){4}\/proc\/driver\/nvidia/m.test(mountinfo)
}

/**
 * Explains why bubblewrap failed, and names the one setting that is missing.
 *
 * @param printed the standard error of bubblewrap
 * @param mountinfo content of /proc/self/mountinfo
 */
export function explainRefusal(printed: string, mountinfo: string, facts: MachineFacts = {}): Refusal {
  const line =
    printed.split('\n').findLast((text) => text.trim() !== '') ?? 'bubblewrap failed without a message'
  const isCovered = printed.includes("Can't mount proc") && coversProc(mountinfo)
  return {
    message: `bubblewrap cannot create a sandbox on this machine: ${line.slice(0, 300)}`,
    hint: `${isCovered ? NVIDIA_CONTAINER : remedyFor(printed, facts)} ${TRUSTED}`,
  }
}

function remedyFor(printed: string, facts: MachineFacts): string {
  if (facts.maxUserNamespaces === '0' || /max_\*?\w*_?namespaces|No space left on device/i.test(printed))
    return EXHAUSTED
  if (/loopback: .*(not permitted|denied)/i.test(printed)) return apparmorRemedy(facts)
  if (NO_NAMESPACE.test(printed)) return namespaceRemedy(printed, facts)
  if (/Can't mount proc/i.test(printed)) return containerRemedy('systempaths', facts)
  if (/pivot_root|Failed to make \/ slave|Failed to mount/i.test(printed))
    return containerRemedy('apparmor', facts)
  return 'Run `bwrap --unshare-all --ro-bind / / true` on the runner to check whether bubblewrap works there.'
}

/** Several settings forbid user namespaces with the same message, so the machine is asked which one it has. */
function namespaceRemedy(printed: string, facts: MachineFacts): string {
  if (facts.unprivilegedUsernsClone === '0') return DEBIAN
  if (facts.apparmorRestrictsUserns === '1' || /uid map: Permission denied/i.test(printed))
    return apparmorRemedy(facts)
  const isOfContainer = facts.isFiltered === true || /Creating new namespace failed/i.test(printed)
  return isOfContainer ? containerRemedy('seccomp', facts) : DEBIAN
}

function apparmorRemedy({ container, apparmorRestrictsUserns }: MachineFacts): string {
  return container !== undefined && apparmorRestrictsUserns === '1' ? APPARMOR_HOST : APPARMOR
}
