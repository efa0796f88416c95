// Texts of a candidate's pull request, of its commit and of its merge commit.
import type { Config } from '../config/config.ts'
import type { Change } from '../gate/gate.ts'
import { baselineMean, type Conditions } from '../judge/evidence.ts'
import { nameOf } from '../propose/brief/words.ts'
import { bundledBy, type Candidate, requestOf } from '../record/candidate.ts'
import { findCandidate } from '../record/candidates.ts'
import type { KnownRequest } from '../record/request.ts'
import type { State } from '../record/state.ts'
import type { Verdict } from '../record/verdict.ts'
import { countLines } from '../text/diff.ts'
import { documentUrl } from '../text/documents.ts'
import { fence, inertText, inertTitle, table, truncateMarkdown } from '../text/markdown.ts'
import { formatNumber, formatSeconds, formatShare, formatSigned } from '../text/numbers.ts'
import { trialSeed } from '../trial/protocol.ts'
import { describeTarget } from '../trial/target.ts'

/** GitHub's limit for the body of a pull request or comment. */
export const MAX_BODY_CHARACTERS = 65_536
const MAX_TITLE_CHARACTERS = 100
const MAX_LISTED_FILES = 50

export interface PullRequestFacts {
  candidate: Candidate
  /** From `candidate.base` to `candidate.head`. */
  changes: readonly Change[]
  config: Pick<Config, 'metric' | 'setup' | 'train' | 'evaluate' | 'budgetSeconds' | 'baseline'>
  state: State
  conditions: Conditions
}

/** Hidden first line of a candidate's pull request. A candidate's text cannot contain it, because `<` is always escaped. */
export function pullRequestMarker(candidateId: string): string {
  return `<!-- autoresearch candidate ${candidateId} -->`
}

/** Title and body of a new pull request. Text written by the candidate is inert in both. */
export function renderPullRequest(facts: PullRequestFacts): { title: string; body: string } {
  const { candidate } = facts
  const body = [
    pullRequestMarker(candidate.id),
    inertText(candidate.hypothesis, 6000),
    factTable(facts),
    ...memberLines(facts),
    `### Change\n\n${changeTable(facts.changes)}`,
    `### Reproduce\n\n${fence(reproduceCommands(facts), 'bash')}`,
    '---',
    `Opened by Autoresearch Action. ${nextStep(candidate)} You can close, merge or push to this pull request at any time; your decision overrides the action ([how to review it](${documentUrl('reviewing')})).`,
  ].join('\n\n')
  return { title: pullRequestTitle(candidate), body: truncateMarkdown(body, MAX_BODY_CHARACTERS) }
}

function nextStep({ origin }: Candidate): string {
  if (origin.kind === 'aa')
    return 'It trains this no-op change, reports the result as a check, and closes this pull request whatever the verdict.'
  if (origin.kind === 'revert')
    return 'It trained the reverted change again; those runs did not confirm it, so this pull request is merged.'
  if (origin.kind === 'bundle')
    return 'It trains these changes together, reports the result as a check, and then merges or closes this pull request. Once merged, members that make the code longer are tried without.'
  return 'It trains this change, reports the result as a check, and then merges or closes this pull request.'
}

function pullRequestTitle(candidate: Candidate): string {
  return inertTitle(candidate.title, MAX_TITLE_CHARACTERS) || `Candidate ${candidate.id}`
}

function factTable({ candidate, config, state, conditions }: PullRequestFacts): string {
  const metric = inertText(config.metric.name, 80)
  const better = config.metric.direction === 'minimize' ? 'lower' : 'higher'
  const base = state.baselines.find(({ commit }) => commit === candidate.base)
  const value = base && baselineMean(state, conditions, base.tree)
  const request = state.requests.get(requestOf(candidate) ?? '')
  const measured = value === undefined ? 'not measured yet' : `${metric} ${formatNumber(value)}`
  return table(
    ['', ''],
    [
      ['category', inertText(candidate.category, 40)],
      ['proposer', inertText(candidate.proposer, 200)],
      ['expected effect', inertText(candidate.expectedEffect, 500)],
      ...(request ? [['requested', requestSource(request)]] : []),
      ['baseline', `${candidate.base.slice(0, 7)} on ${inertText(config.baseline, 200)}, ${measured}`],
      [
        'decided by',
        `${metric}${goalWords(config.metric)}, ${better} is better, a budget of ${formatSeconds(config.budgetSeconds)} per run`,
      ],
    ],
  )
}

/** What the candidate bundles or removes, with what its own runs said. Empty for other candidates. */
function memberLines({ candidate, state }: PullRequestFacts): string[] {
  const { origin } = candidate
  const ids = origin.kind === 'leave-out' ? [origin.bundle, origin.member] : bundledBy(candidate)
  const members = ids.flatMap((id) => findCandidate(state, id) ?? [])
  if (members.length === 0) return []
  const rows = members.map((member) => {
    const { gain, measured, risk, runs } = member.verdict ?? {}
    return [
      `${nameOf(member)} ${inertText(member.title, 80)}`,
      inertText(member.proposer, 80),
      runs === undefined ? '–' : `${runs.candidate}`,
      measured === undefined ? '–' : formatSigned(measured),
      gain === undefined ? '–' : formatSigned(gain),
      risk === undefined ? '–' : formatShare(risk),
    ]
  })
  const heading = origin.kind === 'bundle' ? '### Members' : '### The bundle, and the member that is removed'
  const columns = ['candidate', 'proposer', 'runs', 'measured gain', 'expected gain', 'false-merge risk']
  return [`${heading}\n\n${table(columns, rows)}`]
}

/** What a time to target waits for. */
function goalWords({ source }: Config['metric']): string {
  if (source.kind !== 'target') return ''
  return ` (seconds of training until ${inertText(source.curve, 80)} is ${describeTarget(source)})`
}

function requestSource({ source }: KnownRequest): string {
  return source.kind === 'issue' ? `in #${source.number}` : 'by the person who started the workflow'
}

function changeTable(changes: readonly Change[]): string {
  const rows = changes.slice(0, MAX_LISTED_FILES).map((change) => {
    const { added, removed } = countLines(change)
    return [inertText(change.path, 300), `+${added}`, `−${removed}`]
  })
  const unlisted = changes.length - rows.length
  return table(['file', 'added', 'removed'], rows) + (unlisted > 0 ? `\n\n… and ${unlisted} more files` : '')
}

/** Fetches by commit, which GitHub still serves after the branch is deleted. */
function reproduceCommands({ candidate, config, state }: PullRequestFacts): string {
  const seed = trialSeed(state.rootSeed, candidate.tree, 1)
  return [
    `git fetch origin ${candidate.head}`,
    'git switch --detach FETCH_HEAD',
    `export AUTORESEARCH_SEED=${seed} AUTORESEARCH_BUDGET_SECONDS=${config.budgetSeconds}`,
    ...['DATA', 'EVAL_DATA', 'OUT'].map((name) => `export AUTORESEARCH_${name}="$(mktemp -d)"`),
    ...(config.setup === undefined ? [] : [config.setup]),
    config.train,
    ...(config.evaluate === undefined ? [] : [config.evaluate]),
  ].join('\n')
}

/** Message of a candidate's own commit: plain text that notifies nobody and closes no issue. */
export function renderCandidateMessage(title: string, hypothesis: string): string {
  return withoutTrailers(`${inertTitle(title, MAX_TITLE_CHARACTERS)}\n\n${inertTitle(hypothesis, 4000)}`)
}

/** The last paragraph is ours: git and GitHub read trailers there, such as `skip-checks: true`. */
function withoutTrailers(message: string): string {
  return `${message}\n\nProposed by a machine and measured by Autoresearch Action.`
}

/** Title and message of the commit that merges a candidate: plain text that notifies nobody and closes no issue. */
export function renderMergeMessage(
  candidate: Candidate,
  verdict: Verdict,
  pullRequest: number,
): { title: string; message: string } {
  const message = [inertTitle(verdict.reason, 500), inertTitle(candidate.hypothesis, 4000)].join('\n\n')
  return { title: `${pullRequestTitle(candidate)} (#${pullRequest})`, message: withoutTrailers(message) }
}
