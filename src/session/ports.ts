// What a command needs of the world around it.
import type { Discussion, Forge } from '../ports/forge.ts'
import type { Clock, Log } from '../ports/job.ts'
import type { Lease, LedgerStore } from '../ports/ledger.ts'
import type { Checker } from '../ports/proposer.ts'
import type { Repository } from '../ports/repository.ts'

export interface Ports {
  repository: Repository
  ledger: LedgerStore
  forge: Forge
  clock: Clock
  log: Log
  /** Only in jobs that may run candidate code. */
  checker?: Checker
  /** Absent where people's requests are not read. */
  discussion?: Discussion
  /** Absent where no other job can work on the repository. */
  lease?: Lease
  /** Aborts when the job is cancelled: stop immediately without losing what is recorded. */
  cancelled: AbortSignal
}
