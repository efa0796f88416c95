// The checks of certification: on the commit of the baseline that was certified, and on the pull request that undoes what
// did not hold.

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

/** A certification on the commit of the baseline it ends at. */
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

/** The check of a pull request that undoes a merge, under the name that a branch rule may ask for. */
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

/** What certification measured: `from` is the baseline of the comparison, `to` the candidate. */
function freshRuns({ certification, state, config }: CertificationFacts): string {
  const { from, to, reason, sigma } = certification
  const evidence = certificationEvidence(state, certification)
  const ends =
    `Fresh runs with seeds that no candidate was judged on, both ends in turn: ${from.slice(0, 7)} as the baseline, ` +
    `${to.slice(0, 7)} as the candidate.`
  return [
    `**${inertText(reason, 1000)}**`,
    ends,
    comparisonTable(config.metric.name, compare(evidence)),
    noiseLine(sigma),
    ...trustLines(evidence),
    `### Runs of ${to.slice(0, 7)}`,
    trialTable(evidence.candidate),
    `### Runs of ${from.slice(0, 7)}`,
    trialTable(evidence.baseline),
  ].join('\n\n')
}
