/** Pages about issues, pull requests and check runs. */
import { html } from 'hono/html'
import { changesOf } from '../pull-requests.ts'
import { type Issue, isPullRequest, type PullRequest, type Repository } from '../store.ts'
import { checkLine, checksOf, fileDiff, type Html, layout, pullLine, stateBadge } from './layout.ts'
import { renderMarkdown } from './markdown.ts'

const FILTERS = ['open', 'merged', 'closed'] as const

export function pullsPage(repository: Repository, wanted: string | undefined): Html {
  const stateOf = (pull: PullRequest) => (pull.merged ? 'merged' : pull.state)
  const pulls = repository.pulls.toReversed()
  const shown = wanted === undefined ? pulls : pulls.filter((pull) => stateOf(pull) === wanted)
  const filters = FILTERS.map((state) => {
    const count = pulls.filter((pull) => stateOf(pull) === state).length
    return html`<a href="?state=${state}">${count} ${state}</a> `
  })
  const content = html`<h1>Pull requests</h1><div class="box"><div class="row head">${filters}<a href="?">all</a></div>
${shown.map((pull) => pullLine(repository, pull))}</div>`
  return layout(repository, 'Pull requests', 'Pull requests', content)
}

export function issuesPage(repository: Repository): Html {
  const lines = repository.issues.toReversed().map(
    (issue) => html`<div class="row">${stateBadge(issue)}<span class="wide">
<a href="/${repository.fullName}/issues/${issue.number}">${issue.title}</a>
<span class="quiet">#${issue.number}</span></span></div>`,
  )
  const content = html`<h1>Issues</h1><div class="box">${lines}</div>`
  return layout(repository, 'Issues', 'Issues', content)
}

export function issuePage(repository: Repository, number: number): Html | undefined {
  const issue = repository.threads.get(number)
  if (issue === undefined || isPullRequest(issue)) return undefined
  const content = html`${heading(issue)}<p>${stateBadge(issue)}</p>${conversation(repository, issue)}`
  return layout(repository, issue.title, 'Issues', content)
}

export async function pullPage(repository: Repository, number: number): Promise<Html | undefined> {
  const pull = repository.threads.get(number)
  if (!isPullRequest(pull)) return undefined
  const checks = checksOf(repository, pull.head.sha)
  const changes = await changesOf(repository, pull)
  const content = html`${heading(pull)}<p>${stateBadge(pull)} <span class="quiet">${pull.user.login} ${pull.merged ? 'merged' : 'wants to merge'}
<code>${pull.head.ref}</code> into <code>${pull.base.ref}</code> · head <span class="mono">${pull.head.sha.slice(0, 7)}</span>
${pull.mergeCommitSha !== null && pull.merged ? mergeLink(repository, pull.mergeCommitSha) : ''}</span></p>
<p>${pull.labels.map((label) => html`<span class="label">${label}</span> `)}</p>${conversation(repository, pull)}
<h2>Checks</h2>${checks.map(
    (run) => html`<div class="box">${checkLine(repository, run)}
<div class="row"><div class="wide">${renderMarkdown(run.output.summary ?? '')}</div></div></div>`,
  )}
<h2>Files changed</h2>${changes.map(fileDiff)}`
  return layout(repository, pull.title, 'Pull requests', content)
}

const mergeLink = (repository: Repository, sha: string) =>
  html`· merged as <a class="mono" href="/${repository.fullName}/commit/${sha}">${sha.slice(0, 7)}</a>`

const heading = (issue: Issue) => html`<h1>${issue.title} <span class="quiet">#${issue.number}</span></h1>`

function conversation(repository: Repository, issue: Issue): Html {
  const comments = repository.comments.filter((comment) => comment.issueNumber === issue.number)
  return html`${[issue, ...comments].map(
    ({ user, createdAt, body }) => html`<div class="box"><div class="row head">${user.login}
<span class="quiet">${createdAt}</span></div><div class="body">${renderMarkdown(body)}</div></div>`,
  )}`
}

export function checkRunPage(repository: Repository, id: number): Html | undefined {
  const run = repository.checkRuns.find((one) => one.id === id)
  if (run === undefined) return undefined
  const { title, summary, text } = run.output
  const content = html`<h1>${run.name} <span class="quiet">${title ?? ''}</span></h1>
<div class="box">${checkLine(repository, run)}<div class="row quiet">started ${run.startedAt}, completed
${run.completedAt ?? 'not yet'} · <a href="/${repository.fullName}/commit/${run.headSha}">${run.headSha.slice(0, 7)}</a> ·
<a href="${run.detailsUrl}">details</a></div></div>
<div class="body">${renderMarkdown(summary ?? '')}${renderMarkdown(text ?? '')}</div>`
  return layout(repository, run.name, 'Pull requests', content)
}
