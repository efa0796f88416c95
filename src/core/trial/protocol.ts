// The protocol of a trial in its id and its seed, so that runs for different purposes or scales are never confused.
import { createHash } from 'node:crypto'
import { BASE_SCALE, type Protocol, type Trial } from '../record/trial.ts'

/** The protocol by which candidates are judged. */
export const JUDGE: Protocol = { purpose: 'judge', scale: BASE_SCALE }

/** True for a run that candidates are judged on. None of those that certify is, so that certification sees fresh luck. */
export function isJudgeTrial({ protocol }: Pick<Trial, 'protocol'>): boolean {
  return protocol.purpose === 'judge'
}

/**
 * A replicate of a tree has one id for ever, so recording it twice is noticed: `<tree>-r1` for a run that judges,
 * `<tree>-c1` for one that certifies, `<tree>-d24-r1` at a scale with a name of its own.
 *
 * @param replicate 1-based; counted for each tree and protocol
 */
export function trialId(tree: string, replicate: number, { purpose, scale }: Protocol = JUDGE): string {
  const rung = scale === BASE_SCALE ? '' : `${scale}-`
  return `${tree.slice(0, 16)}-${rung}${purpose === 'judge' ? 'r' : 'c'}${replicate}`
}

/**
 * The seed of a trial: fixed by the ledger's root seed, the code, the replicate and the protocol, so a candidate cannot
 * choose it, a resumed job repeats it, and certification draws afresh. 31 bits, the range every framework accepts.
 */
export function trialSeed(
  rootSeed: string,
  tree: string,
  replicate: number,
  { purpose, scale }: Protocol = JUDGE,
): number {
  const parts = [
    rootSeed,
    tree,
    `${replicate}`,
    ...(purpose === 'judge' ? [] : [purpose]),
    ...(scale === BASE_SCALE ? [] : [scale]),
  ]
  return createHash('sha256').update(parts.join('\n')).digest().readUInt32BE(0) & 0x7fffffff
}
