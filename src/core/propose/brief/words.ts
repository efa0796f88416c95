// Words shared by several sections of the brief.
import type { Candidate, Category, Mode } from '../../record/candidate.ts'
import { formatNumber, formatSigned } from '../../text/numbers.ts'

/** The meaning of each category. */
export const CATEGORY_WORDS: Record<Category, string> = {
  optimizer: 'how gradients become steps',
  schedule: 'what changes during training',
  architecture: 'the model itself',
  regularisation: 'what prevents overfitting',
  initialisation: 'how the weights start',
  data: 'order, packing and selection of the training data',
  numerics: 'precision, scaling and stability',
  systems: 'speed: more steps in the same time',
  hyperparameter: 'a constant that fits nowhere else',
}

/** The instruction for each mode. */
export const MODE_WORDS: Record<Mode, string> = {
  explore: 'Explore: try something that has not been tried here. Prefer a bold idea to a safe one.',
  refine: 'Refine: improve the change below further. Do not repeat it.',
  combine:
    'Combine: merge the two changes below into one. Each looked good alone but was too small to be proven.',
  simplify:
    'Simplify: get at least as good a result with less code. The change below was merged; keep its effect.',
  repair: 'Repair: the change below failed to run. Keep its idea and fix its mistake; there is one attempt.',
}

/** The expected gain, with the standard error of the measured gain if known. */
export function gainText({ verdict }: Candidate): string {
  if (verdict?.gain === undefined) return '–'
  const { gain, measured = gain, z } = verdict
  const error = z ? ` ± ${formatNumber(Math.abs(measured / z))}` : ''
  return `${formatSigned(gain)}${error}`
}
