// What is true now, computed from the ledger and nothing else.
import { addUsage, type Candidate, NO_USAGE, type Usage } from './candidate.ts'
import type { LedgerEvent } from './ledger.ts'
import type { TrialResult } from './trial.ts'
import type { Verdict } from './verdict.ts'
import type { KnownWish } from './wishes.ts'

export interface BaselineCommit {
  commit: string
  tree: string
}

export interface State {
  rootSeed: string
  /** The commit candidates are judged against; undefined only before the first run. */
  baseline: BaselineCommit | undefined
  /** Every baseline there was, oldest first; the last one is `baseline`. */
  baselines: readonly BaselineCommit[]
  /** In the order they were proposed. */
  candidates: ReadonlyMap<string, Candidate>
  /** Every trial ever recorded, by id, in the order of the ledger. */
  trials: ReadonlyMap<string, TrialResult>
  /** What proposing has cost so far, failed attempts included. */
  usage: Usage
  /** How often proposers were asked, with or without result. */
  asked: number
  /** Ids of the askings that nothing came of. */
  fruitless: ReadonlySet<string>
  /** What people asked for, by id, oldest first. */
  wishes: ReadonlyMap<string, KnownWish>
}

interface Draft extends State {
  baselines: BaselineCommit[]
  candidates: Map<string, Candidate>
  trials: Map<string, TrialResult>
  fruitless: Set<string>
  wishes: Map<string, KnownWish>
}

/** Replays the ledger. An event that says what is already known changes nothing, so repeated lines are harmless. */
export function replay(events: readonly LedgerEvent[]): State {
  const draft: Draft = {
    rootSeed: '',
    baseline: undefined,
    baselines: [],
    candidates: new Map(),
    trials: new Map(),
    usage: NO_USAGE,
    asked: 0,
    fruitless: new Set(),
    wishes: new Map(),
  }
  for (const event of events) if (isNews(draft, event)) apply(draft, event)
  return draft
}

/** Keeps only the events that tell `state` something new, also with respect to each other. */
export function selectNews(known: readonly LedgerEvent[], events: readonly LedgerEvent[]): LedgerEvent[] {
  const draft = replay(known) as Draft
  return events.filter((event) => {
    const news = isNews(draft, event)
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
      return !state.fruitless.has(event.id)
    case 'wish':
      return !state.wishes.has(event.wish.id)
    case 'declined': {
      const wish = state.wishes.get(event.wish)
      return wish !== undefined && wish.candidate === undefined && wish.declined === undefined
    }
    case 'answered': {
      const wish = state.wishes.get(event.wish)
      return wish !== undefined && wish.answered !== event.answer
    }
    case 'opened':
      return candidate !== undefined && candidate.pullRequest === undefined
    case 'rebased':
      return candidate !== undefined && candidate.end === undefined && candidate.head !== event.head
    case 'trial':
      return !state.trials.has(event.result.trial.id)
    case 'judged':
      return (
        candidate !== undefined &&
        candidate.head === event.head &&
        isNewVerdict(candidate.verdict, event.verdict)
      )
    case 'ended':
      return candidate !== undefined && candidate.end === undefined
  }
}

/** A decision stands, except that an accepted change may turn out not to fit on a baseline that moved meanwhile. */
function isNewVerdict(old: Verdict | undefined, next: Verdict): boolean {
  return old === undefined || (old.kind === 'merge' && next.kind === 'reject')
}

function apply(draft: Draft, event: LedgerEvent): void {
  switch (event.kind) {
    case 'started':
      draft.rootSeed = event.rootSeed
      break
    case 'baseline':
      draft.baseline = { commit: event.commit, tree: event.tree }
      draft.baselines.push(draft.baseline)
      break
    case 'proposed':
      draft.candidates.set(event.candidate.id, event.candidate)
      changeWish(draft, event.candidate.wish, () => ({ candidate: event.candidate.id }))
      draft.usage = addUsage(draft.usage, event.candidate.usage)
      draft.asked += 1
      break
    case 'no-proposal':
      draft.fruitless.add(event.id)
      changeWish(draft, event.wish, ({ attempts }) => ({ attempts: attempts + 1 }))
      draft.usage = addUsage(draft.usage, event.usage)
      draft.asked += 1
      break
    case 'wish':
      draft.wishes.set(event.wish.id, { ...event.wish, attempts: 0 })
      break
    case 'declined':
      changeWish(draft, event.wish, () => ({ declined: event.reason }))
      break
    case 'answered':
      changeWish(draft, event.wish, () => ({ answered: event.answer }))
      break
    case 'opened':
      change(draft, event.candidate, { pullRequest: event.pullRequest })
      break
    case 'rebased':
      applyRebase(draft, event)
      break
    case 'trial':
      draft.trials.set(event.result.trial.id, event.result)
      break
    case 'judged':
      change(draft, event.candidate, { verdict: event.verdict })
      break
    case 'ended':
      change(draft, event.candidate, { end: event.end })
      break
  }
}

/** A replayed change is new code: whatever was decided about the old head no longer holds. */
function applyRebase(draft: Draft, event: Extract<LedgerEvent, { kind: 'rebased' }>): void {
  const candidate = draft.candidates.get(event.candidate)
  if (!candidate) return
  const { verdict: _, ...rest } = candidate
  const { base, head, tree } = event
  draft.candidates.set(candidate.id, { ...rest, base, head, tree, rebases: rest.rebases + 1 })
}

function change(draft: Draft, id: string, fields: Partial<Candidate>): void {
  const candidate = draft.candidates.get(id)
  if (candidate) draft.candidates.set(id, { ...candidate, ...fields })
}

function changeWish(
  draft: Draft,
  id: string | undefined,
  fields: (wish: KnownWish) => Partial<KnownWish>,
): void {
  const wish = id === undefined ? undefined : draft.wishes.get(id)
  if (wish) draft.wishes.set(wish.id, { ...wish, ...fields(wish) })
}

/** Candidates that are neither merged, closed nor taken over by a person. */
export function openCandidates(state: State): Candidate[] {
  return [...state.candidates.values()].filter((candidate) => candidate.end === undefined)
}
