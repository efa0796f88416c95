// What a brief is written from.
import type { Config } from '../../config/config.ts'
import type { Change } from '../../gate/gate.ts'
import type { Conditions } from '../../judge/evidence.ts'
import type { Direction } from '../../record/candidate.ts'
import type { State } from '../../record/state.ts'
import type { Asked } from '../asked.ts'

export interface BriefInput {
  config: Config
  state: State
  conditions: Conditions
  /** Text files of the baseline, by path. */
  files: ReadonlyMap<string, string>
  /** The paths among `files` that may change. */
  editable: readonly string[]
  /** What is asked for this time. */
  direction: Direction
  /** What the candidates changed that the direction starts from, by id. */
  sources?: ReadonlyMap<string, readonly Change[]>
  /** Directions a person wrote for the research. */
  program?: string
  /** What was learned so far, in words. */
  insights?: string
  /** What people ask of this proposal. */
  asked?: Asked
}
