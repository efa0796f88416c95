/**
 * Replays a ledger and lists its candidates:
 *   npm run replay -- LEDGER [--json]
 * LEDGER is a repository with the branch autoresearch/ledger (a folder or a URL), or a ledger.jsonl file. It only reads.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { createLedgerBranch } from '../src/adapters/git/ledger-branch.ts'
import type { Candidate } from '../src/core/record/candidate.ts'
import type { LedgerEvent } from '../src/core/record/events.ts'
import { LEDGER_START, readLines } from '../src/core/record/ledger.ts'
import { replay, type State } from '../src/core/record/state.ts'
import { STATUS_WORDS, statusOf } from '../src/core/record/status.ts'
import { visibleText } from '../src/core/text/markdown.ts'
import { UserFacingError } from '../src/errors.ts'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false } },
})
const [source] = positionals

try {
  if (source === undefined) stop('Usage: npm run replay -- REPOSITORY|FILE [--json]', 2)
  print(replayEvents(await readEvents(source)))
} catch (error) {
  if (!(error instanceof UserFacingError)) throw error
  stop(`${error.message}\n→ ${error.hint}`)
}

/** Checkpoints are left out: they would archive most candidates, and this lists all. */
function replayEvents(events: readonly LedgerEvent[]): State {
  return replay(events.filter(({ kind }) => kind !== 'checkpoint'))
}

function print({ candidates, baselines, trials }: State): void {
  if (values.json) {
    console.log(JSON.stringify([...candidates.values()], null, 2))
    return
  }
  for (const candidate of candidates.values()) console.log(describe(candidate))
  console.log(`Baselines: ${baselines.length}. Candidates: ${candidates.size}. Trials: ${trials.size}.`)
}

async function readEvents(path: string): Promise<LedgerEvent[]> {
  const local = statSync(path, { throwIfNoEntry: false })
  if (local?.isFile()) return eventsOf([readFileSync(path, 'utf8')])
  const directory = mkdtempSync(join(tmpdir(), 'autoresearch-replay-'))
  try {
    execFileSync('git', ['init', '--quiet', '--bare', directory])
    const remoteUrl = local === undefined ? path : `file://${resolve(path)}`
    const stored = await createLedgerBranch({ directory, remoteUrl }).read()
    if (!stored) stop(`${path} has no branch autoresearch/ledger: the action has not run there yet`)
    return await eventsOf(stored.parts('start'))
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** @param parts whole lines, from the first of the ledger */
async function eventsOf(parts: AsyncIterable<string> | Iterable<string>): Promise<LedgerEvent[]> {
  const events: LedgerEvent[] = []
  let mark = LEDGER_START
  for await (const part of parts) {
    const read = readLines(part, mark)
    if (read.kind !== 'lines') stop(`line ${read.line} of the ledger cannot be read: ${read.problem}`)
    for (const { event } of read.entries) events.push(event)
    mark = read.mark
  }
  return events
}

/** `#3    8f2c01aa merged: Raise LEARNING_RATE` and the reason of the verdict below it. */
function describe(candidate: Candidate): string {
  const { id, pullRequest, verdict, title } = candidate
  const number = pullRequest === undefined ? '–' : `#${pullRequest}`
  const reason = verdict === undefined ? '' : `\n      ${visibleText(verdict.reason, 300)}`
  return `${number.padEnd(5)} ${id} ${STATUS_WORDS[statusOf(candidate)]}: ${visibleText(title, 100)}${reason}`
}

function stop(message: string, exitCode = 1): never {
  console.error(message)
  process.exit(exitCode)
}
