// The job of the command `init`: opens the pull request that sets up a repository.
import { fileURLToPath } from 'node:url'
import { readRecipes, readTemplate } from '../adapters/action-folder.ts'
import { actionsLog, setOutputs, writeJobSummary } from '../adapters/actions.ts'
import { isOurs, pushBranch } from '../adapters/git/push-branch.ts'
import { findsGpu } from '../adapters/trainer/device.ts'
import { type InitSettings, proposeInit } from '../commands/init.ts'
import { initJson } from '../core/init/onboarding.ts'
import type { Job } from './job.ts'
import { pushingContext, wirePorts } from './ports.ts'

/** The folder of this action, above `dist/`. */
const ACTION_DIRECTORY = fileURLToPath(new URL('..', import.meta.url))

export async function initSettings(
  configPath: string,
  environment: NodeJS.ProcessEnv,
): Promise<InitSettings> {
  const [template, recipes] = await Promise.all([
    readTemplate(ACTION_DIRECTORY),
    readRecipes(ACTION_DIRECTORY),
  ])
  const { GITHUB_ACTION_REPOSITORY: repository, GITHUB_ACTION_REF: ref } = environment
  return { configPath, template, recipes, action: repository && ref ? { repository, ref } : undefined }
}

export default async function initJob(job: Job): Promise<void> {
  const context = pushingContext(job)
  const ports = await wirePorts(job)
  const remote = {
    isOurs: (commit: string) => isOurs(context, commit),
    push: (move: Parameters<typeof pushBranch>[1]) => pushBranch(context, move),
    propose: ports.forge.putPullRequest,
  }
  const repositoryUrl = `${job.runner.serverUrl}/${job.runner.repository}`
  // This job has the machine on which later ones train.
  const hasGpu = await findsGpu(process.env)
  const settings = { ...(await initSettings(job.inputs.configPath, process.env)), hasGpu }
  const proposed = await proposeInit({ ...ports, remote }, settings, repositoryUrl)
  const { plan, files, body, pullRequest } = proposed
  const next =
    pullRequest === undefined
      ? 'Run the workflow with the command doctor.'
      : `Review and merge ${repositoryUrl}/pull/${pullRequest}.`
  actionsLog.info(`Recognised ${plan.recognised}. ${next}`)
  await writeJobSummary(body)
  setOutputs({ summary: JSON.stringify(initJson(plan, files, next)) })
}
