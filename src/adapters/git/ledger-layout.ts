// Where lines lie on the ledger's branch: in numbered files of bounded size, a hundred in a folder, so that an append
// writes little whatever the ledger's length. Only the last file of a kind ever changes.

/** A file is closed when it has reached this size. An append rewrites the last one, and nothing else. */
export const FULL_BYTES = 64 * 1024
const FILES_PER_FOLDER = 100
/** The whole ledger in its first format. */
export const OLD_LEDGER = 'ledger.jsonl'

type NumberedKind = 'ledger' | 'curves' | 'archive'

/** @param number from 1 */
export function numberedPath(kind: NumberedKind, number: number): string {
  const folder = Math.floor((number - 1) / FILES_PER_FOLDER)
  return `${kind}/${String(folder).padStart(4, '0')}/${String(number).padStart(6, '0')}.jsonl`
}

/** @param number of the ledger file whose first line is the checkpoint */
export function checkpointPath(number: number): string {
  return `checkpoints/${String(number).padStart(6, '0')}.json`
}

const CHECKPOINT = /^checkpoints\/(\d{6,})\.json$/

/** The number of the ledger file that the newest checkpoint begins; undefined without one. */
export function newestCheckpoint(paths: ReadonlyMap<string, string>): number | undefined {
  const numbers = checkpointPaths(paths).map((path) => Number(CHECKPOINT.exec(path)?.[1]))
  return numbers.length === 0 ? undefined : Math.max(...numbers)
}

export function checkpointPaths(paths: ReadonlyMap<string, string>): string[] {
  return [...paths.keys()].filter((path) => CHECKPOINT.test(path))
}

/**
 * How many files of a kind there are; they are numbered without a gap.
 *
 * @param known there are at least so many, as far as is known
 */
export function countNumbered(paths: ReadonlyMap<string, string>, kind: NumberedKind, known = 0): number {
  let count = known > 0 && paths.has(numberedPath(kind, known)) ? known : 0
  while (paths.has(numberedPath(kind, count + 1))) count += 1
  return count
}

/** Cuts whole lines into files, each closed once it is full. */
export function cutIntoFiles(text: string): string[] {
  const files: string[] = []
  for (let start = 0; start < text.length; ) {
    let end = start
    let bytes = 0
    while (end < text.length && bytes < FULL_BYTES) {
      const next = text.indexOf('\n', end) + 1 || text.length
      bytes += Buffer.byteLength(text.slice(end, next))
      end = next
    }
    files.push(text.slice(start, end))
    start = end
  }
  return files
}
