// Certification check runs: one on the baseline commit that was certified, one on the pull request that reverts an
// unconfirmed merge.
import { certificationEvidence } from '../certify/opinion.ts'
import type { Certification } from '../record/certification.ts'
import type { State } from '../record/state.ts'
import type { Verdict } from '../record/verdict.ts'
import { inertText, inertTitle } from '../text/markdown.ts'
import { CONCLUSIONS, frame, noiseLine, renderVerdict, trustLines, type VerdictFacts } from './check.ts'
import { compare, comparisonTable, trialTable } from './comparison.ts'
import type { CheckRun } from './report.ts'

export interface CertificationFacts {
  certification: Certification
  state: State
  config: VerdictFacts['config']
}

/** The check run on the last baseline commit of a certified range. */
export function certificationCheck(
  { certification, state, config }: CertificationFacts,
  detailsUrl?: string,
): CheckRun {
  return {
    ...frame(config, freshRuns({ certification, state, config }), detailsUrl),
    name: 'autoresearch / certify',
    status: 'completed',
    conclusion: certification.holds ? 'success' : 'failure',
    title: inertTitle(certification.reason, 200),
  }
}

/** The check run on a revert pull request. It has the name of a candidate's check, because a branch rule may require that. */
export function revertCheck(
  { verdict, certification, state, config }: CertificationFacts & { verdict: Verdict },
  detailsUrl?: string,
): CheckRun {
  const summary = [renderVerdict(verdict), freshRuns({ certification, state, config })].join('\n\n')
  return {
    ...frame(config, summary, detailsUrl),
    status: 'completed',
    conclusion: CONCLUSIONS[verdict.kind],
    title: inertTitle(verdict.reason, 200),
  }
}

/** The certification runs as a comparison: `from` is the baseline, `to` the candidate. */
function freshRuns({ certification, state, config }: CertificationFacts): string {
  const { from, to, reason, sigma } = certification
  const evidence = certificationEvidence(state, certification)
  const ends =
    `Fresh runs of both commits in alternation, with seeds that no candidate was judged on. Baseline: ${from.slice(0, 7)}. ` +
    `Candidate: ${to.slice(0, 7)}.`
  return [
    `**${inertText(reason, 1000)}**`,
    ends,
    comparisonTable(config.metric.name, compare(evidence)),
    noiseLine(sigma, config.metric),
    ...trustLines(evidence),
    `### Runs of ${to.slice(0, 7)}`,
    trialTable(evidence.candidate),
    `### Runs of ${from.slice(0, 7)}`,
    trialTable(evidence.baseline),
  ].join('\n\n')
}
