// The words of the brief that several of its sections use.
import type { Candidate, Category, Mode } from '../../record/candidate.ts'
import { formatNumber, formatSigned } from '../../text/numbers.ts'

/** What each category is about. */
export const CATEGORY_WORDS: Record<Category, string> = {
  optimizer: 'how gradients become steps',
  schedule: 'what changes in the course of training',
  architecture: 'the model itself',
  regularisation: 'what keeps it from fitting noise',
  initialisation: 'where the weights start',
  data: 'order, packing and choice of the training data',
  numerics: 'precision, scaling and stability',
  systems: 'speed: more steps in the same time',
  hyperparameter: 'a constant that fits nowhere else',
}

/** What each mode asks for. */
export const MODE_WORDS: Record<Mode, string> = {
  explore: 'Explore: try something that was not tried here, rather bold than safe.',
  refine: 'Refine: take the change below further. Do it better, not again.',
  combine:
    'Combine: put the two changes below into one. Each looked good alone and was too small to be proven.',
  simplify:
    'Simplify: get at least as good a number with less code. The change below was merged; keep its point.',
  repair: 'Repair: the change below failed to run. Keep its idea and mend its mistake; there is one try.',
}

/** What can be expected to be gained, with the standard error of what was measured, where there is one. */
export function gainText({ verdict }: Candidate): string {
  if (verdict?.gain === undefined) return '–'
  const { gain, measured = gain, z } = verdict
  const error = z ? ` ± ${formatNumber(Math.abs(measured / z))}` : ''
  return `${formatSigned(gain)}${error}`
}
