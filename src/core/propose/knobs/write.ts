// Writes new values of constants into the source, and says in words what changed.
import type { Knob, Proposal } from '../../record/candidate.ts'
import { contextOf, type Surroundings } from './effect.ts'
import { type FoundKnob, knobCategory } from './knobs.ts'
import { writeLike } from './literal.ts'
import { TEST_TITLE } from './probe.ts'
import type { KnobStep } from './scale.ts'

/** Constants that a title names; the hypothesis names all. */
const MAX_NAMED = 4

export function writeSearch(steps: readonly KnobStep[], surroundings: Surroundings): Proposal {
  const [first] = steps
  return {
    title: inWords(steps),
    hypothesis: `${places(steps)} So far the record suggests that ${steps.length > 1 ? 'these values together are' : 'this value is'} worth a run. Nothing else changes.`,
    category: first ? knobCategory(first.knob.name) : 'hyperparameter',
    expectedEffect: 'Unknown: this is one step of a search, and its direction may be wrong.',
    ...change(steps, surroundings),
  }
}

/** A change by which constants are tested for an effect together. */
export function writeTest(steps: readonly KnobStep[], surroundings: Surroundings): Proposal {
  return {
    title: `${TEST_TITLE}: ${inWords(steps)}`,
    hypothesis: `These constants seem to have no effect, because other code sets their values. If a run with all of them changed equals the baseline's run, none is tried again. ${places(steps)}`,
    category: 'hyperparameter',
    expectedEffect: 'None.',
    ...change(steps, surroundings),
  }
}

/** `LEARNING_RATE 0.01 → 0.016, WARMUP 100 → 60` */
function inWords(steps: readonly KnobStep[]): string {
  const named = steps
    .slice(0, MAX_NAMED)
    .map((step) => `${step.knob.name} ${step.knob.literal} → ${literalOf(step)}`)
  const left = steps.length - named.length
  return [...named, ...(left > 0 ? [`${left} more`] : [])].join(', ')
}

function places(steps: readonly KnobStep[]): string {
  return steps
    .map((step) => {
      const { name, file, line, literal } = step.knob
      return `${name} in ${file}, line ${line}: ${literal} → ${literalOf(step)}.`
    })
    .join(' ')
}

function change(
  steps: readonly KnobStep[],
  surroundings: Surroundings,
): { files: Map<string, string>; knobs: Knob[] } {
  const files = new Map<string, string>()
  // From the end, so that the positions before stay right.
  for (const step of steps.toSorted((a, b) => b.knob.start - a.knob.start)) {
    const { file, start, end } = step.knob
    const text = files.get(file) ?? surroundings.files.get(file) ?? ''
    files.set(file, text.slice(0, start) + literalOf(step) + text.slice(end))
  }
  return { files, knobs: steps.map((step) => asRecorded(step, surroundings)) }
}

function asRecorded({ knob, to }: KnobStep, surroundings: Surroundings): Knob {
  const { file, name, value } = knob
  return { file, name, from: value, to, context: contextOf(knob, surroundings) }
}

function literalOf({ knob, to }: KnobStep): string {
  return knob.kind === 'switch' ? writeSwitch(knob, to) : writeLike(knob.literal, to)
}

/** As Python or as most other languages write it, by the present literal. */
function writeSwitch({ literal }: FoundKnob, to: number): string {
  const word = to === 1 ? 'true' : 'false'
  return /^[TF]/.test(literal) ? word.charAt(0).toUpperCase() + word.slice(1) : word
}
