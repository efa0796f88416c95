// How the disk that a trial uses is counted, and how the kernel is told its limits.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  controlGroupCaps,
  findDelegatedGroup,
  findKernelCaps,
} from '../../src/adapters/sandbox/resource-caps.ts'
import { usesMoreThan } from '../../src/adapters/sandbox/watch/files.ts'
import { scratch } from './sandbox-lab.ts'

const MB = 1e6

describe('disk use', () => {
  test('counts blocks, not lengths, and a file once', async () => {
    const folder = scratch()
    writeFileSync(join(folder, 'a'), Buffer.alloc(1 * MB))
    expect(await usesMoreThan([folder], 0.9 * MB, 0)).toBe(true)
    expect(await usesMoreThan([folder], 1.2 * MB, 0)).toBe(false)
  })
})

describe('a control group', () => {
  /** A folder that looks like the kernel's; only the kernel enforces, so only what is written can be tested. */
  function groups(enabled: string): string {
    const root = scratch()
    writeFileSync(join(root, 'cgroup.controllers'), 'cpu memory pids')
    const slice = join(root, 'user.slice')
    mkdirSync(join(slice, 'shell.scope'), { recursive: true })
    writeFileSync(join(slice, 'cgroup.procs'), '')
    writeFileSync(join(slice, 'cgroup.subtree_control'), enabled)
    return root
  }
  const own = '0::/user.slice/shell.scope\n'

  test('is made in the nearest group that limits memory and processes', async () => {
    const root = groups('cpu memory pids')
    expect(await findDelegatedGroup(root, own)).toEqual({ path: join(root, 'user.slice'), memory: true })
    expect(await findDelegatedGroup(groups('cpu'), own)).toBeUndefined()
    expect(await findDelegatedGroup(root, '4:memory:/old\n')).toBeUndefined()
    expect(await findDelegatedGroup('/nowhere', own)).toBeUndefined()
  })

  test('has its limits before the sandbox enters it, and says which one was hit and what it took', async () => {
    const path = join(groups('memory pids'), 'user.slice')
    const caps = { outBytes: 1, memoryBytes: 5 * MB, processes: 10 }
    const scope = await controlGroupCaps({ path, memory: true }).enter(caps)
    const group = scope.launcher.at(-1) ?? ''
    expect(readFileSync(join(group, 'pids.max'), 'utf8')).toBe('26')
    expect(readFileSync(join(group, 'memory.max'), 'utf8')).toBe(String(5 * MB))
    expect(await scope.exceeded()).toBeUndefined()
    expect(await scope.peakMemoryBytes()).toBeUndefined()
    writeFileSync(join(group, 'memory.peak'), '3145728\n')
    expect(await scope.peakMemoryBytes()).toBe(3145728)
    writeFileSync(join(group, 'memory.events'), 'low 0\noom 1\noom_kill 1\n')
    expect(await scope.exceeded()).toBe('memory')
    await scope.leave()
    expect(readFileSync(join(group, 'cgroup.kill'), 'utf8')).toBe('1')
  })

  test('F37 root without one is refused, and others get limits of their processes', async () => {
    const machine = { groups: '/nowhere', own, environment: {} }
    await expect(findKernelCaps({ ...machine, root: true })).rejects.toThrow('fork bomb')
    expect((await findKernelCaps({ ...machine, root: false })).description).toContain('rlimit')
  })
})
