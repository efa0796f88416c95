// Says in words what hardware this machine trains on, so that numbers from another machine are never compared with it.
import { arch, cpus, platform } from 'node:os'
import { execa } from 'execa'

/** @returns such as `1 × NVIDIA H100 80GB HBM3, driver 570.86` or `2 × Intel Xeon, linux x64` */
export async function describeTestbed(): Promise<string> {
  const query = ['--query-gpu=name,driver_version', '--format=csv,noheader']
  const { exitCode, stdout } = await execa('nvidia-smi', query, { reject: false, timeout: 30_000 })
  const devices = exitCode === 0 ? stdout.split('\n').filter((line) => line.trim() !== '') : []
  const [name = '', driver = ''] = devices[0]?.split(', ') ?? []
  if (devices.length > 0) return `${devices.length} × ${name}, driver ${driver}`.slice(0, 300)
  const processors = cpus()
  return `${processors.length} × ${processors[0]?.model.trim() ?? 'unknown processor'}, ${platform()} ${arch()}`.slice(
    0,
    300,
  )
}
