// The command `init`: recognises a repository and proposes configuration, directions and workflow in one pull request.
import { filesOf, type InitFiles, WORKFLOW_PATH } from '../core/init/files.ts'
import { planInit } from '../core/init/init.ts'
import type { Layout } from '../core/init/layout.ts'
import { ONBOARDING_BRANCH, ONBOARDING_TITLE, renderOnboarding } from '../core/init/onboarding.ts'
import type { InitPlan } from '../core/init/plan.ts'
import type { RecipeFiles } from '../core/init/recipes.ts'
import { type ActionReference, renderWorkflow } from '../core/init/workflow.ts'
import { ConfigError, ForgeError } from '../errors.ts'
import type { OnboardingRemote } from '../ports/forge.ts'
import type { Log } from '../ports/job.ts'
import type { Repository } from '../ports/repository.ts'

export interface InitSettings {
  configPath: string
  /** Text of `templates/solo.yml`. */
  template: string
  /** The files of `recipes/`, by folder. */
  recipes: ReadonlyMap<string, RecipeFiles>
  /** The action that runs now; undefined when that is not known. */
  action: ActionReference | undefined
  /** Whether the machine that trains has one; absent when it is another machine. */
  hasGpu?: boolean
}

export interface Prepared {
  plan: InitPlan
  files: InitFiles
}

/** Reads nothing but `layout`, and changes nothing. */
export function prepare(
  layout: Layout,
  { configPath, template, recipes, action, hasGpu }: InitSettings,
): Prepared {
  const plan = planInit(layout, recipes, hasGpu)
  const files = filesOf(plan, layout, configPath, renderWorkflow(template, plan, action))
  // What would be said of the configuration is not true of the one that is kept.
  const said = files.added.has(configPath) ? plan : { ...plan, assumed: [], check: [], missing: [] }
  return { plan: said, files }
}

interface InitPorts {
  repository: Repository
  remote: OnboardingRemote
  log: Log
}

export interface Proposed extends Prepared {
  /** Body of the pull request. */
  body: string
  /** Absent when there is nothing to propose. */
  pullRequest?: number
}

/**
 * Opens the onboarding pull request, or updates the open one.
 *
 * @param repositoryUrl address of the repository's pages
 * @throws ForgeError when GitHub forbids the pull request
 */
export async function proposeInit(
  { repository, remote, log }: InitPorts,
  settings: InitSettings,
  repositoryUrl: string,
): Promise<Proposed> {
  const { defaultBranch, commits } = await repository.remoteBranches()
  const base = commits.get(defaultBranch)
  if (base === undefined)
    throw new ConfigError(`the repository has no commit on ${defaultBranch}`, {
      hint: 'Push your training code first.',
    })
  const prepared = prepare(await repository.readFiles(base), settings)
  const { plan, files } = prepared
  const tip = commits.get(ONBOARDING_BRANCH) ?? null
  const { pushed, workflowByHand } = await pushFiles({ repository, remote, log }, base, tip, files.added)
  const body = renderOnboarding({ plan, files, repositoryUrl, commit: base, defaultBranch, workflowByHand })
  if (!pushed) return { ...prepared, body }
  const request = { branch: ONBOARDING_BRANCH, base: defaultBranch, title: ONBOARDING_TITLE, body }
  const opened = await remote.propose(request)
  if (opened.kind === 'opened') return { ...prepared, body, pullRequest: opened.number }
  throw new ForgeError('GitHub Actions may not open the onboarding pull request', {
    hint: opened.explanation,
  })
}

/** Puts the files on the onboarding branch, without the workflow if the token may not push it. */
async function pushFiles(
  { repository, remote, log }: InitPorts,
  base: string,
  tip: string | null,
  added: ReadonlyMap<string, string>,
): Promise<{ pushed: boolean; workflowByHand: boolean }> {
  if (added.size === 0) return { pushed: false, workflowByHand: false }
  if (tip !== null && tip !== base && !(await remote.isOurs(tip))) {
    log.info(`Somebody pushed to ${ONBOARDING_BRANCH}: it stays as it is`)
    return { pushed: true, workflowByHand: false }
  }
  const withoutWorkflow = new Map([...added].filter(([path]) => path !== WORKFLOW_PATH))
  for (const files of [added, withoutWorkflow]) {
    if (files.size === 0) continue
    const workflowByHand = files.size < added.size
    const made = await repository.commit({ base, files, message: ONBOARDING_TITLE })
    if (tip !== null && (await repository.treeOf(tip)) === made.tree) return { pushed: true, workflowByHand }
    const move = { branch: ONBOARDING_BRANCH, from: tip, to: made.commit }
    if ((await remote.push(move)) === 'pushed') return { pushed: true, workflowByHand }
  }
  return { pushed: false, workflowByHand: true }
}
