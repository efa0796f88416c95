// What `init` tells people: the onboarding pull request, the lines of a terminal, and the same as JSON.
import { MAX_BODY_CHARACTERS } from '../report/pull-request.ts'
import { fence, inertText, table, truncateMarkdown } from '../text/markdown.ts'
import { type InitFiles, WORKFLOW_PATH } from './files.ts'
import { type Evidence, placeOf } from './layout.ts'
import type { InitPlan } from './plan.ts'

export const ONBOARDING_BRANCH = 'autoresearch/onboarding'
export const ONBOARDING_TITLE = 'Set up Autoresearch Action'
const MARKER = '<!-- autoresearch onboarding -->'

export interface Onboarding {
  plan: InitPlan
  files: InitFiles
  /** Address of the repository's pages, such as `https://github.com/acme/lab`. */
  repositoryUrl: string
  /** The commit that was read. */
  commit: string
  defaultBranch: string
  /** Whether the token may not push the workflow, so that a person has to add it. */
  workflowByHand: boolean
}

export function renderOnboarding(onboarding: Onboarding): string {
  const { plan, files } = onboarding
  const body = [
    MARKER,
    `\`init\` recognised this repository as **${inertText(plan.recognised, 200)}** and proposes how to research it.`,
    ...section('Fill in first', plan.missing),
    `### What was found\n\n${findingsTable(onboarding)}`,
    ...section('What was assumed', plan.assumed),
    `### Check before you merge\n\n${list([...plan.check, ...settingsToCheck(onboarding)], '- [ ] ')}`,
    ...section('Files that exist', files.kept),
    ...workflowSection(onboarding),
    `### After the merge\n\n${nextSteps(onboarding)}`,
    '---',
    'Written by `init`. Edit this branch as you like: a later `init` updates it only while nobody else has pushed to it.',
  ]
  return truncateMarkdown(body.join('\n\n'), MAX_BODY_CHARACTERS)
}

function section(title: string, sentences: readonly string[]): string[] {
  return sentences.length === 0 ? [] : [`### ${title}\n\n${list(sentences)}`]
}

/** The sentences are ours; what they quote of the repository are plain paths and names. */
function list(sentences: readonly string[], bullet = '- '): string {
  return sentences.map((sentence) => `${bullet}${sentence}`).join('\n')
}

function findingsTable(onboarding: Onboarding): string {
  const { findings } = onboarding.plan
  if (findings.length === 0) return 'Nothing.'
  const rows = findings.map(({ what, evidence }) => [
    inertText(what, 200),
    linkTo(onboarding, evidence),
    inertText(evidence.text ?? '', 200),
  ])
  return table(['', 'where', 'line'], rows)
}

function linkTo({ repositoryUrl, commit }: Onboarding, evidence: Evidence): string {
  const path = evidence.path.split('/').map(encodeURIComponent).join('/')
  const line = evidence.line === undefined ? '' : `#L${evidence.line}`
  return `[${inertText(placeOf(evidence), 200)}](${repositoryUrl}/blob/${commit}/${path}${line})`
}

function settingsToCheck({ plan, repositoryUrl }: Onboarding): string[] {
  return [
    `[Workflow permissions](${repositoryUrl}/settings/actions) allow GitHub Actions to create and approve pull requests.`,
    ...(plan.machine === 'hosted'
      ? []
      : [
          `A self-hosted runner ${plan.machine === 'gpu' ? 'with the labels `self-hosted` and `gpu` ' : ''}has git 2.38 and bubblewrap 0.8, or newer.`,
        ]),
    `To let a model propose: the entry under \`proposers\`, and [the secret](${repositoryUrl}/settings/secrets/actions) \`OPENAI_API_KEY\`.`,
  ]
}

function workflowSection({ workflowByHand, files, repositoryUrl, defaultBranch }: Onboarding): string[] {
  const workflow = files.added.get(WORKFLOW_PATH)
  if (!workflowByHand || workflow === undefined) return []
  const address = `${repositoryUrl}/new/${encodeURIComponent(defaultBranch)}?filename=${encodeURIComponent(WORKFLOW_PATH)}`
  return [
    `### Add the workflow by hand\n\nThe token of a workflow may not write workflow files. [Create \`${WORKFLOW_PATH}\`](${address}) with this content:\n\n${fence(workflow, 'yaml', 20_000)}`,
  ]
}

function nextSteps({ repositoryUrl }: Onboarding): string {
  return [
    `1. [Run the workflow](${repositoryUrl}/actions) with \`doctor\`. It checks everything, trains a few short runs, and says what to fix first.`,
    '2. Run it with `run`. The first run creates `autoresearch/baseline`; from then on the configuration there counts.',
  ].join('\n')
}

/** For a terminal. */
export function describeInit(plan: InitPlan, files: InitFiles, next: string): string {
  const paragraph = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `  ${line.replaceAll('`', '')}`)]
  return [
    ...(plan.missing.length === 0 ? [] : [...paragraph('Fill in first', plan.missing).slice(1), '']),
    `Recognised: ${plan.recognised}`,
    ...paragraph(
      'Found',
      plan.findings.map(({ what, evidence }) => `${placeOf(evidence)}  ${what}`),
    ),
    ...paragraph('Assumed', plan.assumed),
    ...paragraph('Check', plan.check),
    ...paragraph('Kept', files.kept),
    ...paragraph('Written', [...files.added.keys()]),
    '',
    `Next: ${next}`,
  ].join('\n')
}

/** The stable form for programs; docs/first-night.md documents it. */
export function initJson(plan: InitPlan, { added, kept }: InitFiles, next: string): object {
  const { recognised, recipe, missing, findings, assumed, check } = plan
  return {
    recognised,
    recipe: recipe ?? null,
    missing,
    findings: findings.map(({ what, evidence }) => ({ what, ...evidence })),
    assumed,
    check,
    files: Object.fromEntries(added),
    kept,
    next,
  }
}
