// Opens the configured kind of sandbox: bubblewrap, or none for trusted code.
import { tmpdir } from 'node:os'
import { otherSystem } from '../../core/sandbox/refusal.ts'
import { placedEnvironment } from '../../core/sandbox/sandbox.ts'
import { makeFolder, removeFolder } from '../leftovers.ts'
import { openBubblewrap } from './bubblewrap.ts'
import { SandboxError } from './error.ts'
import { runGroup } from './process-group.ts'
import { pinToCores } from './programs.ts'
import type { Sandbox } from './request.ts'

export type { Sandbox } from './request.ts'

/**
 * Opens a sandbox and checks that it works by running a command in it.
 *
 * @throws SandboxError when bubblewrap is missing, too old or not permitted: there is no fallback to a weaker sandbox
 */
export async function openSandbox(kind: 'bubblewrap' | 'none'): Promise<Sandbox> {
  if (kind === 'none') return NO_SANDBOX
  if (process.platform !== 'linux') throw new SandboxError(otherSystem(process.platform))
  return openBubblewrap()
}

const NO_SANDBOX: Sandbox = {
  level: 'none',
  description: 'no sandbox: the code can read and change whatever this user can, without limits',
  async run({ command, places, cores, environment, timeoutSeconds, onOutput, input, output, signal }) {
    const scratch = await makeFolder(tmpdir(), 'home')
    try {
      return await runGroup({
        command,
        launcher: await pinToCores(cores),
        directory: places.source,
        environment: placedEnvironment(environment, {
          ...{ home: scratch, ...places, ...places.own },
          temporary: scratch,
        }),
        timeoutSeconds,
        onOutput,
        ...(input && { input }),
        ...(output && { output }),
        signal,
      })
    } finally {
      await removeFolder(scratch)
    }
  },
}
