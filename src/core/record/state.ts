// What is true now, computed from the ledger and nothing else.

import {
  addUsage,
  type Candidate,
  type Direction,
  isIdea,
  NO_USAGE,
  requestOf,
  revertedMerge,
  type Usage,
} from './candidate.ts'
import { type Certification, stretchKey } from './certification.ts'
import type { Assignment, LedgerEvent } from './events.ts'
import type { KnownRequest } from './request.ts'
import type { TrialResult } from './trial.ts'
import type { Verdict } from './verdict.ts'

export interface BaselineCommit {
  commit: string
  tree: string
}

export interface State {
  rootSeed: string
  /** Format of the ledger's last lines; 0 before the first. */
  format: number
  /** The commit candidates are judged against; undefined only before the first run. */
  baseline: BaselineCommit | undefined
  /** Every baseline there was, oldest first; the last one is `baseline`. */
  baselines: readonly BaselineCommit[]
  /** In the order they were proposed. */
  candidates: ReadonlyMap<string, Candidate>
  /** Every trial ever recorded, by id, in the order of the ledger. */
  trials: ReadonlyMap<string, TrialResult>
  /** What each workflow run had in hand last. */
  assigned: ReadonlyMap<string, Assignment>
  /** By trial, the workflow runs that lost it. */
  losses: ReadonlyMap<string, ReadonlySet<string>>
  /** Trials that were lost since a result last came back. */
  lostSince: ReadonlySet<string>
  /** What proposing has cost so far, failed attempts included. */
  usage: Usage
  /** How often proposers were asked, with or without result. */
  asked: number
  /** Commits up to which certification was asked for. */
  certifyRequests: ReadonlySet<string>
  /** By stretch, in the order in which they were decided. */
  certifications: ReadonlyMap<string, Certification>
  /** Stretches whose certification GitHub shows. */
  announced: ReadonlySet<string>
  /** Refuted merges that stay in the baseline, with the reason. */
  notReverted: ReadonlyMap<string, string>
  /** Settled ideas when insights were last written; 0 before that. */
  distilled: number
  /** The askings that nothing came of, by id. */
  fruitless: ReadonlyMap<string, FruitlessAsking>
  /** What people asked for, by id, oldest first. */
  wishes: ReadonlyMap<string, KnownRequest>
}

interface FruitlessAsking {
  proposer: string
  usage: Usage
  direction?: Direction
}

interface Draft extends State {
  certifyRequests: Set<string>
  certifications: Map<string, Certification>
  announced: Set<string>
  notReverted: Map<string, string>
  baselines: BaselineCommit[]
  candidates: Map<string, Candidate>
  trials: Map<string, TrialResult>
  assigned: Map<string, Assignment>
  losses: Map<string, ReadonlySet<string>>
  lostSince: Set<string>
  fruitless: Map<string, FruitlessAsking>
  wishes: Map<string, KnownRequest>
}

const NOTHING: State = {
  rootSeed: '',
  format: 0,
  baseline: undefined,
  baselines: [],
  candidates: new Map(),
  trials: new Map(),
  assigned: new Map(),
  losses: new Map(),
  lostSince: new Set(),
  usage: NO_USAGE,
  asked: 0,
  certifyRequests: new Set(),
  certifications: new Map(),
  announced: new Set(),
  notReverted: new Map(),
  distilled: 0,
  fruitless: new Map(),
  wishes: new Map(),
}

/** Replays the ledger. An event that says what is already known changes nothing, so repeated lines are harmless. */
export function replay(events: readonly LedgerEvent[]): State {
  return advance(NOTHING, events)
}

/** What is true after more events. `state` stays as it is: who looked at it may look again. */
export function advance(state: State, events: readonly LedgerEvent[]): State {
  if (events.length === 0) return state
  const draft = draftOf(state)
  for (const event of events) if (isNews(draft, event)) apply(draft, event)
  return draft
}

/** Keeps only the events that tell `state` something new, also with respect to each other. */
export function selectNews(state: State, events: readonly LedgerEvent[]): LedgerEvent[] {
  const draft = draftOf(state)
  return events.filter((event) => {
    const news = isNews(draft, event)
    if (news) apply(draft, event)
    return news
  })
}

function draftOf(state: State): Draft {
  return {
    ...state,
    certifyRequests: new Set(state.certifyRequests),
    certifications: new Map(state.certifications),
    announced: new Set(state.announced),
    notReverted: new Map(state.notReverted),
    baselines: [...state.baselines],
    candidates: new Map(state.candidates),
    trials: new Map(state.trials),
    assigned: new Map(state.assigned),
    losses: new Map(state.losses),
    lostSince: new Set(state.lostSince),
    fruitless: new Map(state.fruitless),
    wishes: new Map(state.wishes),
  }
}

/** True when the event is not yet part of the state: the rule that makes every append idempotent. */
function isNews(state: State, event: LedgerEvent): boolean {
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
      return !state.fruitless.has(event.id)
    case 'format':
      return event.format > state.format
    case 'insights':
      return event.decided > state.distilled
    case 'requested':
      return !state.wishes.has(event.request.id)
    case 'declined': {
      const wish = state.wishes.get(event.request)
      return wish !== undefined && wish.candidate === undefined && wish.declined === undefined
    }
    case 'answered': {
      const wish = state.wishes.get(event.request)
      return wish !== undefined && wish.answered !== event.answer
    }
    case 'opened':
      return candidate !== undefined && candidate.pullRequest === undefined
    case 'rebased':
      return candidate !== undefined && candidate.end === undefined && candidate.head !== event.head
    case 'assigned':
      return !isAssigned(state.assigned.get(event.run), event)
    case 'trial':
      return !state.trials.has(event.result.trial.id)
    case 'lost':
      return event.trials.some((id) => !state.losses.get(id)?.has(event.run))
    case 'judged':
      return (
        candidate !== undefined && candidate.head === event.head && isNewVerdict(candidate, event.verdict)
      )
    case 'ended':
      return candidate !== undefined && candidate.end === undefined
    case 'certify':
      return !state.certifyRequests.has(event.to)
    case 'certification':
      return !state.certifications.has(stretchKey(event.certification))
    case 'announced':
      return !state.announced.has(stretchKey(event))
    case 'not-reverted':
      return !state.notReverted.has(event.commit)
  }
}

/** A run that never had anything in hand has no need to say so. */
function isAssigned(known: Assignment | undefined, { command, trials }: Assignment): boolean {
  if (known === undefined) return trials.length === 0
  return known.command === command && known.trials.join() === trials.join()
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
    (next.kind === 'reject' || (next.kind === 'review' && revertedMerge(candidate) !== undefined))
  )
}

function apply(draft: Draft, event: LedgerEvent): void {
  switch (event.kind) {
    case 'started':
      draft.rootSeed = event.rootSeed
      draft.format = event.format
      break
    case 'format':
      draft.format = event.format
      break
    case 'baseline':
      draft.baseline = { commit: event.commit, tree: event.tree }
      draft.baselines.push(draft.baseline)
      break
    case 'proposed':
      draft.candidates.set(event.candidate.id, event.candidate)
      changeWish(draft, requestOf(event.candidate), () => ({ candidate: event.candidate.id }))
      draft.usage = addUsage(draft.usage, event.candidate.usage)
      if (isIdea(event.candidate)) draft.asked += 1
      break
    case 'no-proposal':
      draft.fruitless.set(event.id, toFruitless(event))
      changeWish(draft, event.request, ({ attempts }) => ({ attempts: attempts + 1 }))
      draft.usage = addUsage(draft.usage, event.usage)
      draft.asked += 1
      break
    case 'requested':
      draft.wishes.set(event.request.id, { ...event.request, attempts: 0 })
      break
    case 'declined':
      changeWish(draft, event.request, () => ({ declined: event.reason }))
      break
    case 'answered':
      changeWish(draft, event.request, () => ({ answered: event.answer }))
      break
    case 'insights':
      draft.distilled = event.decided
      draft.usage = addUsage(draft.usage, event.usage)
      break
    case 'opened':
      change(draft, event.candidate, { pullRequest: event.pullRequest })
      break
    case 'rebased':
      applyRebase(draft, event)
      break
    case 'trial':
      draft.trials.set(event.result.trial.id, event.result)
      draft.lostSince.clear()
      break
    case 'assigned':
      draft.assigned.set(event.run, { command: event.command, trials: event.trials })
      break
    case 'lost':
      for (const id of event.trials) {
        draft.losses.set(id, new Set([...(draft.losses.get(id) ?? []), event.run]))
        draft.lostSince.add(id)
      }
      break
    case 'judged':
      change(draft, event.candidate, { verdict: event.verdict })
      break
    case 'ended':
      change(draft, event.candidate, { end: event.end })
      break
    case 'certify':
      draft.certifyRequests.add(event.to)
      break
    case 'certification':
      draft.certifications.set(stretchKey(event.certification), event.certification)
      break
    case 'announced':
      draft.announced.add(stretchKey(event))
      break
    case 'not-reverted':
      draft.notReverted.set(event.commit, event.reason)
      break
  }
}

function toFruitless({
  proposer,
  usage,
  direction,
}: Extract<LedgerEvent, { kind: 'no-proposal' }>): FruitlessAsking {
  return { proposer, usage, ...(direction && { direction }) }
}

/** A replayed change is new code: whatever was decided about the old head no longer holds. */
function applyRebase(draft: Draft, event: Extract<LedgerEvent, { kind: 'rebased' }>): void {
  const candidate = draft.candidates.get(event.candidate)
  if (!candidate) return
  const { verdict: _, ...rest } = candidate
  const { base, head, tree, addedLines = rest.addedLines } = event
  const lines = addedLines === undefined ? {} : { addedLines }
  draft.candidates.set(candidate.id, { ...rest, base, head, tree, ...lines, rebases: rest.rebases + 1 })
}

function change(draft: Draft, id: string, fields: Partial<Candidate>): void {
  const candidate = draft.candidates.get(id)
  if (candidate) draft.candidates.set(id, { ...candidate, ...fields })
}

function changeWish(
  draft: Draft,
  id: string | undefined,
  fields: (wish: KnownRequest) => Partial<KnownRequest>,
): void {
  const wish = id === undefined ? undefined : draft.wishes.get(id)
  if (wish) draft.wishes.set(wish.id, { ...wish, ...fields(wish) })
}

/** Candidates that are neither merged, closed nor taken over by a person. */
export function openCandidates(state: State): Candidate[] {
  return [...state.candidates.values()].filter((candidate) => candidate.end === undefined)
}
