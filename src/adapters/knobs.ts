// The proposer `knobs`: searches the constants of the editable files. It needs no model and costs nothing.

import { withEffect } from '../core/propose/knobs/effect.ts'
import { readFailures } from '../core/propose/knobs/failures.ts'
import { type FoundKnob, findKnobs } from '../core/propose/knobs/knobs.ts'
import { suspect } from '../core/propose/knobs/probe.ts'
import { isTaken, proposeSteps } from '../core/propose/knobs/search.ts'
import { type KnobFilter, selectKnobs } from '../core/propose/knobs/select.ts'
import { writeSearch, writeTest } from '../core/propose/knobs/write.ts'
import { type Knob, NO_USAGE } from '../core/record/candidate.ts'
import type { Log } from '../ports/job.ts'
import type { ProposalRequest, ProposalResult, Proposer } from '../ports/proposer.ts'

/** Refused changes after which one call gives up. */
const MAX_ATTEMPTS = 10

/** @param random uniform in [0, 1); the only source of randomness */
export function createKnobsProposer(
  filter: KnobFilter,
  random: () => number,
  log: Pick<Log, 'warn'>,
): Proposer {
  const warned = new Set<string>()
  return {
    name: 'knobs',
    constantsOnly: true,
    propose: async (request) => {
      const found = request.editable.flatMap((path) => findKnobs(path, request.files.get(path) ?? ''))
      const { knobs, warnings } = selectKnobs(found, filter)
      for (const warning of warnings) if (!warned.has(warning)) log.warn(warning)
      for (const warning of warnings) warned.add(warning)
      return propose(request, knobs, random)
    },
  }
}

function propose(
  request: ProposalRequest,
  selected: readonly FoundKnob[],
  random: () => number,
): ProposalResult {
  if (selected.length === 0) return nothing('The editable files contain no named constant to search.', true)
  const { history, review, files, train } = request
  const surroundings = { files, train }
  const knobs = withEffect(selected, history, surroundings)
  const mayRun = readFailures(history, surroundings)
  const { test: together, waiting } = suspect(knobs, history, surroundings)
  const test = together.filter((step) => mayRun([step]))
  const searched = knobs.filter((knob) => !waiting.has(knob))
  const refused: (readonly Knob[])[] = []
  let reason = ''
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const isTest = attempt === 0 && test.length > 0 && !isTaken(test, history)
    const steps = isTest ? test : proposeSteps(searched, history, random, refused, mayRun)
    if (steps === undefined)
      return nothing(`All steps near the current values of ${searched.length} constants were tried.`, true)
    const proposal = (isTest ? writeTest : writeSearch)(steps, surroundings)
    const problems = review(proposal)
    if (problems.length === 0) return { kind: 'proposal', proposal, usage: NO_USAGE }
    refused.push(proposal.knobs ?? [])
    reason = problems.join(' ')
  }
  return nothing(`${MAX_ATTEMPTS} changes were refused; the last reason: ${reason}`, false)
}

function nothing(reason: string, exhausted: boolean): ProposalResult {
  return { kind: 'nothing', reason, usage: NO_USAGE, exhausted }
}
