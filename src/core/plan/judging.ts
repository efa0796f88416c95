// What the judge says about a candidate, from what the state knows about it.
import { type Conditions, evidenceFor, trialsOfTree, usualSeconds } from '../judge/evidence.ts'
import { guardEvidence, withGuards } from '../judge/guards.ts'
import { type Judgement, judge } from '../judge/judge.ts'
import { hasNoEffect } from '../judge/no-effect.ts'
import type { JudgePolicy } from '../judge/policy.ts'
import type { Candidate } from '../record/candidate.ts'
import { oncePerState, type State } from '../record/state.ts'
import { explainLoss } from '../trial/lost.ts'
import { trialId } from '../trial/protocol.ts'
import { mayShareSeed } from '../trial/shared-seed.ts'
import { nextReplicate } from './next-trial.ts'

/** What the judge says about a candidate in this state. */
export function judgeCandidate(
  state: State,
  conditions: Conditions,
  policy: JudgePolicy,
  candidate: Candidate,
): Judgement {
  const known = judgements(state).get(candidate)
  if (known?.conditions === conditions && known.policy === policy) return known.judgement
  const judgement = judgeAnew(state, conditions, policy, candidate)
  judgements(state).set(candidate, { conditions, policy, judgement })
  return judgement
}

/** Planning asks for the judgements that deciding asked for. */
const judgements = oncePerState(
  () => new WeakMap<Candidate, { conditions: Conditions; policy: JudgePolicy; judgement: Judgement }>(),
)

function judgeAnew(
  state: State,
  conditions: Conditions,
  policy: JudgePolicy,
  candidate: Candidate,
): Judgement {
  const judgement = judgeRuns(state, conditions, policy, candidate)
  if (judgement.kind !== 'replicate') return judgement
  const loss = explainLoss(state, trialId(candidate.tree, nextReplicate(state, candidate.tree)))
  if (loss === undefined) return judgement
  const evidence = evidenceFor(state, conditions, candidate)
  const runs = { candidate: evidence.candidate.length, baseline: evidence.baseline.length }
  return { kind: 'reject', reason: `run ${runs.candidate + 1} is ${loss}`, runs }
}

function judgeRuns(
  state: State,
  conditions: Conditions,
  policy: JudgePolicy,
  candidate: Candidate,
): Judgement {
  // Most of the candidates of a large fleet.
  if (trialsOfTree(state, conditions, candidate.tree).length === 0)
    return { kind: 'replicate', reason: 'not trained yet' }
  const code = {
    addedLines: candidate.addedLines,
    usualSeconds: usualSeconds(state, conditions),
    shownGains: shownGains(state),
    removesGain: candidate.origin.kind === 'leave-out',
    isBundle: candidate.origin.kind === 'bundle',
  }
  const evidence = evidenceFor(state, conditions, candidate)
  const counts = { candidate: evidence.candidate.length, baseline: evidence.baseline.length }
  if (mayShareSeed(candidate) && hasNoEffect(state, conditions, candidate))
    return { kind: 'reject', reason: NO_EFFECT, noEffect: true, gain: 0, runs: counts }
  const guards = guardEvidence(state, conditions, policy, candidate)
  return withGuards(judge(evidence, policy, code), guards, policy)
}

/** What merges gained. A gain that nobody merged may be an attack, and says nothing. */
const shownGains = oncePerState((state) =>
  [...state.candidates.values()].flatMap(({ end, verdict }) => {
    const gain = verdict?.measured ?? verdict?.gain
    return end?.kind === 'merged' && gain !== undefined ? [gain] : []
  }),
)

const NO_EFFECT = "no effect: the run equals the baseline's run with the same seed to the last bit"
