// What is true now, computed from the ledger and nothing else.
import { apply } from './apply.ts'
import type { Candidate } from './candidate.ts'
import { Draft } from './draft.ts'
import type { LedgerEvent } from './events.ts'
import { NOTHING, type State } from './known.ts'
import { isNews } from './news.ts'
import type { TrialResult } from './trial.ts'

export type { BaselineCommit } from './events.ts'
export type { State } from './known.ts'

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

/** The state with the training curves of these trials, by id; curves are kept apart from what is recorded. */
export function withCurves(state: State, curves: ReadonlyMap<string, TrialResult['curve']>): State {
  const draft = new Draft(state)
  for (const [id, curve] of curves) {
    const result = state.trials.get(id)
    if (result) draft.map('trials').set(id, { ...result, curve })
  }
  return draft.state
}

/** Computes something once for each state: states never change, so it stays valid as long as its state exists. */
export function oncePerState<Value>(compute: (state: State) => Value): (state: State) => Value {
  const known = new WeakMap<State, { value: Value }>()
  return (state) => {
    const found = known.get(state) ?? { value: compute(state) }
    known.set(state, found)
    return found.value
  }
}

/** Candidates that are neither merged, closed nor taken over by a person. */
export const openCandidates: (state: State) => readonly Candidate[] = oncePerState((state) =>
  [...state.candidates.values()].filter((candidate) => candidate.end === undefined),
)
