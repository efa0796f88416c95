// The branches that move together with the ledger: which moves the rules of the repository allow, and which are still to be
// made after a push that failed.
import { BranchMovedError } from '../../errors.ts'
import type { Log } from '../../ports/job.ts'
import type { BranchUpdate } from '../../ports/repository.ts'
import type { GitContext, GitFailure } from './git.ts'
import { refOf, remoteRef } from './ledger-files.ts'
import { forbidsDeletion } from './refusals.ts'

export class BranchMoves {
  readonly #context: GitContext
  readonly #log: Pick<Log, 'warn'> | undefined
  /** A rule forbids deleting branches. */
  #mustKeep = false
  /** Branches that are known to stay. */
  readonly #kept = new Set<string>()

  /** @param log told which branches stay because a rule forbids deleting them */
  constructor(context: GitContext, log: Pick<Log, 'warn'> | undefined) {
    this.#context = context
    this.#log = log
  }

  /** @returns whether this failure is the first that shows that a rule forbids deletions */
  learnFrom(failure: GitFailure): boolean {
    if (this.#mustKeep || !forbidsDeletion(failure)) return false
    this.#mustKeep = true
    return true
  }

  /** The moves without deletions, once it is known that a rule forbids them. */
  allowed(moves: readonly BranchUpdate[]): BranchUpdate[] {
    if (!this.#mustKeep) return [...moves]
    const deleted = moves.filter(({ to }) => to === null).map(({ branch }) => branch)
    const staying = deleted.filter((branch) => !this.#kept.has(branch))
    for (const branch of staying) this.#kept.add(branch)
    if (staying.length > 0)
      this.#log?.warn(
        `A rule of the repository forbids deleting branches, so these stay: ${staying.join(', ')}. Exclude autoresearch/c/** from the rule, or delete them by hand.`,
      )
    return moves.filter(({ to }) => to !== null)
  }

  /**
   * Leaves out the moves that someone else has made already: GitHub may delete merged branches itself, and the answer to
   * our own push may have been lost. A branch that a person moved is not ours to delete any more.
   *
   * @throws BranchMovedError when a branch that has to move is somewhere else
   */
  async stillNeeded(moves: readonly BranchUpdate[]): Promise<BranchUpdate[]> {
    const needed: BranchUpdate[] = []
    for (const move of moves) {
      const remote = await remoteRef(this.#context, refOf(move))
      if (remote === move.to) continue
      if (remote === move.from) needed.push(move)
      else if (move.to !== null)
        throw new BranchMovedError(
          `branch ${move.branch} is at ${remote ?? 'no commit'}, not where the ledger says it is`,
          {
            hint: 'A person or another job moved it meanwhile. Run again: the state is read anew at every start.',
          },
        )
    }
    return needed
  }
}
