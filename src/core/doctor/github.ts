// What GitHub allows: the token's permissions, the setting for pull requests, the rules of branches, and workflow files.
import { type Check, ok, problem, skipped } from './check.ts'

/** A permission of the token, probed by a call that changes nothing. */
export type Probe = { kind: 'granted' } | { kind: 'missing' } | { kind: 'unknown'; reason: string }

export const PERMISSIONS = ['contents', 'pull-requests', 'checks', 'issues', 'actions'] as const
export type Permission = (typeof PERMISSIONS)[number]

/** What a night loses without the permission; undefined: it could not run at all. */
const WITHOUT: Readonly<Record<Permission, string | undefined>> = {
  contents: undefined,
  'pull-requests': undefined,
  checks: undefined,
  issues: 'requests in issues are not read',
  actions: 'the swarm cannot start its next round',
}

/** @param needsActions whether the workflow starts its own next round */
export function checkPermission(permission: Permission, probe: Probe, needsActions: boolean): Check {
  const id = `token-${permission}`
  const name = `${permission}: write`
  const remedy = `Add \`${name}\` under \`permissions:\` of the job. A personal token: give it write access to ${permission}.`
  if (probe.kind === 'granted') return { area: 'GitHub', id, ...ok(`the token has ${name}`) }
  if (probe.kind === 'unknown')
    return { area: 'GitHub', id, ...skipped(`${name} could not be checked: ${probe.reason}`) }
  if (permission === 'checks')
    return {
      area: 'GitHub',
      id,
      ...problem(`the token lacks ${name}`, `${remedy} Only GITHUB_TOKEN and App tokens can write checks.`),
    }
  const loss = permission === 'actions' && needsActions ? undefined : WITHOUT[permission]
  if (loss === undefined) return { area: 'GitHub', id, ...problem(`the token lacks ${name}`, remedy) }
  return { area: 'GitHub', id, ...ok(`the token lacks ${name}, so ${loss}`, remedy) }
}

export function checkPullRequestSetting(allowed: 'yes' | 'no' | 'unknown', repositoryUrl: string): Check {
  const place = { area: 'GitHub', id: 'pull-request-setting' } as const
  if (allowed === 'unknown')
    return { ...place, ...skipped('whether Actions may open pull requests could not be checked') }
  if (allowed === 'yes')
    return { ...place, ...ok('pull requests may be opened, as far as a call without effect shows') }
  return {
    ...place,
    ...problem(
      'GitHub Actions may not open pull requests',
      `Tick "Allow GitHub Actions to create and approve pull requests" under "Workflow permissions" at ${repositoryUrl}/settings/actions.`,
    ),
  }
}

/** A rule that is in force on a branch, by GitHub's name of its type in rulesets. */
export interface BranchRule {
  type: string
  /** Names of required checks. */
  checks?: readonly string[]
  /** Approvals that a pull request needs, by people or code owners. */
  approvals?: number
}

export interface BranchRules {
  /** Of rulesets, and of classic branch protection where it can be seen. */
  rules: readonly BranchRule[]
  /** Why classic branch protection could not be seen; absent when it could. */
  unseen?: string
}

export type BranchKind = 'baseline' | 'ledger' | 'candidates'

const PUSHED = ['ledger', 'candidates'] as const
const ALL = ['baseline', ...PUSHED] as const

/** For each type of rule: the branches that it stops, and what it prevents there. */
const STOPS: Readonly<Record<string, { on: readonly BranchKind[]; what: string }>> = {
  creation: { on: ALL, what: 'forbids to create it' },
  update: { on: ALL, what: 'forbids to update it' },
  pull_request: { on: PUSHED, what: 'demands a pull request for each push' },
  required_status_checks: { on: PUSHED, what: 'demands checks before a push' },
  merge_queue: { on: ALL, what: 'demands a merge queue, and merges happen directly' },
  required_deployments: { on: ALL, what: 'demands deployments' },
  workflows: { on: ALL, what: 'demands that other workflows run first' },
}

/** @param metric name of the metric, whose check is ours */
export function checkBranchRules(
  kind: BranchKind,
  branch: string,
  rules: readonly BranchRule[],
  metric: string,
  repositoryUrl: string,
): Check {
  const place = { area: 'GitHub', id: `rules-${kind}` } as const
  const types = new Set(rules.map(({ type }) => type))
  const stopped = rules.flatMap((rule) => stopOf(kind, rule, metric) ?? [])
  // A candidate that moves to a new baseline keeps its branch.
  if (kind === 'candidates' && types.has('non_fast_forward') && types.has('required_linear_history'))
    stopped.push(
      'forbids both force-pushes and merge commits, so that no candidate can move to a new baseline',
    )
  if (stopped.length > 0)
    return {
      ...place,
      ...problem(
        `on ${branch} a rule ${stopped.join(', and a rule ')}`,
        `Exclude \`autoresearch/**\` from that rule, or let the action bypass it: ${repositoryUrl}/settings/rules, or ${repositoryUrl}/settings/branches for classic branch protection.`,
      ),
    }
  const text = rules.length === 0 ? `no rule on ${branch}` : `the rules on ${branch} leave the action its way`
  if (kind !== 'baseline' && types.has('required_signatures'))
    return {
      ...place,
      ...ok(
        `${text}; commits there are made through the API, because a rule demands signatures`,
        "Use GITHUB_TOKEN or an App's token: GitHub signs no commits of a personal token.",
      ),
    }
  const stays = kind === 'candidates' && types.has('deletion')
  if (!stays) return { ...place, ...ok(text) }
  return {
    ...place,
    ...ok(
      `${text}; decided branches stay, because a rule forbids to delete them`,
      `To have them deleted, change that rule: ${repositoryUrl}/settings/rules.`,
    ),
  }
}

/** @param unseen why classic branch protection could not be seen, by branch */
export function checkProtection(unseen: ReadonlyMap<string, string>, repositoryUrl: string): Check {
  const place = { area: 'GitHub', id: 'branch-protection' } as const
  if (unseen.size === 0) return { ...place, ...ok('classic branch protection was read, too') }
  const reasons = [...new Set(unseen.values())].map((reason) => {
    const branches = [...unseen].filter(([, one]) => one === reason).map(([branch]) => branch)
    return `of ${branches.join(', ')}: ${reason}`
  })
  return {
    ...place,
    ...skipped(
      `classic branch protection could not be seen, ${reasons.join('; ')}. At ${repositoryUrl}/settings/branches no rule should match autoresearch/**`,
    ),
  }
}

function stopOf(
  kind: BranchKind,
  { type, checks = [], approvals = 0 }: BranchRule,
  metric: string,
): string | undefined {
  if (type === 'pull_request' && kind === 'baseline' && approvals > 0)
    return 'demands approvals of people for each merge'
  const others = checks.filter((name) => name !== `autoresearch / ${metric}`)
  if (type === 'required_status_checks' && kind === 'baseline' && others.length > 0)
    return `demands checks that never run on a candidate (${others.slice(0, 3).join(', ')})`
  const rule = STOPS[type]
  return rule?.on.includes(kind) ? rule.what : undefined
}

/** @param changed workflow files that differ between baseline and default branch; undefined before the first run */
export function checkWorkflowFiles(
  changed: readonly string[] | undefined,
  baseline: string,
  defaultBranch: string,
): Check {
  const place = { area: 'GitHub', id: 'workflow-files' } as const
  if (changed === undefined) return { ...place, ...skipped(`the first run will create ${baseline}`) }
  if (changed.length === 0)
    return { ...place, ...ok(`${baseline} and ${defaultBranch} have the same workflow files`) }
  return {
    ...place,
    ...problem(
      `workflow files differ between ${baseline} and ${defaultBranch} (${changed.slice(0, 3).join(', ')}), so GitHub may refuse to push candidates`,
      `On ${baseline} run \`git checkout origin/${defaultBranch} -- .github/workflows\`, commit, and push it.`,
    ),
  }
}

/** A workflow file on the default branch, with GitHub's name of its state. */
export interface WorkflowState {
  path: string
  state: string
}

const DISABLED: Readonly<Record<string, string>> = {
  disabled_inactivity: 'GitHub disabled it, because nothing had happened in the repository for 60 days',
  disabled_manually: 'a person disabled it',
}

/**
 * @param text of a workflow file
 * @returns whether it has a schedule that starts this action. The command may be an expression: `${{ inputs.command || 'run' }}`
 */
export function startsBySchedule(text: string): boolean {
  return /^\s*schedule:/m.test(text) && /^\s*command:.*\b(?:run|propose)\b/m.test(text)
}

/**
 * @param scheduled paths of the workflows that start this action by a schedule
 * @param states undefined when the token may not read them
 */
export function checkSchedule(
  scheduled: readonly string[],
  states: readonly WorkflowState[] | undefined,
  repositoryUrl: string,
): Check {
  const place = { area: 'GitHub', id: 'schedule' } as const
  if (scheduled.length === 0) return { ...place, ...ok('no workflow starts this action by a schedule') }
  if (states === undefined)
    return { ...place, ...skipped('whether the schedule is enabled: the token lacks actions: read') }
  for (const { path, state } of states) {
    const why = scheduled.includes(path) ? DISABLED[state] : undefined
    const file = path.split('/').at(-1)
    if (why !== undefined)
      return {
        ...place,
        ...problem(
          `the schedule of ${path} starts nothing: ${why}`,
          `Enable it: \`gh workflow enable ${file}\`, or at ${repositoryUrl}/actions/workflows/${file}.`,
        ),
      }
  }
  return { ...place, ...ok(`the schedule of ${scheduled.join(', ')} is enabled`) }
}
