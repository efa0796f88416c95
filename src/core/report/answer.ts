// The comment on an issue that requests a candidate: which pull request tests the request, how that ended, or why it was
// declined.
import type { DueAnswer } from '../propose/requests.ts'
import type { Candidate } from '../record/candidate.ts'
import type { State } from '../record/state.ts'
import { inertText } from '../text/markdown.ts'

/** Hidden first line of the comment, used to find and update it. */
export function requestMarker(requestId: string): string {
  return `<!-- autoresearch wish ${requestId} -->`
}

/** The comment, including its marker. Text written by a proposer is inert in it. */
export function renderAnswer({ candidates }: State, { personRequest, answer }: DueAnswer): string {
  const candidate =
    personRequest.candidate === undefined ? undefined : candidates.get(personRequest.candidate)
  const text =
    answer === 'declined' || candidate === undefined
      ? `**Not tried**: ${inertText(personRequest.declined ?? '', 1000)}`
      : progress(candidate)
  return `${requestMarker(personRequest.id)}\n\n${text}`
}

function progress(candidate: Candidate): string {
  const { title, pullRequest, end } = candidate
  const opened = `#${pullRequest} tests this request: ${inertText(title, 200)}.`
  if (end === undefined) return `${opened} The result will be added to this comment.`
  return `${opened}\n\n${result(candidate)}`
}

function result({ end, verdict }: Candidate): string {
  const reason = inertText(verdict?.reason ?? '', 500)
  switch (end?.kind) {
    case 'merged':
      return `**Merged**: ${reason}`
    case 'withdrawn':
      return `**Withdrawn**: ${inertText(end.reason, 200)}`
    case 'handed-over':
      return `**Waits for a person**: ${inertText(end.reason, 500)}`
    default:
      return `**${verdict?.kind === 'park' ? 'Parked' : 'Rejected'}**: ${reason}`
  }
}
