// The input from which a brief is written.
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
  direction: Direction
  /** Changes of the direction's source candidates, by candidate id. */
  sources?: ReadonlyMap<string, readonly Change[]>
  /** A person's standing instructions for the research. */
  program?: string
  /** The text of the insights: what was learned so far. */
  insights?: string
  /** People's requests for this proposal. */
  asked?: Asked
}
