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
import { type Certification, rangeKey } from './certification.ts'
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
  /** By range, in the order in which they were decided. */
  certifications: ReadonlyMap<string, Certification>
  /** Stretches whose certification GitHub shows. */
  announced: ReadonlySet<string>
  /** Refuted merges that stay in the baseline, with the reason. */
  notReverted: ReadonlyMap<string, string>
  /** Settled ideas when insights were last written; 0 before that. */
  decidedAtLastInsights: number
  /** The askings that nothing came of, by id. */
  emptyAttempts: ReadonlyMap<string, EmptyAttempt>
  /** What people asked for, by id, oldest first. */
  requests: ReadonlyMap<string, KnownRequest>
}

interface EmptyAttempt {
  proposer: string
  usage: Usage
  direction?: Direction
}

/** A state that is being changed. Each collection is copied before its first change; the state before keeps its own. */
class Draft {
  readonly state: State
  readonly #copied = new Set<keyof State>()

  constructor(state: State) {
    this.state = { ...state }
  }

  set(fields: Partial<State>): void {
    Object.assign(this.state, fields)
  }

  map<Key extends keyof State>(
    key: Key,
  ): State[Key] extends ReadonlyMap<infer K, infer V> ? Map<K, V> : never {
    if (!this.#copied.has(key)) this.set({ [key]: new Map(this.state[key] as ReadonlyMap<unknown, unknown>) })
    this.#copied.add(key)
    return this.state[key] as never
  }

  list(key: 'baselines'): BaselineCommit[] {
    if (!this.#copied.has(key)) this.set({ [key]: [...this.state[key]] })
    this.#copied.add(key)
    return this.state[key] as BaselineCommit[]
  }

  put(key: 'certifyRequests' | 'announced' | 'lostSince', value: string): void {
    if (!this.#copied.has(key)) this.set({ [key]: new Set(this.state[key]) })
    this.#copied.add(key)
    ;(this.state[key] as Set<string>).add(value)
  }
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
  decidedAtLastInsights: 0,
  emptyAttempts: new Map(),
  requests: new Map(),
}

/** Replays the ledger. An event that says what is already known changes nothing, so repeated lines are harmless. */
export function replay(events: readonly LedgerEvent[]): State {
  return advance(NOTHING, events)
}

/** What is true after more events. `state` stays as it is: who looked at it may look again. */
export function advance(state: State, events: readonly LedgerEvent[]): State {
  if (events.length === 0) return state
  const draft = new Draft(state)
  for (const event of events) if (isNews(draft.state, event)) apply(draft, event)
  return draft.state
}

/** Keeps only the events that tell `state` something new, also with respect to each other. */
export function selectNews(state: State, events: readonly LedgerEvent[]): LedgerEvent[] {
  const draft = new Draft(state)
  return events.filter((event) => {
    const news = isNews(draft.state, event)
    if (news) apply(draft, event)
    return news
  })
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
      draft.set({ rootSeed: event.rootSeed, format: event.format })
      break
    case 'format':
      draft.set({ format: event.format })
      break
    case 'baseline': {
      const baseline = { commit: event.commit, tree: event.tree }
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
    case 'assigned':
      draft.map('assigned').set(event.run, { command: event.command, trials: event.trials })
      break
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

function changeRequest(
  draft: Draft,
  id: string | undefined,
  fields: (personRequest: KnownRequest) => Partial<KnownRequest>,
): void {
  const personRequest = id === undefined ? undefined : draft.state.requests.get(id)
  if (personRequest)
    draft.map('requests').set(personRequest.id, { ...personRequest, ...fields(personRequest) })
}

/** The state with the training curves of these trials, by id; curves are kept apart from what is recorded. */
export function withCurves(state: State, curves: ReadonlyMap<string, TrialResult['curve']>): State {
  const draft = new Draft(state)
  for (const [id, curve] of curves) {
    const result = state.trials.get(id)
    if (result) draft.map('trials').set(id, { ...result, curve })
  }
  return draft.state
}

/** Candidates that are neither merged, closed nor taken over by a person. */
export function openCandidates(state: State): Candidate[] {
  return [...state.candidates.values()].filter((candidate) => candidate.end === undefined)
}
