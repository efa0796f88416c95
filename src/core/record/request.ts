// What people asked to be tried, as the ledger keeps it.

export interface PersonRequest {
  id: string
  source: { kind: 'dispatch' } | { kind: 'issue'; number: number }
  /** Login of who wrote it; absent where GitHub does not say. */
  by?: string
  /** As it may be quoted. */
  text: string
}

/** What the asker of a request was told last. */
export type RequestAnswer = 'opened' | 'settled' | 'declined'

/** A request and what became of it. */
export interface KnownRequest extends PersonRequest {
  /** Proposers that were asked for it and brought nothing. */
  attempts: number
  /** The candidate that takes it up. */
  candidate?: string
  /** Why there will be no candidate. */
  declined?: string
  answered?: RequestAnswer
}
