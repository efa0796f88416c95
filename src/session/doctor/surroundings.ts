// What surrounds the training code: GitHub, this machine, models and agents.
import type { Config } from '../../core/config/config.ts'
import { assignKeys, hostOf, type Secrets } from '../../core/config/secrets.ts'
import { type Check, ok, skipped } from '../../core/doctor/check.ts'
import {
  checkBranchRules,
  checkPermission,
  checkProtection,
  checkPullRequestSetting,
  checkSchedule,
  checkWorkflowFiles,
  PERMISSIONS,
  startsBySchedule,
} from '../../core/doctor/github.ts'
import { checkDevices, checkGit, checkProxy } from '../../core/doctor/machine.ts'
import { checkAgent, checkModel } from '../../core/doctor/models.ts'
import type { AskModel, GitHubProbe, MachineProbe } from '../../ports/doctor.ts'
import type { RemoteBranches, Repository } from '../../ports/repository.ts'
import type { Diagnosis } from './diagnosis.ts'
import type { Subject } from './subject.ts'

export interface GitHubFacts {
  repository: Repository
  branches: RemoteBranches
  subject: Subject | undefined
  repositoryUrl: string
}

export async function diagnoseGitHub(
  diagnosis: Diagnosis,
  github: GitHubProbe,
  facts: GitHubFacts,
): Promise<void> {
  const { subject, branches, repositoryUrl } = facts
  const workflows = [...(subject?.files ?? [])].filter(([path]) => path.startsWith(WORKFLOWS))
  // A workflow of the swarm: the job that judges starts the next round. The job `request` has permissions of its own.
  const startsRounds = workflows.some(([, text]) => /command: judge\b/.test(text))
  for (const name of PERMISSIONS)
    await diagnosis.attempt('GitHub', `token-${name}`, async () =>
      checkPermission(name, await github.permission(name), startsRounds),
    )
  await diagnosis.attempt('GitHub', 'pull-request-setting', async () =>
    checkPullRequestSetting(await github.mayOpenPullRequests(), repositoryUrl),
  )
  const scheduled = workflows.flatMap(([path, text]) => (startsBySchedule(text) ? [path] : []))
  await diagnosis.attempt('GitHub', 'schedule', async () =>
    checkSchedule(scheduled, scheduled.length > 0 ? await github.workflows() : [], repositoryUrl),
  )
  const baseline = subject?.config.baseline ?? 'autoresearch/baseline'
  const places = { baseline, ledger: 'autoresearch/ledger', candidates: 'autoresearch/c/1' } as const
  const unseen = new Map<string, string>()
  for (const kind of ['baseline', 'ledger', 'candidates'] as const)
    await diagnosis.attempt('GitHub', `rules-${kind}`, async () => {
      const { rules, unseen: reason } = await github.branchRules(places[kind])
      if (reason !== undefined) unseen.set(places[kind], reason)
      return checkBranchRules(kind, places[kind], rules, subject?.config.metric.name ?? '', repositoryUrl)
    })
  await diagnosis.attempt('GitHub', 'branch-protection', async () => checkProtection(unseen, repositoryUrl))
  await diagnosis.attempt('GitHub', 'workflow-files', async () =>
    checkWorkflowFiles(await changedWorkflows(facts, baseline), baseline, branches.defaultBranch),
  )
}

const WORKFLOWS = '.github/workflows/'

async function changedWorkflows(
  { repository, branches }: GitHubFacts,
  baseline: string,
): Promise<string[] | undefined> {
  const [from, to] = [branches.commits.get(baseline), branches.commits.get(branches.defaultBranch)]
  if (from === undefined || to === undefined) return undefined
  const changes = await repository.changes(from, to)
  return changes.map(({ path }) => path).filter((path) => path.startsWith(WORKFLOWS))
}

/** The sandbox is opened as configured; without a valid configuration, as it is by default. */
export async function diagnoseMachine(
  diagnosis: Diagnosis,
  machine: MachineProbe,
  kind: Config['sandbox']['kind'],
): Promise<void> {
  await diagnosis.attempt('machine', 'git', async () => checkGit(await machine.gitVersion()))
  await diagnosis.attempt('machine', 'sandbox', async () => {
    const found = ok(await machine.sandbox(kind))
    return { area: 'machine', id: 'sandbox', ...found } satisfies Check
  })
  await diagnosis.attempt('machine', 'gpu', async () => {
    if (kind === 'none' || diagnosis.hasProblem('sandbox'))
      return { area: 'machine', id: 'gpu', ...skipped('the GPU inside the sandbox: there is no sandbox') }
    return checkDevices(await machine.devices())
  })
}

export function diagnoseProxy(diagnosis: Diagnosis, machine: MachineProbe): Promise<void> {
  return diagnosis.attempt('machine', 'proxy', async () => {
    const { names, warning } = machine.useProxy()
    return checkProxy(names, warning)
  })
}

export interface ProposerSecrets {
  openaiApiKey: string
  openaiApiKeys: Secrets
  agentEnvironment: Secrets
}

/** Each endpoint is asked once; agents are not, because a conversation costs money. */
export async function diagnoseProposers(
  diagnosis: Diagnosis,
  askModel: AskModel,
  { proposers }: Config,
  secrets: ProposerSecrets,
): Promise<void> {
  const endpoints = proposers.flatMap((proposer) => (proposer.kind === 'openai' ? proposer.endpoints : []))
  const urls = endpoints.map(({ baseUrl }) => baseUrl)
  const keys = assignKeys(secrets.openaiApiKey, secrets.openaiApiKeys, urls)
  for (const endpoint of endpoints) {
    const host = hostOf(endpoint.baseUrl)
    await diagnosis.attempt('proposers', `model-${host}`, async () =>
      checkModel(endpoint.model, host, await askModel(endpoint, keys.get(host) ?? '')),
    )
  }
  for (const proposer of proposers)
    if (proposer.kind === 'command')
      await diagnosis.attempt('proposers', `agent-${proposer.name}`, async () =>
        checkAgent(proposer, secrets.agentEnvironment),
      )
}
