// Measures how much device memory a trial uses, with one nvidia-smi process that reports twice a second.
import type { Device } from '../../core/trial/devices.ts'
import { askDriver } from './nvidia.ts'

const QUERY = '--query-gpu=uuid,memory.used --format=csv,noheader,nounits -lms 500'.split(' ')
/** A driver that reports nothing delays a trial by at most this long. */
const FIRST_READING_MILLISECONDS = 5000

/**
 * @returns the result of `run`, and its peak memory in MiB above the idle level, summed over all devices; undefined when
 *   there is no device or the driver reports nothing
 */
export async function metered<T>(
  devices: readonly Device[],
  run: () => Promise<T>,
): Promise<{ ran: T; mebibytes: number | undefined }> {
  if (devices.length === 0) return { ran: await run(), mebibytes: undefined }
  const [idle, most] = [new Map<string, number>(), new Map<string, number>()]
  const meter = askDriver('nvidia-smi', ['-i', devices.map(({ uuid }) => uuid).join(','), ...QUERY], 0)
  const everyDeviceRead = new Promise<void>((resolve) => {
    setTimeout(resolve, FIRST_READING_MILLISECONDS).unref()
    void meter.then(() => resolve())
    meter.stdout.setEncoding('utf8').on('data', (text: string) => {
      for (const [, uuid = '', used] of text.matchAll(/^(GPU-[\w-]+), (\d+)$/gm)) {
        if (!idle.has(uuid)) idle.set(uuid, Number(used))
        most.set(uuid, Math.max(Number(used), most.get(uuid) ?? 0))
      }
      if (idle.size === devices.length) resolve()
    })
  })
  try {
    await everyDeviceRead
    const ran = await run()
    const grown = [...most].map(([uuid, mebibytes]) => mebibytes - (idle.get(uuid) ?? 0))
    return { ran, mebibytes: grown.length === 0 ? undefined : grown.reduce((sum, each) => sum + each, 0) }
  } finally {
    meter.kill('SIGKILL')
    await meter
  }
}
