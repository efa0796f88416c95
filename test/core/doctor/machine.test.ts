// What the machine lacks and what follows.
import { describe, expect, it } from 'vitest'
import { checkDevices, checkGit, checkProxy } from '../../../src/core/doctor/machine.ts'

describe('git', () => {
  it.each([undefined, '', 'git version 2.34.1', 'git version 1.9.0'])(
    'is missing or too old: %s',
    (version) => {
      expect(checkGit(version)).toMatchObject({
        state: 'problem',
        remedy: expect.stringContaining('Install git 2.38'),
      })
    },
  )

  it.each(['git version 2.38.0', 'git version 2.39.5 (Apple Git-154)', 'git version 3.0.1'])(
    'fits: %s',
    (version) => {
      expect(checkGit(version).state).toBe('ok')
    },
  )
})

describe('GPUs', () => {
  const outside = new Map([
    ['GPU-1', 'NVIDIA H100'],
    ['GPU-2', 'NVIDIA H100'],
  ])

  it('are missing inside the sandbox', () => {
    expect(checkDevices({ outside, inside: ['GPU-1'], failure: 'NVML error' })).toMatchObject({
      state: 'problem',
      text: 'the sandbox does not show NVIDIA H100: NVML error',
      remedy: expect.stringContaining('docs/gpu.md'),
    })
  })

  it('are all inside', () => {
    expect(checkDevices({ outside, inside: ['GPU-1', 'GPU-2'] }).state).toBe('ok')
  })

  it('do not exist', () => {
    expect(checkDevices({ outside: new Map(), inside: [] }).state).toBe('skipped')
  })
})

it('a proxy', () => {
  expect(checkProxy(['HTTPS_PROXY'], 'Update the runner.')).toMatchObject({
    state: 'problem',
    remedy: 'Update the runner.',
  })
  expect(checkProxy(['HTTPS_PROXY'], undefined).state).toBe('ok')
  expect(checkProxy([], undefined).state).toBe('skipped')
})
