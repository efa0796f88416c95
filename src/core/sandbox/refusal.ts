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

export const UNLIMITED: Refusal = {
  message: 'the runner is root and cannot create a control group, so a fork bomb could not be stopped',
  hint: `Run the runner as another user (in a workflow: \`container.options: --user 1001\`), or give it a writable control group. ${TRUSTED}`,
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

const APPARMOR = `Ubuntu 24.04 lets only programs with an AppArmor profile create user namespaces. Run \`${APPARMOR_PROFILE} && sudo apparmor_parser -r /etc/apparmor.d/bwrap\`, or allow them for every program: \`sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0\`.`
const DEBIAN =
  'Run `sudo sysctl -w kernel.unprivileged_userns_clone=1` on the runner, and add the setting to a file in /etc/sysctl.d/ to keep it. On Ubuntu 24.04: `sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`.'
const CONTAINER =
  'In a container, start it with `--security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined` (in a workflow: `container.options`).'
const EXHAUSTED = 'Run `sudo sysctl -w user.max_user_namespaces=15000` on the runner.'

/** Pattern of a bubblewrap message, and its remedy. The first match counts. */
const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [/setting up uid map: Permission denied|loopback: .*(not permitted|denied)/i, APPARMOR],
  [/No permissions to create new namespace/i, DEBIAN],
  [/max_\*?\w*_?namespaces|No space left on device/i, EXHAUSTED],
  [/Can't mount proc|Creating new namespace failed|pivot_root|Failed to make \/ slave/i, CONTAINER],
]

const NVIDIA_CONTAINER =
  "NVIDIA's container toolkit has mounted files over /proc, so Linux refuses to mount another /proc, whatever the security options are. Give the container its GPU through CDI, with `NVreg_ModifyDeviceFiles=0` set for the host's driver, or let a privileged entrypoint run `umount -R /proc/driver/nvidia` before the runner starts."

/** @param mountinfo content of /proc/self/mountinfo; the fifth field of each line is the mount point */
function coversProc(mountinfo: string): boolean {
  return /^(\S+ ){4}\/proc\/driver\/nvidia/m.test(mountinfo)
}

/**
 * Explains why bubblewrap failed.
 *
 * @param printed the standard error of bubblewrap
 * @param mountinfo content of /proc/self/mountinfo
 */
export function explainRefusal(printed: string, mountinfo: string): Refusal {
  const line =
    printed.split('\n').findLast((text) => text.trim() !== '') ?? 'bubblewrap failed without a message'
  const remedy =
    printed.includes("Can't mount proc") && coversProc(mountinfo) ? NVIDIA_CONTAINER : remedyFor(printed)
  return {
    message: `bubblewrap cannot create a sandbox on this machine: ${line.slice(0, 300)}`,
    hint: `${remedy} ${TRUSTED}`,
  }
}

function remedyFor(printed: string): string {
  return (
    REMEDIES.find(([pattern]) => pattern.test(printed))?.[1] ??
    'Run `bwrap --unshare-all --ro-bind / / true` on the runner to check whether bubblewrap works there.'
  )
}
