// What each event changes in the state.
import { archiveDecided } from './archiving.ts'
import { addUsage, type Candidate, isIdea, requestOf, type Usage } from './candidate.ts'
import { rangeKey } from './certification.ts'
import type { Draft } from './draft.ts'
import type { LedgerEvent } from './events.ts'
import type { EmptyAttempt } from './known.ts'
import { type KnownPromotion, type PromotionName, promotionKey } from './promotion.ts'
import type { KnownRequest } from './request.ts'

/** Changes the state by an event that is news, see `isNews`. */
export function apply(draft: Draft, event: LedgerEvent): void {
  switch (event.kind) {
    case 'started':
      draft.set({ rootSeed: event.rootSeed, format: event.format })
      break
    case 'format':
      draft.set({ format: event.format })
      break
    case 'baseline': {
      const { commit, tree, merge } = event
      const baseline = { commit, tree, ...(merge && { merge }) }
      draft.list('baselines').push(baseline)
      draft.set({ baseline })
      break
    }
    case 'proposed':
      applyProposed(draft, event.candidate)
      break
    case 'no-proposal':
      draft.map('emptyAttempts').set(event.id, toEmptyAttempt(event))
      changeRequest(draft, event.request, ({ attempts }) => ({ attempts: attempts + 1 }))
      spendOnProposing(draft, event.usage, 1)
      break
    case 'requested':
      draft.map('requests').set(event.request.id, { ...event.request, attempts: 0 })
      break
    case 'declined':
      changeRequest(draft, event.request, () => ({ declined: event.reason }))
      break
    case 'answered':
      changeRequest(draft, event.request, () => ({ answered: event.answer }))
      break
    case 'insights':
      draft.set({ decidedAtLastInsights: event.decided })
      spendOnProposing(draft, event.usage, 0)
      break
    case 'opened':
      change(draft, event.candidate, { pullRequest: event.pullRequest })
      break
    case 'rebased':
      applyRebase(draft, event)
      break
    case 'trial':
      draft.map('trials').set(event.result.trial.id, event.result)
      draft.set({ lostSince: new Set() })
      break
    case 'assigned': {
      const { run, command, trials, shared } = event
      draft.map('assigned').set(run, { command, trials, ...(shared && { shared }) })
      break
    }
    case 'lost':
      applyLost(draft, event)
      break
    case 'judged':
      change(draft, event.candidate, { verdict: event.verdict })
      break
    case 'refused':
      change(draft, event.candidate, { refusal: event.reason })
      break
    case 'ended':
      change(draft, event.candidate, { end: event.end })
      break
    case 'certify':
      draft.put('certifyRequests', event.to)
      break
    case 'certification':
      draft.map('certifications').set(rangeKey(event.certification), event.certification)
      break
    case 'announced':
      draft.put('announced', rangeKey(event))
      break
    case 'not-reverted':
      draft.map('notReverted').set(event.commit, event.reason)
      break
    case 'promote':
      draft.put('promoteRequests', event.to)
      break
    case 'promotion':
      draft.map('promotions').set(promotionKey(event.promotion), { ...event.promotion, stacks: [] })
      break
    case 'stack':
      changePromotion(draft, event, ({ stacks }) => ({ stacks: [...stacks, event.stack] }))
      break
    case 'promoted':
      changePromotion(draft, event, () => ({ outcome: event.outcome }))
      break
    case 'published': {
      const { pullRequest } = event
      changePromotion(draft, event, () => ({ published: pullRequest === undefined ? {} : { pullRequest } }))
      break
    }
    case 'checkpoint':
      draft.set(archiveDecided(draft.state, event))
  }
}

function applyProposed(draft: Draft, candidate: Candidate): void {
  draft.map('candidates').set(candidate.id, candidate)
  changeRequest(draft, requestOf(candidate), () => ({ candidate: candidate.id }))
  spendOnProposing(draft, candidate.usage, Number(isIdea(candidate)))
}

function spendOnProposing(draft: Draft, usage: Usage, asked: number): void {
  const { state } = draft
  draft.set({ usage: addUsage(state.usage, usage), asked: state.asked + asked })
}

function applyLost(draft: Draft, { run, trials }: Extract<LedgerEvent, { kind: 'lost' }>): void {
  for (const id of trials) {
    draft.map('losses').set(id, new Set([...(draft.state.losses.get(id) ?? []), run]))
    draft.put('lostSince', id)
  }
}

function toEmptyAttempt({
  proposer,
  usage,
  direction,
}: Extract<LedgerEvent, { kind: 'no-proposal' }>): EmptyAttempt {
  return { proposer, usage, ...(direction && { direction }) }
}

/** A replayed change is new code: whatever was decided about the old head no longer holds. */
function applyRebase(draft: Draft, event: Extract<LedgerEvent, { kind: 'rebased' }>): void {
  const candidate = draft.state.candidates.get(event.candidate)
  if (!candidate) return
  const { verdict: _, refusal: __, ...rest } = candidate
  const { base, head, tree, addedLines = rest.addedLines } = event
  const lines = addedLines === undefined ? {} : { addedLines }
  const moved = { ...rest, base, head, tree, ...lines, rebases: rest.rebases + 1 }
  draft.map('candidates').set(candidate.id, moved)
}

function change(draft: Draft, id: string, fields: Partial<Candidate>): void {
  const candidate = draft.state.candidates.get(id)
  if (candidate) draft.map('candidates').set(id, { ...candidate, ...fields })
}

function changePromotion(
  draft: Draft,
  name: PromotionName,
  fields: (promotion: KnownPromotion) => Partial<KnownPromotion>,
): void {
  const key = promotionKey(name)
  const promotion = draft.state.promotions.get(key)
  if (promotion) draft.map('promotions').set(key, { ...promotion, ...fields(promotion) })
}

function changeRequest(
  draft: Draft,
  id: string | undefined,
  fields: (personRequest: KnownRequest) => Partial<KnownRequest>,
): void {
  const personRequest = id === undefined ? undefined : draft.state.requests.get(id)
  if (personRequest)
    draft.map('requests').set(personRequest.id, { ...personRequest, ...fields(personRequest) })
}
