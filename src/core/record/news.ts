// Which events tell something new: the rule that makes every append idempotent.
import { type Candidate, revertedMerge } from './candidate.ts'
import { rangeKey } from './certification.ts'
import type { Assignment, LedgerEvent } from './events.ts'
import type { State } from './known.ts'
import { promotionKey, stackOf } from './promotion.ts'
import type { Verdict } from './verdict.ts'

/** True when the event is not yet part of the state. */
export function isNews(state: State, event: LedgerEvent): boolean {
  const candidate =
    'candidate' in event && typeof event.candidate === 'string'
      ? state.candidates.get(event.candidate)
      : undefined
  switch (event.kind) {
    case 'started':
      return state.rootSeed === ''
    case 'baseline':
      return state.baseline?.commit !== event.commit
    case 'proposed':
      return !state.candidates.has(event.candidate.id)
    case 'no-proposal':
      return !state.emptyAttempts.has(event.id)
    case 'format':
      return event.format > state.format
    case 'insights':
      return event.decided > state.decidedAtLastInsights
    case 'requested':
      return !state.requests.has(event.request.id)
    case 'declined': {
      const personRequest = state.requests.get(event.request)
      return (
        personRequest !== undefined &&
        personRequest.candidate === undefined &&
        personRequest.declined === undefined
      )
    }
    case 'answered': {
      const personRequest = state.requests.get(event.request)
      return personRequest !== undefined && personRequest.answered !== event.answer
    }
    case 'opened':
      return candidate !== undefined && candidate.pullRequest === undefined
    case 'rebased':
      return candidate !== undefined && candidate.end === undefined && candidate.head !== event.head
    case 'assigned':
      return !isAssigned(state.assigned.get(event.run), event)
    case 'trial':
      return !state.trials.has(event.result.trial.id)
    case 'checkpoint':
      return !event.blocks.some(({ file }) => file <= (state.archive.blocks.at(-1)?.file ?? 0))
    case 'lost':
      return event.trials.some((id) => !state.losses.get(id)?.has(event.run))
    case 'judged':
      return (
        candidate !== undefined && candidate.head === event.head && isNewVerdict(candidate, event.verdict)
      )
    case 'refused':
      return candidate !== undefined && candidate.head === event.head && candidate.refusal !== event.reason
    case 'ended':
      return candidate !== undefined && candidate.end === undefined
    case 'certify':
      return !state.certifyRequests.has(event.to)
    case 'certification':
      return !state.certifications.has(rangeKey(event.certification))
    case 'announced':
      return !state.announced.has(rangeKey(event))
    case 'not-reverted':
      return !state.notReverted.has(event.commit)
    case 'promote':
      return !state.promoteRequests.has(event.to)
    case 'promotion':
      return !state.promotions.has(promotionKey(event.promotion))
    case 'stack': {
      const promotion = state.promotions.get(promotionKey(event))
      return promotion !== undefined && stackOf(promotion, event.stack.members) === undefined
    }
    case 'promoted': {
      const promotion = state.promotions.get(promotionKey(event))
      return promotion !== undefined && promotion.outcome === undefined
    }
    case 'published': {
      const promotion = state.promotions.get(promotionKey(event))
      return promotion?.outcome !== undefined && promotion.published === undefined
    }
  }
}

/** A run that never had anything in hand has no need to say so. */
function isAssigned(known: Assignment | undefined, { command, trials, shared }: Assignment): boolean {
  if (known === undefined) return trials.length === 0
  const isSameJob = JSON.stringify(known.shared) === JSON.stringify(shared)
  return known.command === command && known.trials.join() === trials.join() && isSameJob
}

/**
 * A decision stands, except that an accepted change may turn out not to fit on a baseline that moved meanwhile: a revert
 * is then left to a person.
 */
function isNewVerdict(candidate: Candidate, next: Verdict): boolean {
  const { verdict: old } = candidate
  if (old === undefined) return true
  return (
    old.kind === 'merge' &&
    (next.kind === 'reject' ||
      next.conflict !== undefined ||
      (next.kind === 'review' && revertedMerge(candidate) !== undefined))
  )
}
