// What `doctor` asks GitHub, this machine and the model endpoints.
import type { Config, EndpointConfig } from '../core/config/config.ts'
import type { BranchRules, Permission, Probe, WorkflowState } from '../core/doctor/github.ts'
import type { SeenDevices } from '../core/doctor/machine.ts'
import type { ModelAnswer } from '../core/doctor/models.ts'

/** What `doctor` asks GitHub. No call changes anything. */
export interface GitHubProbe {
  permission(permission: Permission): Promise<Probe>
  mayOpenPullRequests(): Promise<'yes' | 'no' | 'unknown'>
  /** The workflows on the default branch; undefined when the token may not read them. */
  workflows(): Promise<readonly WorkflowState[] | undefined>
  /** The rules in force on the branch, which need not exist. */
  branchRules(branch: string): Promise<BranchRules>
}

/** What `doctor` asks this machine. */
export interface MachineProbe {
  /** What `git --version` prints; undefined when there is no git. */
  gitVersion(): Promise<string | undefined>
  /** Opens the sandbox and describes it. @throws SandboxError when it cannot be opened */
  sandbox(kind: Config['sandbox']['kind']): Promise<string>
  /** The devices outside and inside of bubblewrap. */
  devices(): Promise<SeenDevices>
  /** Sends later requests through the proxy that the environment names. @throws ConfigError when that is no proxy */
  useProxy(): { names: string[]; warning?: string }
}

/** Asks an endpoint to call a tool. */
export type AskModel = (endpoint: EndpointConfig, key: string) => Promise<ModelAnswer>
