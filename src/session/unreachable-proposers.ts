// Proposers that cannot be reached until a person fixes something, such as a refused key.
import type { ProposerConfig } from '../core/config/config.ts'
import { ProposerError } from '../errors.ts'
import type { Proposed, Turn } from './proposing.ts'

export class UnreachableProposers {
  /** By the place of the proposer in the configuration. */
  readonly #reasons = new Map<number, string>()
  #proposed = false

  recordOutcome({ index, proposer }: Turn, proposed: Proposed): void {
    if (proposed.kind === 'proposed') this.#proposed = true
    else if (proposed.unreachable && proposed.exhausted)
      this.#reasons.set(index, `${proposer.name}: ${proposed.reason}`)
  }

  /** @throws ProposerError when every proposer is unreachable: a job that tried nothing must not look successful */
  assertSomeoneAnswers(proposers: readonly ProposerConfig[]): void {
    if (this.#proposed || this.#reasons.size < proposers.length) return
    const reasons = [...this.#reasons.values()].join('\n')
    throw new ProposerError(`nothing was proposed, because no proposer can be reached\n${reasons}`, {
      hint: 'Fix the cause and start the workflow again; it continues from the ledger.',
    })
  }
}
