// Claims the devices of this machine as a trial does, and prints why that is refused; started in another pid namespace.
import { claimDevices } from '../../src/adapters/trainer/device.ts'

const clock = { pause: async () => {} }
const options = { environment: process.env, clock, signal: new AbortController().signal }
const refused = await claimDevices(options).catch((error: unknown) => error)
process.stdout.write(refused instanceof Error ? `refused: ${refused.message}\n` : 'idle\n')
