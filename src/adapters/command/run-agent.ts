// Runs an agent once: in a sandbox, with its task and its secrets, and with the proxy as its only network access.
import { existsSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import type { CommandConfig } from '../../core/config/config.ts'
import { type AgentOutput, AgentOutputReader } from '../../core/propose/agent-output.ts'
import { taskVariable } from '../../core/propose/task.ts'
import type { Mount, SandboxExit } from '../../core/sandbox/sandbox.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { agentEnvironment } from '../trainer/environment.ts'
import { type AgentPlan, BRIDGE, INSIDE } from './bridge.ts'

export interface AgentSettings extends Omit<CommandConfig, 'kind' | 'name' | 'secrets'> {
  /** The agent's own secrets, by variable name. No other process gets them. */
  secrets: Readonly<Record<string, string>>
}

export interface AgentRun {
  sandbox: Sandbox
  settings: AgentSettings
  /** The environment of this process. */
  environment: NodeJS.ProcessEnv
  task: string
  /** A temporary folder. It contains `out`, which the agent may write to and which holds its `tree`, and `past`, which it reads. */
  scratch: string
  signal: AbortSignal
}

export interface AgentEnd {
  exit: SandboxExit
  output: AgentOutput
  /** Where its connections went, as `host:port`. */
  hosts: {
    reached: readonly string[]
    /** Not listed under `hosts`. */
    blocked: readonly string[]
    /** With what went wrong. */
    unreachable: readonly string[]
  }
}

const CAPS = { outBytes: 1024 ** 3, processes: 1024 }

/** Folders in which programs look for the certificates of authorities. */
const CERTIFICATES = ['/etc/ssl/certs', '/etc/pki/tls/certs', '/etc/pki/ca-trust/extracted']

/** Runs the agent to its end. Afterwards no process of it is left, only the files that it wrote. */
export async function runAgent(run: AgentRun): Promise<AgentEnd> {
  const { sandbox, settings, scratch, signal } = run
  const socketPath = join(scratch, 's')
  const out = join(scratch, 'out')
  // Loaded on demand, because `node:http` loads slowly.
  const { startProxy } = await import('./proxy.ts')
  const proxy = await startProxy({ socketPath, hosts: settings.hosts })
  const output = new AgentOutputReader()
  try {
    const exit = await sandbox.run({
      command: `exec ${INSIDE.node} ${INSIDE.bridge}`,
      places: { source: out, out },
      outWritable: true,
      accelerators: false,
      environment: agentEnvironment(run.environment),
      timeoutSeconds: settings.timeoutSeconds,
      caps: CAPS,
      read: settings.read,
      mounts: mounts(socketPath, join(scratch, 'past')),
      files: filesInside(run),
      onOutput: (text) => output.push(text),
      signal,
    })
    const { reached, refused, unreachable } = proxy
    const hosts = {
      reached: [...reached],
      blocked: [...refused],
      unreachable: [...unreachable].map(([host, problem]) => `${host} (${problem})`),
    }
    return { exit, output: output.end(), hosts }
  } finally {
    await proxy.close()
  }
}

function mounts(socketPath: string, past: string): Mount[] {
  return [
    { kind: 'read', from: realpathSync(process.execPath), to: INSIDE.node },
    { kind: 'write', from: socketPath, to: INSIDE.socket },
    { kind: 'read', from: past, to: INSIDE.past },
    ...CERTIFICATES.filter((path) => existsSync(path)).map(
      (path): Mount => ({ kind: 'read', from: realpathSync(path), to: path }),
    ),
  ]
}

function filesInside({ settings: { run, env, secrets }, task }: AgentRun): Record<string, string> {
  const plan: AgentPlan = {
    command: run,
    environment: {
      ...env,
      ...secrets,
      AUTORESEARCH_BRIEF: taskVariable(task, INSIDE.brief),
      AUTORESEARCH_BRIEF_FILE: INSIDE.brief,
      AUTORESEARCH_PROPOSAL: INSIDE.proposal,
      AUTORESEARCH_PAST: INSIDE.past,
    },
  }
  return { [INSIDE.bridge]: BRIDGE, [INSIDE.brief]: task, [INSIDE.plan]: JSON.stringify(plan) }
}
