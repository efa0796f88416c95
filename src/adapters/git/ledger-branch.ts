// The ledger on its branch: every append is one commit pushed as a fast-forward, which is a compare-and-swap by nature.
import { setTimeout } from 'node:timers/promises'
import { LedgerError } from '../../errors.ts'
import type { BranchUpdate, LedgerStore } from '../../ports.ts'
import { type GitContext, type GitFailure, hasStumbled, readRemote, tryGit } from './git.ts'
import { commitFile, LEDGER_BRANCH } from './ledger-files.ts'

const LEDGER_FILE = 'ledger.jsonl'
const MAX_ATTEMPTS = 20
/** Attempts when it is the network that fails, with a longer pause before each. */
const MAX_STUMBLES = 4
/** Ours alone: where the last ledger we fetched is kept, so that the next fetch brings only what is new. */
const FETCHED_REF = 'refs/autoresearch/ledger'

interface Tip {
  commit: string | null
  text: string
}

export function createLedgerBranch(context: GitContext): LedgerStore {
  let tip: Tip | undefined
  return {
    async read() {
      tip = await fetchTip(context)
      return tip.commit === null ? undefined : tip.text
    },
    async update(edit, branches, message) {
      let moves = branches.filter(({ from, to }) => from !== to)
      for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
        tip ??= await fetchTip(context)
        const next = await writeTip(context, tip, edit(tip.text), message)
        const failure = await push(context, tip, next, moves)
        const seen = failure === undefined ? next : await fetchTip(context)
        if (failure === undefined || hasLanded(tip, next, seen)) {
          tip = seen
          return tip.text
        }
        if (!seen.text.startsWith(tip.text)) throw rewritten()
        const needed = await stillNeeded(context, moves)
        if (seen.commit === tip.commit && needed.length === moves.length) {
          if (!hasStumbled(failure) || attempt >= MAX_STUMBLES) throw refused(failure)
          await setTimeout(attempt * 1000)
        }
        tip = seen
        moves = needed
      }
      throw new LedgerError(`the ledger could not be written in ${MAX_ATTEMPTS} attempts`, {
        hint: `Another process keeps writing to ${LEDGER_BRANCH}: start fewer jobs at once.`,
      })
    },
  }
}

/** True when our push happened although its answer was lost: pushes are atomic, so its branches have moved as well. */
function hasLanded(tip: Tip, next: Tip, seen: Tip): boolean {
  return next.commit !== tip.commit && seen.text.startsWith(next.text)
}

function rewritten(): LedgerError {
  return new LedgerError(`${LEDGER_BRANCH} was set back or rewritten while this job was running`, {
    hint: 'If you mended the ledger, run again. If not: `git reflog` of whoever pushed last has the lost lines.',
  })
}

/**
 * Leaves out the moves that someone else has made already: GitHub may delete merged branches itself, and the answer to
 * our own push may have been lost. A branch that a person moved is not ours to delete any more.
 */
async function stillNeeded(context: GitContext, moves: readonly BranchUpdate[]): Promise<BranchUpdate[]> {
  const needed: BranchUpdate[] = []
  for (const move of moves) {
    const remote = await remoteCommit(context, move.branch)
    if (remote === move.to) continue
    if (remote === move.from) needed.push(move)
    else if (move.to !== null)
      throw new LedgerError(
        `branch ${move.branch} is at ${remote ?? 'no commit'}, not where the ledger says it is`,
        {
          hint: 'A person or another job moved it meanwhile. Run again: the state is read anew at every start.',
        },
      )
  }
  return needed
}

function refused(failure: GitFailure): LedgerError {
  return new LedgerError(`the push to ${LEDGER_BRANCH} was refused: ${failure.stderr.trim()}`, {
    hint: 'Give the job `contents: write` and let it push to autoresearch/**; a ruleset there may at most forbid deletion and force-push of the ledger.',
  })
}

async function remoteCommit(context: GitContext, branch: string): Promise<string | null> {
  const line = await readRemote(context, ['ls-remote', context.remoteUrl, `refs/heads/${branch}`])
  return line === '' ? null : (line.split('\t')[0] ?? null)
}

async function fetchTip(context: GitContext): Promise<Tip> {
  const commit = await remoteCommit(context, LEDGER_BRANCH)
  if (commit === null) return { commit, text: '' }
  const fetch = ['fetch', '--quiet', '--no-tags', '--depth=1', context.remoteUrl, `+${commit}:${FETCHED_REF}`]
  await readRemote(context, fetch)
  const text = await tryGit(context, ['cat-file', 'blob', `${commit}:${LEDGER_FILE}`], { trim: false })
  if (typeof text === 'string') return { commit, text }
  throw new LedgerError(`${LEDGER_BRANCH} has no ${LEDGER_FILE}`, {
    hint: 'Something else uses this branch: rename it, or set it back to the last commit that has the file.',
  })
}

async function writeTip(context: GitContext, tip: Tip, text: string, message: string): Promise<Tip> {
  if (text === tip.text) return tip
  return { commit: await commitFile(context, tip.commit, { name: LEDGER_FILE, text, message }), text }
}

/** Pushes the ledger and the branches together. A lease on each makes the push fail when one is not where we think. */
async function push(
  context: GitContext,
  tip: Tip,
  next: Tip,
  moves: readonly BranchUpdate[],
): Promise<GitFailure | undefined> {
  const refspecs = moves.map(({ branch, to }) => `${to ?? ''}:refs/heads/${branch}`)
  const leases = moves.map(({ branch, from }) => `--force-with-lease=refs/heads/${branch}:${from ?? ''}`)
  if (next.commit !== tip.commit) {
    refspecs.push(`${next.commit}:refs/heads/${LEDGER_BRANCH}`)
    // A ledger that was set back would take our commit as a fast-forward.
    leases.push(`--force-with-lease=refs/heads/${LEDGER_BRANCH}:${tip.commit ?? ''}`)
  }
  if (refspecs.length === 0) return undefined
  const result = await tryGit(context, [
    'push',
    '--quiet',
    '--atomic',
    ...leases,
    context.remoteUrl,
    ...refspecs,
  ])
  return typeof result === 'string' ? undefined : result
}
