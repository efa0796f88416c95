// What became of asking each proposer in one job: how many candidates it proposed, and why attempts produced none.

export interface ProposerTally {
  /** The proposer's name in the ledger. */
  name: string
  attempts: number
  candidates: number
  /** Attempts in which the proposer could not be reached. */
  unreachable: number
  /** How often each reason for having no candidate occurred. */
  reasons: ReadonlyMap<string, number>
  /** It has no further idea on this baseline, which is no failure: every constant was tried. */
  isOutOfIdeas: boolean
}

export type Attempted =
  | { kind: 'proposed' }
  | { kind: 'nothing'; reason: string; exhausted: boolean; unreachable?: true }

export function startTally(name: string): ProposerTally {
  return { name, attempts: 0, candidates: 0, unreachable: 0, reasons: new Map(), isOutOfIdeas: false }
}

export function addAttempt(tally: ProposerTally, outcome: Attempted): ProposerTally {
  const { attempts, candidates, reasons } = tally
  if (outcome.kind === 'proposed')
    return { ...tally, attempts: attempts + 1, candidates: candidates + 1, isOutOfIdeas: false }
  const { reason, exhausted, unreachable } = outcome
  return {
    ...tally,
    attempts: attempts + 1,
    unreachable: tally.unreachable + (unreachable ? 1 : 0),
    reasons: new Map(reasons).set(reason, (reasons.get(reason) ?? 0) + 1),
    isOutOfIdeas: exhausted && !unreachable,
  }
}

/** True when every attempt in the job failed: a person should look at this proposer. */
export function hasOnlyFailed({ attempts, candidates, isOutOfIdeas }: ProposerTally): boolean {
  return attempts > 0 && candidates === 0 && !isOutOfIdeas
}

/** True when nobody proposed anything and somebody failed. */
export function nobodyProposed(tallies: readonly ProposerTally[]): boolean {
  return tallies.every(({ candidates }) => candidates === 0) && tallies.some(hasOnlyFailed)
}

/** The most frequent reasons for having no candidate, most frequent first. */
export function topReasons({ reasons }: ProposerTally, most = 5): [reason: string, count: number][] {
  return [...reasons].toSorted(([, a], [, b]) => b - a).slice(0, most)
}

/** `openai gpt-x proposed nothing usable in 5 attempts: empty answer (4 times); answer was cut off`. */
export function failureWords(tally: ProposerTally): string {
  const attempts = tally.attempts === 1 ? 'its only attempt' : `${tally.attempts} attempts`
  return `${tally.name} proposed nothing usable in ${attempts}: ${reasonWords(tally)}`
}

/** `empty answer (3 times); answer was cut off`. */
export function reasonWords(tally: ProposerTally): string {
  return topReasons(tally, 3)
    .map(([reason, count]) => (count === 1 ? reason : `${reason} (${count} times)`))
    .join('; ')
}
