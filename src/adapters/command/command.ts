// A coding agent as a proposer: runs its command in a sandbox that reaches only the configured hosts, and takes its changes
// as the proposal. This folder neither executes what the agent leaves nor passes it to git.
import { withoutTrust } from '../../core/sandbox/refusal.ts'
import type { Proposer } from '../../ports/proposer.ts'
import { SandboxError } from '../sandbox/error.ts'
import { openSandbox, type Sandbox } from '../sandbox/sandbox.ts'
import { Attempt } from './attempt.ts'
import type { AgentSettings } from './run-agent.ts'

export interface CommandSettings extends AgentSettings {
  name: string
}

export interface CommandOptions {
  /** The environment of this process; an agent sees only allowlisted variables. */
  environment: NodeJS.ProcessEnv
  /** Secrets of the job that must not be published. */
  jobSecrets: readonly string[]
}

/**
 * Creates a proposer that runs an agent. A failing agent is a result of kind `nothing`.
 *
 * `propose` throws SandboxError when no sandbox is available, because an agent never runs without one.
 */
export function createCommandProposer(settings: CommandSettings, options: CommandOptions): Proposer {
  let opened: Promise<Sandbox> | undefined
  /** Why the last attempt was refused. The next attempt's task says so, because an attempt is over by then. */
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

/** Removes the hint to trust the code: `sandbox: none` helps trials, but agents always need a sandbox. */
function explainMissing(error: unknown): never {
  if (!(error instanceof SandboxError)) throw error
  throw new SandboxError(withoutTrust({ message: error.message, hint: error.hint }), error)
}
