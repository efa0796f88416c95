// A checkpoint archives candidates that were decided long ago: they and their runs leave the state, and sums of them stay.
import { addToArchive } from './archive-sums.ts'
import { type Candidate, directionOf, requestOf } from './candidate.ts'
import { rangeKey } from './certification.ts'
import type { Checkpoint } from './events.ts'
import type { State } from './known.ts'
import { promotionKey } from './promotion.ts'
import type { TrialResult } from './trial.ts'

/** Failed proposals and workflow runs that are kept, at most. */
const MAX_KEPT = 2000
/** A trial's id begins with so many characters of its tree. */
const CODE_CHARACTERS = 16

/** What a checkpoint takes out of the state. */
export interface Archived {
  /** In the order they were proposed. */
  candidates: readonly Candidate[]
  /** Trees whose runs are all archived. */
  isArchivedTree(tree: string): boolean
}

/** @param keep how many decided candidates stay, the newest */
export function selectArchived(state: State, keep: number): Archived {
  const decided = [...state.candidates.values()].filter((candidate) => candidate.end !== undefined)
  const candidates = decided
    .slice(0, Math.max(0, decided.length - keep))
    .filter((candidate) => !isAnswerDue(state, candidate))
  const trees = treesInUse(state, new Set(candidates.map(({ id }) => id)))
  return { candidates, isArchivedTree: (tree) => !trees.has(tree) }
}

/** True while the author of an issue was not told how the candidate ended. */
function isAnswerDue({ requests }: State, candidate: Candidate): boolean {
  const request = requests.get(requestOf(candidate) ?? '')
  return request?.source.kind === 'issue' && request.answered !== 'settled'
}

/** The code that is still compared: of candidates that stay, of the baselines they are on, of pending certifications and promotions. */
function treesInUse(state: State, archived: ReadonlySet<string>): Set<string> {
  const staying = [...state.candidates.values()].filter(({ id }) => !archived.has(id))
  const bases = new Set([state.baseline?.commit, ...staying.map(({ base }) => base)])
  const baselines = state.baselines.filter(({ commit }) => bases.has(commit))
  const pending = [...state.trials.values()].filter((result) => isPending(state, result))
  return new Set([
    ...[...staying, ...baselines].map(({ tree }) => tree),
    ...pending.map(({ trial }) => trial.tree),
  ])
}

/** True while what the run helps to decide is not decided, or its decision is not on GitHub. */
function isPending(state: State, { trial: { protocol } }: TrialResult): boolean {
  if (protocol.purpose === 'judge') return false
  if (protocol.purpose === 'promote')
    return !state.promotions.get(promotionKey({ ...protocol, number: protocol.promotion }))?.outcome
  const key = rangeKey(protocol.range)
  return !state.certifications.has(key) || !state.announced.has(key)
}

/** The fields of the state that a checkpoint changes. */
export function archiveDecided(state: State, { keep, blocks, beliefs }: Checkpoint): Partial<State> {
  const { candidates: archived, isArchivedTree } = selectArchived(state, keep)
  const ids = new Set(archived.map(({ id }) => id))
  const [staying, leaving] = split(state.trials, ({ trial }) => !isArchivedTree(trial.tree))
  const attempts = [...state.emptyAttempts]
  const oldAttempts = attempts.slice(0, Math.max(0, attempts.length - MAX_KEPT))
  const simplified = [...archived.map(directionOf), ...oldAttempts.map(([, { direction }]) => direction)]
  const sums = addToArchive(state, archived, [...leaving.values()])
  const archive = {
    ...sums,
    beliefs,
    blocks: [...sums.blocks, ...blocks],
    simplified: [
      ...sums.simplified,
      ...simplified.flatMap((direction) => (direction?.mode === 'simplify' ? direction.sources : [])),
    ],
  }
  const candidates = new Map([...state.candidates].filter(([id]) => !ids.has(id)))
  return {
    candidates,
    trials: staying,
    emptyAttempts: new Map(attempts.slice(oldAttempts.length)),
    ...withoutEndedRuns(state, candidates, staying),
    archive,
  }
}

function split<Value>(
  map: ReadonlyMap<string, Value>,
  stays: (value: Value) => boolean,
): [Map<string, Value>, Map<string, Value>] {
  const [staying, leaving] = [new Map<string, Value>(), new Map<string, Value>()]
  for (const [key, value] of map) (stays(value) ? staying : leaving).set(key, value)
  return [staying, leaving]
}

/** Workflow runs and losses, without those about trials that came back. */
function withoutEndedRuns(
  state: State,
  candidates: ReadonlyMap<string, Candidate>,
  staying: ReadonlyMap<string, TrialResult>,
): Pick<State, 'assigned' | 'losses'> {
  const { assigned, losses, trials, baseline } = state
  const hasLeft = (id: string) => trials.has(id) && !staying.has(id)
  const isOver = (run: string, id: string) => trials.has(id) || losses.get(id)?.has(run)
  const outstanding = [...assigned].filter(([run, { trials: ids }]) => !ids.every((id) => isOver(run, id)))
  const kept = outstanding
    .slice(-MAX_KEPT)
    .map(([run, one]) => [run, { ...one, trials: one.trials.filter((id) => !hasLeft(id)) }] as const)
  const named = new Set(kept.flatMap(([, { trials: ids }]) => ids))
  const trees = [...candidates.values(), ...(baseline ? [baseline] : [])].map(({ tree }) => tree)
  const codes = new Set(trees.map((tree) => tree.slice(0, CODE_CHARACTERS)))
  const isNeeded = (id: string) => named.has(id) || codes.has(id.slice(0, CODE_CHARACTERS))
  return {
    assigned: new Map(kept),
    losses: new Map([...losses].filter(([id]) => isNeeded(id))),
  }
}
