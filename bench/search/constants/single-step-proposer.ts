// The proposer that the present one is compared with: it changes one numeric constant at a time, of all that it finds.
import { type FoundKnob, findKnobs, knobCategory } from '../../../src/core/propose/knobs/knobs.ts'
import { type Knob, NO_USAGE } from '../../../src/core/record/candidate.ts'
import type { Proposer } from '../../../src/ports/proposer.ts'
import { proposeStep } from './single-step.ts'

const MAX_ATTEMPTS = 10

export function createSingleStepProposer(random: () => number): Proposer {
  return {
    name: 'knobs',
    constantsOnly: true,
    propose: async ({ files, editable, history, review }) => {
      const knobs = editable.flatMap((path) => findKnobs(path, files.get(path) ?? '').filter(isNumber))
      const refused: Knob[] = []
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        const step = proposeStep(knobs, history, random, refused)
        if (step === undefined) break
        const { file, name, value: from, start, end } = step.knob
        const text = files.get(file) ?? ''
        // Any context: it lets the bench count steps without effect.
        const knob = { file, name, from, to: step.to, context: '' }
        const proposal = {
          title: `${name} ${from} → ${step.to}`,
          hypothesis: 'A single step.',
          category: knobCategory(name),
          expectedEffect: 'Unknown.',
          files: new Map([[file, text.slice(0, start) + step.literal + text.slice(end)]]),
          knobs: [knob],
        }
        if (review(proposal).length === 0) return { kind: 'proposal', proposal, usage: NO_USAGE }
        refused.push(knob)
      }
      return { kind: 'nothing', reason: 'no step is left', usage: NO_USAGE, exhausted: true }
    },
  }
}

/** Neither switches, nor 0, nor literals in calls that have no name of their own. */
export function isNumber({ kind, value, name }: FoundKnob): boolean {
  return kind !== 'switch' && value > 0 && !name.includes('(#') && !(kind === 'integer' && name.includes('('))
}
