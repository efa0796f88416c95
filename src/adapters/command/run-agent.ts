// Runs an agent once: its sandbox, what it is given, and its only way out.
import { existsSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import type { CommandConfig } from '../../core/config/config.ts'
import { taskVariable } from '../../core/propose/task.ts'
import type { Mount, SandboxExit } from '../../core/sandbox/sandbox.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { agentEnvironment } from '../trainer/environment.ts'
import { type AgentPlan, BRIDGE, INSIDE } from './bridge.ts'

export interface AgentSettings extends Omit<CommandConfig, 'kind' | 'name' | 'secrets'> {
  /** The agent's own secrets, by the name of their variable: nobody else gets them. */
  secrets: Readonly<Record<string, string>>
}

export interface AgentRun {
  sandbox: Sandbox
  settings: AgentSettings
  /** Of this process. */
  environment: NodeJS.ProcessEnv
  task: string
  /** A folder of ours; in it `out`, which the agent may write and which holds its `tree`. */
  scratch: string
  signal: AbortSignal
}

export interface AgentEnd {
  exit: SandboxExit
  /** The end of what it printed. */
  output: string
  /** Whom it asked for in vain. */
  refusedHosts: readonly string[]
}

const CAPS = { outBytes: 1024 ** 3, processes: 1024 }
const MAX_OUTPUT_CHARACTERS = 32_000

/** Programs that do not bring the certificates of authorities with them look for them here. */
const CERTIFICATES = ['/etc/ssl/certs', '/etc/pki/tls/certs', '/etc/pki/ca-trust/extracted']

/** When it returns, nothing of the agent is left but what it wrote. */
export async function runAgent(run: AgentRun): Promise<AgentEnd> {
  const { sandbox, settings, scratch, signal } = run
  const socketPath = join(scratch, 's')
  const out = join(scratch, 'out')
  // Only here: `node:http` takes long to load.
  const { startProxy } = await import('./proxy.ts')
  const proxy = await startProxy({ socketPath, hosts: settings.hosts })
  let output = ''
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
      mounts: mounts(socketPath),
      files: filesInside(run),
      onOutput: (text) => {
        output = (output + text).slice(-MAX_OUTPUT_CHARACTERS)
      },
      signal,
    })
    return { exit, output: output.toWellFormed(), refusedHosts: [...proxy.refused] }
  } finally {
    await proxy.close()
  }
}

function mounts(socketPath: string): Mount[] {
  return [
    { kind: 'read', from: realpathSync(process.execPath), to: INSIDE.node },
    { kind: 'write', from: socketPath, to: INSIDE.socket },
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
    },
  }
  return { [INSIDE.bridge]: BRIDGE, [INSIDE.brief]: task, [INSIDE.plan]: JSON.stringify(plan) }
}
