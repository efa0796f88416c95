/** Check runs as GitHub's JSON shows them. */
import type { CheckRun, Repository } from '../store.ts'
import { nodeId, renderApp } from './user.ts'

export function renderCheckRun(repository: Repository, run: CheckRun) {
  const url = `${repository.apiUrl}/check-runs/${run.id}`
  return {
    id: run.id,
    node_id: nodeId('CheckRun', run.id),
    head_sha: run.headSha,
    name: run.name,
    external_id: run.externalId,
    url,
    html_url: `${repository.htmlUrl}/runs/${run.id}`,
    details_url: run.detailsUrl,
    status: run.status,
    conclusion: run.conclusion,
    started_at: run.startedAt,
    completed_at: run.completedAt,
    output: {
      title: run.output.title,
      summary: run.output.summary,
      text: run.output.text,
      annotations_count: run.output.annotationsCount,
      annotations_url: `${url}/annotations`,
    },
    check_suite: { id: run.suiteId },
    app: renderApp(run.app, repository.site),
    pull_requests: pullsAt(repository, run.headSha),
  }
}

function pullsAt(repository: Repository, sha: string) {
  const repo = { id: repository.id, url: repository.apiUrl, name: repository.name }
  return repository.pulls
    .filter((pull) => pull.state === 'open' && pull.head.sha === sha)
    .map(({ id, number, head, base }) => ({
      id,
      number,
      url: `${repository.apiUrl}/pulls/${number}`,
      head: { ref: head.ref, sha: head.sha, repo },
      base: { ref: base.ref, sha: base.sha, repo },
    }))
}
