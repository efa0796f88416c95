// Words shared by several sections of the brief.
import type { Candidate, Category } from '../../record/candidate.ts'
import { formatSigned } from '../../text/numbers.ts'

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

/** How proposers see a candidate named. */
export function nameOf({ id, pullRequest }: Pick<Candidate, 'id' | 'pullRequest'>): string {
  return pullRequest === undefined ? id : `#${pullRequest}`
}

/** Sorts candidates without a measured gain last. */
export function gainOf({ verdict }: Candidate): number {
  return verdict?.gain ?? Number.NEGATIVE_INFINITY
}

/** The expected gain. How sure it is stands in the verdict's reason, once. */
export function gainText({ verdict }: Candidate): string {
  return verdict?.gain === undefined ? '–' : formatSigned(verdict.gain)
}
