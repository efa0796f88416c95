// Looks at this machine for `doctor`: git, the sandbox, the devices inside it, the proxy.
import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import type { SeenDevices } from '../core/doctor/machine.ts'
import { visibleDevices } from '../core/trial/devices.ts'
import type { MachineProbe } from '../ports/doctor.ts'
import { systemClock } from './clock.ts'
import { makeFolder, removeFolder } from './leftovers.ts'
import { useProxy } from './outbound-proxy.ts'
import { openSandbox } from './sandbox/sandbox.ts'
import { claimDevices } from './trainer/device.ts'
import { trainingEnvironment } from './trainer/environment.ts'
import { nvidiaDevices } from './trainer/nvidia.ts'

const PROXIES = ['HTTPS_PROXY', 'HTTP_PROXY', 'https_proxy', 'http_proxy']
const MAX_OUTPUT_CHARACTERS = 4000

export function createMachineProbe(environment: NodeJS.ProcessEnv, cancelled: AbortSignal): MachineProbe {
  return {
    async gitVersion() {
      const { exitCode, stdout } = await execa('git', ['--version'], { reject: false })
      return exitCode === 0 ? stdout : undefined
    },
    sandbox: async (kind) => (await openSandbox(kind)).description,
    devices: () => seenDevices(environment, cancelled),
    useProxy() {
      const names = PROXIES.filter((name) => environment[name])
      const warning = useProxy(environment)
      return { names, ...(warning === undefined ? {} : { warning }) }
    },
  }
}

async function seenDevices(environment: NodeJS.ProcessEnv, signal: AbortSignal): Promise<SeenDevices> {
  const devices = await nvidiaDevices(visibleDevices(environment))
  const outside = new Map(devices.map(({ uuid, name }) => [uuid, name]))
  if (devices.length === 0) return { outside, inside: [] }
  const output = await listInside(environment, signal)
  const inside = [...outside.keys()].filter((uuid) => output.includes(uuid))
  const failure = output.trim().split('\n').at(-1)
  return { outside, inside, ...(failure ? { failure } : {}) }
}

/** What `nvidia-smi -L` prints in the sandbox of a trial. */
async function listInside(environment: NodeJS.ProcessEnv, signal: AbortSignal): Promise<string> {
  const claim = await claimDevices({ environment, clock: systemClock, signal })
  const sandbox = await openSandbox('bubblewrap')
  const scratch = await makeFolder(tmpdir(), 'doctor')
  const places = { source: join(scratch, 'source'), out: join(scratch, 'out') }
  let output = ''
  try {
    for (const folder of Object.values(places)) await mkdir(folder)
    await sandbox.run({
      command: 'nvidia-smi -L',
      places,
      outWritable: false,
      accelerators: claim,
      environment: { ...trainingEnvironment(environment, 1, claim.devices.length), ...claim.environment },
      timeoutSeconds: 60,
      caps: { outBytes: 1024 ** 2, processes: 64 },
      read: [],
      onOutput: (text) => {
        output = (output + text).slice(-MAX_OUTPUT_CHARACTERS)
      },
      signal,
    })
    return output
  } finally {
    await removeFolder(scratch)
  }
}
