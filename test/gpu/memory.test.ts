// Memory of the device: who holds it, that a killed trial gives it back, and what counts against which cap. Checks 11 to 14.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/adapters/clock.ts'
import { assertIdle } from '../../src/adapters/trainer/device.ts'
import { nvidiaDevices, nvidiaUsers } from '../../src/adapters/trainer/nvidia.ts'
import type { Metric } from '../../src/core/trial/metric.ts'
import { measureTrial } from '../../src/core/trial/outcome.ts'
import { OutputReader } from '../../src/core/trial/output.ts'
import { NO_PAUSE } from '../adapters/device-lab.ts'
import { anOutsider, GIB, onDevice, SKIP, saw, usedMebibytes } from './gpu-lab.ts'

const CLAIM = join(import.meta.dirname, 'claim-program.ts')
const OTHER_NAMESPACE = '--unshare-user --unshare-pid --dev-bind / / --proc /proc --'.split(' ')
const METRIC: Metric = {
  name: 'loss',
  direction: 'minimize',
  source: { kind: 'pattern', pattern: '^loss (\\S+)' },
}

describe.skipIf(SKIP)('memory of the device', () => {
  test('11 held by another process is refused by its number, and in another pid namespace by the memory', async () => {
    const outsider = await anOutsider(1024)
    const clock = { ...systemClock, ...NO_PAUSE }
    const devices = await nvidiaDevices(undefined)
    const idle = assertIdle(() => nvidiaUsers(devices), { clock, signal: new AbortController().signal })
    const refused = await idle.catch((error: unknown) => String(error))
    saw(11, String(refused))
    const elsewhere = execFileSync('bwrap', [...OTHER_NAMESPACE, process.execPath, CLAIM], {
      encoding: 'utf8',
    })
    saw(11, `in another pid namespace: ${elsewhere}`)
    expect(refused).toContain(`${outsider.pid}, `)
    expect(elsewhere).toMatch(/refused: the device is in use by (\d+ MiB of memory|\d+, )/)
  })

  test('12 of a daemon that ignores SIGTERM is given back within 15 s', async () => {
    const before = usedMebibytes()
    const started = 'python3 -u cuda.py daemon 8192 300 > $AUTORESEARCH_OUT/said 2>&1 & daemon=$!'
    const ready = 'until grep held $AUTORESEARCH_OUT/said; do kill -0 $daemon || exit 9; sleep 0.1; done'
    const { exit } = await onDevice(`${started}; ${ready}`)
    const ended = performance.now()
    while (usedMebibytes() > before + 50 && performance.now() - ended < 20_000) await delay(100)
    saw(
      12,
      `${JSON.stringify(exit)}; idle ${(performance.now() - ended).toFixed(0)} ms after the sandbox had ended`,
    )
    expect(exit.code).toBe(0)
    expect(performance.now() - ended).toBeLessThan(15_000)
  })

  test('13 is 8 to 9 GiB more where a trial takes 8', async () => {
    const before = usedMebibytes()
    let most = 0
    const running = onDevice('python3 cuda.py hold 8192 3')
    const over = running.then(() => true)
    while (!(await Promise.race([over, delay(200, false)]))) most = Math.max(most, usedMebibytes())
    saw(13, `${before} MiB before, at most ${most} MiB meanwhile`)
    expect(most - before).toBeGreaterThanOrEqual(8192)
    expect(most - before).toBeLessThan(9 * 1024)
  })

  test('13 that is not there is the outcome out-of-memory', async () => {
    const { exit, output } = await onDevice('python3 too_much.py')
    const measured = measureTrial(exit, new OutputReader(METRIC).metricText, output, false, METRIC)
    saw(13, JSON.stringify(measured))
    expect(measured.outcome).toBe('out-of-memory')
  })

  test('14 does not count as memory of the machine', async () => {
    const { exit, output } = await onDevice('python3 cuda.py hold 8192 2', { memoryBytes: 4 * GIB })
    saw(14, `8 GiB of the device under a cap of 4 GiB: ${output.trim()} ${JSON.stringify(exit)}`)
    expect(exit).toMatchObject({ code: 0 })
    expect(exit.exceeded).toBeUndefined()
  })

  test('14 memory of the machine that the device reads: recorded', async () => {
    const { exit, output } = await onDevice('python3 cuda.py pin 6144', { memoryBytes: 4 * GIB })
    saw(14, `6 GiB pinned under a cap of 4 GiB: ${output.trim()} ${JSON.stringify(exit)}`)
    expect(exit.timedOut).toBe(false)
  })
})
