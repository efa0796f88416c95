// The arguments for bubblewrap: mounts, their order, and devices.
import { expect, test } from 'vitest'
import { explainRefusal, type MachineFacts, unlimited } from '../../../src/core/sandbox/refusal.ts'
import {
  acceleratorMounts,
  type BubblewrapPlan,
  bubblewrapArguments,
  defaultProcesses,
} from '../../../src/core/sandbox/sandbox.ts'
import { seccompFilter } from '../../../src/core/sandbox/seccomp.ts'

const PLAN: BubblewrapPlan = {
  places: { source: '/h/source', out: '/h/out' },
  outWritable: true,
  system: [{ kind: 'read', from: '/usr' }, ...acceleratorMounts(['null', 'nvidia0', 'nvidiactl', 'dri'])],
  tools: [{ kind: 'read', from: '/tmp/venv' }],
  environment: { A: 'b' },
  temporaryBytes: 1,
  sharedMemoryBytes: 2,
  descriptors: { status: 4, files: {} },
  command: ['sh'],
}

test('shows accelerators, and the part of /sys that their drivers read, only on machines that have any', () => {
  const none = acceleratorMounts(['null', 'sda', 'kvm', 'vsock', 'nvidia-fs', 'dri-not'])
  expect(none.map((mount) => mount.kind)).toEqual(['read', 'read'])
  const found = acceleratorMounts(['nvidia1', 'nvidiactl', 'nvidia-uvm', 'nvidia-caps', 'dri', 'kfd', 'sda'])
  expect(found.flatMap((mount) => (mount.kind === 'device' ? mount.from : []))).toEqual([
    '/dev/dri',
    '/dev/kfd',
    '/dev/nvidia-caps',
    '/dev/nvidia-uvm',
    '/dev/nvidia1',
    '/dev/nvidiactl',
  ])
  const shown = found.flatMap((mount) => (mount.kind === 'read' ? mount.from : []))
  expect(shown).toContain('/sys/devices')
  expect(shown.some((path) => /^\/sys(\/(fs|kernel|firmware).*)?$/.test(path))).toBe(false)
})

const EIGHT = [
  'nvidia0',
  'nvidia1',
  'nvidia10',
  'nvidiactl',
  'nvidia-uvm',
  'nvidia-uvm-tools',
  'nvidia-modeset',
  'dri',
]

test.each<[string, readonly number[] | undefined, string]>([
  [
    'all of them, and not what displays and profilers use',
    undefined,
    'nvidia-uvm nvidia0 nvidia1 nvidia10 nvidiactl',
  ],
  ['the one that a trial is given', [1], 'nvidia-uvm nvidia1 nvidiactl'],
  ['none of NVIDIA, not even its driver', [], ''],
])('NVIDIA devices: %s', (_, minors, names) => {
  const devices = acceleratorMounts(EIGHT, minors).flatMap((mount) =>
    mount.kind === 'device' ? mount.from : [],
  )
  expect(devices.map((path) => path.slice('/dev/'.length)).join(' ')).toBe(names)
})

test.each([
  [4, 4096],
  [224, 7168],
])('on %d cores, a trial may have %d processes and threads, enough for eight ranks', (cores, processes) => {
  expect(defaultProcesses(cores)).toBe(processes)
})

const PROC = "bwrap: Can't mount proc on /newroot/proc: Operation not permitted"
const OVERMOUNT = '512 511 0:25 / /proc/driver/nvidia/params ro,nosuid - tmpfs tmpfs rw'

test.each([
  ['files over /proc that the toolkit of NVIDIA mounted', PROC, OVERMOUNT, 'umount -R /proc/driver/nvidia'],
  ['a container that hides parts of /proc', PROC, '', 'systempaths=unconfined'],
  [
    'something else in such a container',
    'bwrap: Creating new namespace failed',
    OVERMOUNT,
    'seccomp=unconfined',
  ],
])('the hint names the remedy when the sandbox fails because of %s', (_, printed, mountinfo, remedy) => {
  expect(explainRefusal(printed, mountinfo).hint).toContain(remedy)
})

const [POD, DOCKER] = [{ container: 'kubernetes' }, { container: 'other' }] as const
const [NO_PERMISSION, NOT_PERMITTED, UID_MAP, LOOPBACK, SLAVE] = [
  'bwrap: No permissions to create new namespace, likely because the kernel does not allow non-privileged user namespaces.',
  'bwrap: Creating new namespace failed: Operation not permitted',
  'bwrap: setting up uid map: Permission denied',
  'bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted',
  'bwrap: Failed to make / slave: Permission denied',
]

test.each<[string, string, MachineFacts, string]>([
  [
    'Debian forbids user namespaces',
    NO_PERMISSION,
    { unprivilegedUsernsClone: '0' },
    'kernel.unprivileged_userns_clone=1',
  ],
  ['AppArmor restricts them', UID_MAP, { apparmorRestrictsUserns: '1' }, '/etc/apparmor.d/bwrap'],
  ['AppArmor takes their rights', LOOPBACK, { apparmorRestrictsUserns: '1' }, '/etc/apparmor.d/bwrap'],
  [
    'AppArmor restricts them, with another message',
    NO_PERMISSION,
    { apparmorRestrictsUserns: '1' },
    '/etc/apparmor.d/bwrap',
  ],
  [
    'the AppArmor of a container’s host',
    UID_MAP,
    { ...DOCKER, apparmorRestrictsUserns: '1' },
    'kernel.apparmor_restrict_unprivileged_userns=0',
  ],
  ['there may be none', NOT_PERMITTED, { ...POD, maxUserNamespaces: '0' }, 'user.max_user_namespaces=15000'],
  [
    'the filter of Docker',
    NOT_PERMITTED,
    { ...DOCKER, isFiltered: true },
    '--security-opt seccomp=unconfined',
  ],
  [
    'the filter of a pod',
    NO_PERMISSION,
    { ...POD, isFiltered: true },
    'seccompProfile: { type: Unconfined }',
  ],
  ['the AppArmor profile of Docker', SLAVE, DOCKER, '--security-opt apparmor=unconfined'],
  ['the AppArmor profile of a pod', SLAVE, POD, 'appArmorProfile: { type: Unconfined }'],
  ['the hidden /proc of Docker', PROC, DOCKER, '--security-opt systempaths=unconfined'],
  ['the hidden /proc of a pod', PROC, POD, 'procMount: Unmasked'],
])('F114 the hint begins with the one setting that is missing: %s', (_, printed, facts, setting) => {
  const { hint } = explainRefusal(printed, '', facts)
  // Settings are between backticks; the first is the one to change.
  expect(hint.split('`')[1]).toContain(setting)
})

test.each([
  ['a container', {}, 'container.options: --user 1001'],
  ['a pod', POD, 'securityContext: { runAsUser: 1001 }'],
])('F114 root in %s without a control group is told to use another user', (_, facts, setting) => {
  expect(unlimited(facts).hint).toContain(setting)
})

test('binds devices after --dev and tools after the temporary folder, and seals /, /proc and /dev last', () => {
  const line = bubblewrapArguments(PLAN).join(' ')
  const at = ['--dev /dev ', '--dev-bind /dev/nvidia0', '--tmpfs /tmp', '/tmp/venv', '--remount-ro /dev']
  expect(at.map((part) => line.indexOf(part))).toEqual(
    at.map((part) => line.indexOf(part)).toSorted((a, b) => a - b),
  )
  expect(line).not.toContain('--ro-bind / ')
  expect(line).toContain('--bind /h/out /autoresearch/out')
  expect(bubblewrapArguments({ ...PLAN, outWritable: false }).join(' ')).toContain('--ro-bind /h/out')
})

test('filters system calls on supported architectures only', () => {
  expect((seccompFilter('x64')?.length ?? 1) % 8).toBe(0)
  expect(seccompFilter('arm64')).toBeDefined()
  expect(seccompFilter('riscv64')).toBeUndefined()
})
