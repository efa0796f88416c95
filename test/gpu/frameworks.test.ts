// What frameworks need besides the device: compilers, processes that talk to each other, seeds. Checks 7 to 9.

import { availableParallelism } from 'node:os'
import { describe, expect, test } from 'vitest'
import { defaultProcesses } from '../../src/core/sandbox/sandbox.ts'
import { numberAfter, onDevice, SKIP, saw } from './gpu-lab.ts'

describe.skipIf(SKIP)('in a sandbox with a GPU', () => {
  test('7 Triton and torch.compile work with nothing in their caches, within the cap on threads', async () => {
    const { exit, output } = await onDevice('python3 compiled.py')
    saw(7, `${output} of ${defaultProcesses(availableParallelism())}; ${JSON.stringify(exit)}`)
    expect(output).toContain('triton True\ncompiled True\n')
    expect(exit.exceeded).toBeUndefined()
    expect(numberAfter('threads', output)).toBeLessThan(defaultProcesses(availableParallelism()))
  })

  test.each([
    ['nccl', 1, 1],
    ['gloo', 2, 3],
  ])('8 %s sums over %d processes', async (backend, processes, total) => {
    const { output } = await onDevice(`python3 reduce.py ${backend} ${processes}`)
    saw(8, output)
    expect(output).toContain(`${backend} ${total}.0\n`)
  })

  test.each(['draws.py', 'jax_draws.py'])(
    '9 %s: equal under one seed of the harness, all different under another',
    async (program) => {
      const drawn = async (seed: number) => {
        const { output } = await onDevice(`python3 ${program}`, { seed })
        saw(9, `${program} seed ${seed}: ${output.slice(-1500)}`)
        const line = output.split('\n').findLast((text) => text.startsWith('{')) ?? '{}'
        return Object.entries(JSON.parse(line) as Record<string, unknown>)
      }
      const [one, again, other] = [await drawn(1), await drawn(1), await drawn(2)]
      expect(one.length).toBeGreaterThan(0)
      expect(again).toEqual(one)
      const others = Object.fromEntries(other)
      const same = one.filter(([name, value]) => JSON.stringify(others[name]) === JSON.stringify(value))
      // What a compiled function of JAX computes from a number stays the script's own.
      expect(same.map(([name]) => name)).toEqual(program === 'jax_draws.py' ? ['compiled'] : [])
    },
  )
})
