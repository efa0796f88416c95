// When a checkpoint is due, and what it holds.
import { writeBlocks } from '../record/archived-ideas.ts'
import { selectArchived } from '../record/archiving.ts'
import type { Checkpoint } from '../record/events.ts'
import type { State } from '../record/state.ts'
import type { Metric } from '../trial/metric.ts'
import { beliefsToArchive } from './archived-belief.ts'
import type { Conditions } from './runs.ts'

/** How many decided candidates a checkpoint leaves in the state, and how many more make the next one due. */
export interface CheckpointPolicy {
  keep: number
  every: number
}

/** What proposals, cuts and the report look at one by one are at most the latest 500 candidates. */
const CHECKPOINTS: CheckpointPolicy = { keep: 2000, every: 1000 }

export interface DueCheckpoint {
  checkpoint: Omit<Checkpoint, 'state' | 'blocks'>
  /** Contents of new files with what is archived. */
  blocks: readonly string[]
}

/** The checkpoint to write now; undefined while none is due. */
export function dueCheckpoint(
  state: State,
  direction: Conditions['direction'],
  { keep, every }: CheckpointPolicy = CHECKPOINTS,
  guards: readonly Pick<Metric, 'name' | 'direction'>[] = [],
): DueCheckpoint | undefined {
  // The cheap question first: it is asked at every append.
  if (state.candidates.size < keep + every) return undefined
  const archived = selectArchived(state, keep)
  if (archived.candidates.length < every) return undefined
  const numbers = [{ direction }, ...guards.map(({ name, direction }) => ({ guard: name, direction }))]
  const beliefs = beliefsToArchive(state, numbers, archived)
  return { checkpoint: { keep, beliefs }, blocks: writeBlocks(state, archived.candidates) }
}
