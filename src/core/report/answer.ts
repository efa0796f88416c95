// The one comment on an issue that asked for something: what takes it up, what came of it, or why it is not tried.

import type { DueAnswer } from '../propose/requests.ts'
import type { Candidate } from '../record/candidate.ts'
import type { State } from '../record/state.ts'
import { inertText } from '../text/markdown.ts'

/** Hidden first line of the comment, by which it is found and updated. */
export function requestMarker(requestId: string): string {
  return `<!-- autoresearch wish ${requestId} -->`
}

/** The comment, with its marker. Everything that a proposer wrote is inert in it. */
export function renderAnswer({ candidates }: State, { personRequest, answer }: DueAnswer): string {
  const candidate =
    personRequest.candidate === undefined ? undefined : candidates.get(personRequest.candidate)
  const said =
    answer === 'declined' || candidate === undefined
      ? `**Not tried**: ${inertText(personRequest.declined ?? '', 1000)}`
      : taken(candidate)
  return `${requestMarker(personRequest.id)}\n\n${said}`
}

function taken(candidate: Candidate): string {
  const { title, pullRequest, end } = candidate
  const takenUp = `#${pullRequest} takes this up: ${inertText(title, 200)}.`
  if (end === undefined) return `${takenUp} It is being tested; the result will be written here.`
  return `${takenUp}\n\n${fate(candidate)}`
}

function fate({ end, verdict }: Candidate): string {
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
