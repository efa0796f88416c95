/** The frame of every page, and the small things many pages show. All text goes through `html`, which escapes it. */
import { html, raw } from 'hono/html'
import type { FileChange } from '../git-diff.ts'
import type { Commit } from '../git-objects.ts'
import type { CheckRun, PullRequest, Repository } from '../store.ts'
import { STYLE } from './style.ts'

export type Html = ReturnType<typeof html>
export type Tab = 'Code' | 'Issues' | 'Pull requests'

export function layout(repository: Repository, title: string, tab: Tab, content: Html): Html {
  const home = `/${repository.fullName}`
  const tabs = [
    ['Code', home],
    ['Issues', `${home}/issues`],
    ['Pull requests', `${home}/pulls`],
  ] as const
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title} · ${repository.fullName}</title><style>${raw(STYLE)}</style></head>
<body><header><span class="quiet">${repository.owner} /</span> <strong><a href="${home}">${repository.name}</a></strong>
<nav>${tabs.map(([name, to]) => html`<a href="${to}" ${tab === name ? raw('aria-current="page"') : ''}>${name}</a>`)}</nav>
</header><main>${content}</main></body></html>`
}

export function stateBadge(thread: { state: string; merged?: boolean }): Html {
  const state = thread.merged ? 'merged' : thread.state
  return html`<span class="badge ${state}">${state.charAt(0).toUpperCase()}${state.slice(1)}</span>`
}

const MARKS: Readonly<Record<string, string>> = { success: '✓', failure: '✗', neutral: '■', skipped: '■' }

export function checkLine(repository: Repository, run: CheckRun): Html {
  const result = run.conclusion ?? 'pending'
  return html`<div class="row"><span class="${result}" title="${result}">${MARKS[result] ?? '●'}</span>
<span class="wide"><a href="/${repository.fullName}/runs/${run.id}">${run.name}</a>
<span class="quiet">${run.output.title ?? result}</span></span><span class="quiet">${run.app.slug}</span></div>`
}

/** The newest run of each name on the head of a pull request. */
export function checksOf(repository: Repository, sha: string): CheckRun[] {
  const runs = repository.checkRuns.filter((run) => run.headSha === sha)
  return [...new Map(runs.map((run) => [`${run.app.id} ${run.name}`, run])).values()]
}

export function pullLine(repository: Repository, pull: PullRequest): Html {
  const checks = checksOf(repository, pull.head.sha)
  return html`<div class="row">${stateBadge(pull)}
<span class="wide"><a href="/${repository.fullName}/pull/${pull.number}">${pull.title}</a>
${pull.labels.map((label) => html`<span class="label">${label}</span> `)}<br>
<span class="quiet">#${pull.number} by ${pull.user.login}, ${pull.createdAt}</span></span>
<span>${checks.map((run) => html`<span class="${run.conclusion ?? 'pending'}">${run.output.title ?? run.name}</span> `)}</span></div>`
}

export function commitLine(repository: Repository, commit: Commit): Html {
  const [subject = ''] = commit.message.split('\n')
  return html`<div class="row"><span class="wide"><a href="/${repository.fullName}/commit/${commit.sha}">${subject}</a><br>
<span class="quiet">${commit.author.name}, ${commit.committer.date}</span></span>
<a class="mono" href="/${repository.fullName}/commit/${commit.sha}">${commit.sha.slice(0, 7)}</a></div>`
}

export function fileDiff(change: FileChange): Html {
  const name = change.previousPath === undefined ? change.path : `${change.previousPath} → ${change.path}`
  const lines = (change.patch ?? 'No text to show').split('\n')
  return html`<div class="box"><div class="row head"><span class="wide mono">${name}</span>
<span class="success">+${change.additions}</span><span class="failure">−${change.deletions}</span></div>
<pre class="diff">${lines.map((line) => html`<span class="${lineClass(line)}">${line === '' ? ' ' : line}</span>`)}</pre></div>`
}

const LINE_CLASSES: Readonly<Record<string, string>> = { '+': 'add', '-': 'del', '@': 'hunk' }
const lineClass = (line: string) => LINE_CLASSES[line.charAt(0)] ?? ''
