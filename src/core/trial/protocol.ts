// Ids and seeds of trials. Both include the protocol, so that runs for different purposes or scales are never confused.
import { createHash } from 'node:crypto'
import { BASE_SCALE, type Protocol, type Trial } from '../record/trial.ts'

/** The protocol by which candidates are judged. */
export const JUDGE: Protocol = { purpose: 'judge', scale: BASE_SCALE }

/** True for a run that candidates are judged on. Certifying runs are not, so that certification uses independent samples. */
export function isJudgeTrial({ protocol }: Pick<Trial, 'protocol'>): boolean {
  return protocol.purpose === 'judge'
}

const LETTERS: Readonly<Record<Protocol['purpose'], string>> = { judge: 'r', certify: 'c', promote: 'p' }

/**
 * The permanent id of a replicate of a tree, by which a repeated record is detected: `<tree>-r1` for a judging run,
 * `<tree>-c1` for a certifying run, `<tree>-d24-p1` for a run that helps to decide a promotion to the scale `d24`.
 *
 * @param replicate 1-based, counted per tree and protocol
 */
export function trialId(tree: string, replicate: number, { purpose, scale }: Protocol = JUDGE): string {
  const rung = scale === BASE_SCALE ? '' : `${scale}-`
  return `${tree.slice(0, 16)}-${rung}${LETTERS[purpose]}${replicate}`
}

/**
 * The seed of a trial, derived from the ledger's root seed, the code, the replicate and the protocol: a candidate cannot
 * choose it, a resumed job repeats it, and certification gets new seeds. 31 bits, the range that every framework accepts.
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
  const text = parts.join('\n')
  const seed = seeds.get(text) ?? createHash('sha256').update(text).digest().readUInt32BE(0) & 0x7fffffff
  if (seeds.size >= MAX_SEEDS) seeds.clear()
  seeds.set(text, seed)
  return seed
}

/** A fleet plans the same hundreds of trials again after every result. */
const seeds = new Map<string, number>()
const MAX_SEEDS = 4096
