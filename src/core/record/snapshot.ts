// The file of a checkpoint: the state behind it as JSON, and what a reader needs to go on from there.
import { createHash } from 'node:crypto'
import type { Spending } from './cost.ts'
import type { State } from './known.ts'
import type { CurvePlace, Mark } from './ledger.ts'

/** Everything that reading the ledger up to a checkpoint tells. */
export interface Snapshot {
  /** Before the line of the checkpoint. */
  mark: Mark
  /** Behind the line of the checkpoint. */
  state: State
  /** Where the curves of the state's trials are. */
  curves: ReadonlyMap<string, CurvePlace>
  spending: readonly Spending[]
}

/**
 * Changes with the shape of the file. A reader that does not know it reads the ledger from its first line. Shape 2 adds
 * promotions; without any, the file has shape 1, which earlier releases read too.
 */
const SHAPE = 2
const SHAPE_WITHOUT_PROMOTIONS = 1

export function writeSnapshot({ mark, state, curves, spending }: Snapshot): string {
  const { candidates, trials, requests, assigned, certifications, notReverted, emptyAttempts, ...rest } =
    state
  const { losses, lostSince, certifyRequests, announced, promoteRequests, promotions, ...plain } = rest
  const hasPromotions = promotions.size + promoteRequests.size > 0
  return JSON.stringify({
    shape: hasPromotions ? SHAPE : SHAPE_WITHOUT_PROMOTIONS,
    mark,
    ...{ plain, candidates: [...candidates.values()], requests: [...requests.values()] },
    // A curve whose place is known is read from there.
    trials: Array.from(trials.values(), (result) =>
      curves.has(result.trial.id) ? { ...result, curve: [] } : result,
    ),
    ...{ assigned: [...assigned], certifications: [...certifications] },
    ...{ notReverted: [...notReverted], emptyAttempts: [...emptyAttempts] },
    losses: Array.from(losses, ([trial, runs]) => [trial, [...runs]]),
    ...{ lostSince: [...lostSince], certifyRequests: [...certifyRequests], announced: [...announced] },
    ...(hasPromotions && { promoteRequests: [...promoteRequests], promotions: [...promotions] }),
    curves: [...curves],
    spending,
  })
}

/**
 * @param text whose hash was compared with that of the checkpoint
 * @returns undefined when another release wrote it in a shape that this one does not know
 */
export function readSnapshot(text: string): Snapshot | undefined {
  const read = JSON.parse(text) as Written
  if (read.shape !== SHAPE && read.shape !== SHAPE_WITHOUT_PROMOTIONS) return undefined
  return {
    mark: read.mark,
    state: {
      ...read.plain,
      candidates: new Map(read.candidates.map((candidate) => [candidate.id, candidate])),
      trials: new Map(read.trials.map((result) => [result.trial.id, result])),
      requests: new Map(read.requests.map((request) => [request.id, request])),
      assigned: new Map(read.assigned),
      certifications: new Map(read.certifications),
      notReverted: new Map(read.notReverted),
      emptyAttempts: new Map(read.emptyAttempts),
      losses: new Map(read.losses.map(([trial, runs]) => [trial, new Set(runs)])),
      lostSince: new Set(read.lostSince),
      certifyRequests: new Set(read.certifyRequests),
      announced: new Set(read.announced),
      promoteRequests: new Set(read.promoteRequests),
      promotions: new Map(read.promotions),
    },
    curves: new Map(read.curves),
    spending: read.spending,
  }
}

/** Collections of the state by how they are written: as their values, as pairs of key and value, as keys. */
type Lists = 'candidates' | 'trials' | 'requests'
type Pairs = 'assigned' | 'certifications' | 'notReverted' | 'emptyAttempts'
type Keys = 'lostSince' | 'certifyRequests' | 'announced'
type ValueOf<Key extends keyof State> = State[Key] extends ReadonlyMap<string, infer Value> ? Value : never

type Written = {
  shape: number
  mark: Mark
  plain: Omit<State, 'losses' | Lists | Pairs | Keys | 'promotions' | 'promoteRequests'>
  losses: [string, string[]][]
  curves: [string, CurvePlace][]
  spending: Spending[]
  promoteRequests?: string[]
  promotions?: [string, ValueOf<'promotions'>][]
} & { [Key in Lists]: ValueOf<Key>[] } & { [Key in Pairs]: [string, ValueOf<Key>][] } & {
  [Key in Keys]: string[]
}

/** Names the content of a file beside the ledger. */
export function contentHash(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
