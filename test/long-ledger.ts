// The events of a long run with everything that happens in one: merges, crashes, A/A checks, requests, reverts, lost trials.
import type { Candidate, CandidateEnd } from '../src/core/record/candidate.ts'
import { CATEGORIES } from '../src/core/record/candidate.ts'
import { LEDGER_FORMAT, type LedgerEvent } from '../src/core/record/events.ts'
import type { Verdict } from '../src/core/record/verdict.ts'
import {
  aaOrigin,
  aBaseline,
  aCandidate,
  aDirection,
  aRandom,
  aTrialResult,
  gaussian,
  ROOT_SEED,
  revertOrigin,
  sha,
} from './factories.ts'

export interface LongLedger {
  experiments: number
  seed: number
  /** Share of candidates that are merged. */
  merged?: number
  /** Share of candidates that stay open for a while. */
  slow?: number
  sigma?: number
}

/** @returns the events that start the ledger, then those of each experiment */
export function longLedger({
  experiments,
  seed,
  merged = 0.06,
  slow = 0.1,
  sigma = 0.01,
}: LongLedger): LedgerEvent[][] {
  const random = aRandom(seed)
  const pick = <T>(choices: readonly T[]): T => choices[Math.floor(random() * choices.length)] as T
  let baseline = aBaseline()
  let level = 2.5
  let lastMerge: string | undefined
  let waiting: LedgerEvent[][] = []

  function anExperiment(index: number): LedgerEvent[] {
    const origin = originOf(index)
    const candidate = aCandidate({
      name: `${seed} ${index}`,
      base: baseline.commit,
      category: pick(CATEGORIES),
      origin,
      ...(random() < 0.3 && {
        knob: { file: 'train.py', name: pick(['LR', 'WD']), from: 1, to: 1 + random() },
      }),
      usage: { inputTokens: 100, outputTokens: 10, dollars: 0.25 },
    })
    const crashes = random() < 0.1
    const merges = !crashes && origin.kind !== 'aa' && random() < merged
    const gain = merges ? 3 * sigma : sigma * (gaussian(random) - 1)
    const runs = merges ? 3 : crashes ? 1 : 1 + Math.floor(random() * 3)
    const trials = Array.from({ length: runs }, (_, run): LedgerEvent => {
      const fields = { candidate, replicate: run + 1, wallSeconds: 300 + random() }
      const value = level - gain + sigma * gaussian(random)
      const result = crashes
        ? aTrialResult({ ...fields, outcome: 'crashed', tail: `Traceback ${index}` })
        : aTrialResult({ ...fields, value })
      return { kind: 'trial', result }
    })
    const proposed: LedgerEvent[] = [
      ...requestOf(candidate),
      { kind: 'proposed', candidate },
      { kind: 'opened', candidate: candidate.id, pullRequest: index + 1 },
      { kind: 'assigned', run: `run ${index}`, command: 'run', trials: trials.flatMap(idOf) },
      ...(random() < 0.05
        ? [{ kind: 'lost', run: `run ${index}`, trials: trials.flatMap(idOf).slice(0, 1) } as const]
        : []),
    ]
    const settled = [...trials, ...decisionOn(candidate, { merges, crashes, gain, runs })]
    if (!merges && random() < slow) {
      waiting.push(settled)
      return proposed
    }
    return [...proposed, ...settled, ...afterwards(index)]
  }

  function originOf(index: number): Candidate['origin'] {
    if (index % 9 === 4) return aaOrigin(Math.floor(index / 9) + 1)
    if (index % 23 === 11 && lastMerge !== undefined) return revertOrigin(lastMerge)
    if (index % 17 === 3) return { kind: 'request', request: `issue-${index}` }
    const mode = pick(['explore', 'refine', 'simplify'] as const)
    return { kind: 'idea', direction: aDirection({ mode, sources: mode === 'explore' ? [] : [`${index}`] }) }
  }

  function requestOf({ origin }: Candidate): LedgerEvent[] {
    if (origin.kind !== 'request') return []
    const source = { kind: 'issue', number: 1 } as const
    return [{ kind: 'requested', request: { id: origin.request, source, text: 'Try it.' } }]
  }

  function decisionOn(
    candidate: Candidate,
    { merges, crashes, gain, runs }: { merges: boolean; crashes: boolean; gain: number; runs: number },
  ): LedgerEvent[] {
    const { id, head, origin } = candidate
    const facts = crashes ? { failure: 'crashed' as const } : { gain, measured: gain, sigma, z: gain / sigma }
    const verdict: Verdict = {
      kind: merges ? 'merge' : gain > 0 ? 'park' : 'reject',
      reason: 'no improvement',
      ...facts,
      runs: { candidate: runs, baseline: 3 },
    }
    const answered: LedgerEvent[] =
      origin.kind === 'request' ? [{ kind: 'answered', request: origin.request, answer: 'settled' }] : []
    const judged: LedgerEvent = { kind: 'judged', candidate: id, head, verdict }
    if (!merges) return [judged, { kind: 'ended', candidate: id, end: endOf() }, ...answered]
    baseline = { commit: sha(`merge ${id}`), tree: candidate.tree }
    lastMerge = baseline.commit
    level -= gain
    const end = { kind: 'merged', commit: baseline.commit, asTrained: random() < 0.9 } as const
    return [
      judged,
      { kind: 'ended', candidate: id, end },
      { kind: 'baseline', ...baseline, cause: 'merged' },
      ...answered,
    ]
  }

  function endOf(): CandidateEnd {
    if (random() > 0.05) return { kind: 'closed' }
    return { kind: 'withdrawn', reason: 'a person closed it', words: { by: 'ann', text: 'no' } }
  }

  function afterwards(index: number): LedgerEvent[] {
    const late = random() < 0.3 ? waiting.flat() : []
    if (late.length > 0) waiting = []
    const usage = { inputTokens: 5, outputTokens: 1, dollars: 0.01 }
    const empty: LedgerEvent = {
      kind: 'no-proposal',
      id: `none ${index}`,
      proposer: 'agent',
      reason: '',
      usage,
    }
    return [...late, ...(random() < 0.2 ? [empty] : [])]
  }

  const started: LedgerEvent[] = [
    { kind: 'started', rootSeed: ROOT_SEED, format: LEDGER_FORMAT },
    { kind: 'baseline', ...baseline, cause: 'started' },
    ...[1, 2, 3].map((replicate): LedgerEvent => {
      return { kind: 'trial', result: aTrialResult({ replicate, value: level + sigma * gaussian(random) }) }
    }),
  ]
  return [started, ...Array.from({ length: experiments }, (_, index) => anExperiment(index))]
}

function idOf(event: LedgerEvent): string[] {
  return event.kind === 'trial' ? [event.result.trial.id] : []
}
