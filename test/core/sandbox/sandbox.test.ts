// The arguments for bubblewrap: mounts, their order, and devices.
import { expect, test } from 'vitest'
import { explainRefusal } from '../../../src/core/sandbox/refusal.ts'
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
