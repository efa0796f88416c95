// Reads the ledger of a night from the server's own repository.
import { execa } from 'execa'
import type { LedgerEvent } from '../../src/core/record/events.ts'
import { readLines } from '../../src/core/record/ledger.ts'
import { replay, type State } from '../../src/core/record/state.ts'

/** Every event; undefined while there is no ledger. Throws when a line does not follow from the one before. */
export async function readEvents(gitDir: string): Promise<LedgerEvent[] | undefined> {
  const branch = 'refs/heads/autoresearch/ledger'
  const git = (...args: string[]) =>
    execa('git', ['-C', gitDir, ...args], { stripFinalNewline: false, reject: false })
  const listed = await git('ls-tree', '-r', '--name-only', branch, 'ledger/')
  if (listed.exitCode !== 0) return undefined
  const paths = listed.stdout.trim().split('\n')
  const read = readLines((await git('show', ...paths.map((path) => `${branch}:${path}`))).stdout)
  if (read.kind !== 'lines') throw new Error(`ledger line ${read.line}: ${read.problem}`)
  return read.entries.map(({ event }) => event)
}

export async function readState(gitDir: string): Promise<State | undefined> {
  const events = await readEvents(gitDir)
  return events && replay(events)
}
