// The proposer `knobs`: changes one numeric constant of the editable files at a time. It needs no model and costs nothing.
import { findKnobs, knobCategory } from '../core/propose/knobs/knobs.ts'
import { type KnobStep, proposeStep } from '../core/propose/knobs/search.ts'
import { type Knob, NO_USAGE, type Proposal } from '../core/record/candidate.ts'
import type { ProposalRequest, ProposalResult, Proposer } from '../ports.ts'

/** Refused steps after which one call gives up. */
const MAX_ATTEMPTS = 10

/** @param rng uniform in [0, 1); the only source of randomness */
export function createKnobsProposer(rng: () => number): Proposer {
  return { name: 'knobs', constantsOnly: true, propose: async (request) => propose(request, rng) }
}

function propose(request: ProposalRequest, rng: () => number): ProposalResult {
  const knobs = request.editable.flatMap((path) => findKnobs(path, request.files.get(path) ?? ''))
  if (knobs.length === 0) return nothing('The editable files contain no named numeric constant.', true)
  const refused: Knob[] = []
  let reason = ''
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const step = proposeStep(knobs, request.history, rng, refused)
    if (step === undefined)
      return nothing(`All steps near the current values of the ${knobs.length} constants were tried.`, true)
    const proposal = propositionOf(step, request.files.get(step.knob.file) ?? '')
    const problems = request.review(proposal)
    if (problems.length === 0) return { kind: 'proposal', proposal, usage: NO_USAGE }
    refused.push(proposal.knob)
    reason = problems.join(' ')
  }
  return nothing(`${MAX_ATTEMPTS} steps were refused; the last reason: ${reason}`, false)
}

function nothing(reason: string, exhausted: boolean): ProposalResult {
  return { kind: 'nothing', reason, usage: NO_USAGE, exhausted }
}

function propositionOf(step: KnobStep, text: string): Proposal & { knob: Knob } {
  const { knob, to, literal } = step
  const { file, name, value: from, start, end } = knob
  const verb = to > from ? 'Raise' : 'Lower'
  return {
    title: `${verb} ${name} from ${knob.literal} to ${literal}`,
    hypothesis: `${describeReason(step)} ${name} is set in ${file}, line ${knob.line}. Nothing else changes.`,
    category: knobCategory(name),
    expectedEffect: 'Unknown: this is one step of a search, and its direction may be wrong.',
    files: new Map([[file, text.slice(0, start) + literal + text.slice(end)]]),
    knob: { file, name, from, to },
  }
}

function describeReason({ knob: { name }, because, to, knob }: KnobStep): string {
  const way = to > knob.value ? 'Higher' : 'Lower'
  switch (because) {
    case 'untried':
      return `${name} was never varied here; its best value is rarely the first one written.`
    case 'last step held':
      return `The latest step on ${name} helped. ${way} may be better still.`
    case 'last step failed':
      return `The latest step on ${name} failed. ${way}, or a smaller step, may work.`
    case 'last step is open':
      return `Another step on ${name} is not decided yet. This run also tests ${way.toLowerCase()}.`
  }
}
