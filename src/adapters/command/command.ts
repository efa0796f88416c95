// Any coding agent as a proposer: runs its command in a sandbox whose only network is the model's host, and takes the
// difference it leaves as the proposal. Nothing of what it leaves is executed or given to git here.
import { withoutTrust } from '../../core/sandbox/refusal.ts'
import type { Proposer } from '../../ports.ts'
import { SandboxError } from '../sandbox/error.ts'
import { openSandbox, type Sandbox } from '../sandbox/sandbox.ts'
import { Attempt } from './attempt.ts'
import type { AgentSettings } from './run-agent.ts'

export interface CommandSettings extends AgentSettings {
  name: string
}

export interface CommandOptions {
  /** The environment of this process; an agent sees only the names on the allowlist. */
  environment: NodeJS.ProcessEnv
  /** Everything that must not be published. */
  jobSecrets: readonly string[]
}

/**
 * Makes a proposer that runs an agent. Whatever the agent does wrong is a `nothing`.
 *
 * @throws SandboxError when it is asked and there is no sandbox: an agent is never run without one
 */
export function createCommandProposer(settings: CommandSettings, options: CommandOptions): Proposer {
  let opened: Promise<Sandbox> | undefined
  /** Why the last attempt was refused: the agent cannot be told within one attempt. */
  let refused: string | undefined
  return {
    name: `command ${settings.name}`,
    propose: async (request) => {
      opened ??= openSandbox('bubblewrap')
      const sandbox = await opened.catch(explainMissing)
      const secrets = [...options.jobSecrets, ...Object.values(settings.secrets)]
      const attempt = new Attempt({ sandbox, settings, environment: options.environment, secrets, request })
      const result = await attempt.run(refused)
      refused = attempt.refusal
      return result
    },
  }
}

/** What helps a trial does not help here: there is no agent without a sandbox. */
function explainMissing(error: unknown): never {
  if (!(error instanceof SandboxError)) throw error
  throw new SandboxError(withoutTrust({ message: error.message, hint: error.hint }), error)
}
