// A candidate whose change cannot be replayed on what was merged meanwhile: one that looked good is parked, and proposers are asked
// once to bring both changes together (propose/sources.ts). What nobody has measured is rejected: the idea may be proposed again.
import { type Conditions, evidenceFor } from '../judge/evidence.ts'
import { losses } from '../judge/judge.ts'
import { type Candidate, isIdea } from '../record/candidate.ts'
import { candidateMergedAs } from '../record/merges.ts'
import type { BaselineCommit, State } from '../record/state.ts'
import { isToBeMerged } from '../record/status.ts'
import type { Verdict } from '../record/verdict.ts'
import { mean } from '../statistics/noise.ts'

/** @param onto the baseline on which the replay failed */
export function conflictVerdict(
  state: State,
  conditions: Conditions,
  candidate: Candidate,
  { commit }: BaselineCommit,
): Verdict {
  const { candidate: runs } = evidenceFor(state, conditions, candidate)
  const reason = `conflicts with ${commit.slice(0, 7)}, which was merged meanwhile`
  const counts = { candidate: runs.length, baseline: 0 }
  const shown = gainOf(state, conditions, candidate)
  if (!shown || !isIdea(candidate) || !candidateMergedAs(state, commit))
    return { kind: 'reject', reason, runs: counts }
  const asked = `${reason}; it looked good, so proposers are asked once to combine the two`
  return { kind: 'park', reason: asked, ...shown, runs: counts, conflict: commit }
}

/** What its runs showed on the baseline that it was built on; undefined when that is no gain. */
function gainOf(
  state: State,
  conditions: Conditions,
  candidate: Candidate,
): Pick<Verdict, 'gain' | 'sigma'> | undefined {
  const { verdict } = candidate
  const evidence = evidenceFor(state, conditions, candidate)
  const measured = losses(evidence.candidate, conditions)
  const { level, sigma } = evidence
  const found = isToBeMerged(candidate) ? verdict?.gain : level && level.mean - mean(measured)
  if (found === undefined || !(found > 0) || measured.length === 0) return undefined
  return { gain: found, ...(sigma !== undefined && { sigma }) }
}
