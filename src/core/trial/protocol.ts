// The protocol of a trial: what its number is for. It is part of the trial's id and seed.
import { createHash } from 'node:crypto'
import type { Trial } from '../record/trial.ts'

/** What a run is for. A candidate is never judged on a run that certifies, nor certified on one that judged it. */
export type Purpose = 'judge' | 'certify'

export function purposeOf({ certifies }: Pick<Trial, 'certifies'>): Purpose {
  return certifies === undefined ? 'judge' : 'certify'
}

/** A replicate of a tree has one id for ever, so recording it twice is noticed. */
export function trialId(tree: string, replicate: number, purpose: Purpose = 'judge'): string {
  return `${tree.slice(0, 16)}-${purpose === 'judge' ? 'r' : 'c'}${replicate}`
}

/**
 * The seed of a trial: fixed by the ledger's root seed, the code, the replicate and the purpose, so a candidate cannot
 * choose it, a resumed job repeats it, and certification draws afresh. 31 bits, the range every framework accepts.
 */
export function trialSeed(
  rootSeed: string,
  tree: string,
  replicate: number,
  purpose: Purpose = 'judge',
): number {
  const suffix = purpose === 'judge' ? '' : `\n${purpose}`
  const digest = createHash('sha256').update(`${rootSeed}\n${tree}\n${replicate}${suffix}`).digest()
  return digest.readUInt32BE(0) & 0x7fffffff
}
