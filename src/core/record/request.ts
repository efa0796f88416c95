// Requests of people for ideas to try, as recorded in the ledger.

export interface PersonRequest {
  id: string
  source: { kind: 'dispatch' } | { kind: 'issue'; number: number }
  /** Login of its author; absent when GitHub does not report it. */
  by?: string
  /** The text, prepared for quoting. */
  text: string
}

/** The last answer that the author of a request received. */
export type RequestAnswer = 'opened' | 'settled' | 'declined'

/** A request and its progress. */
export interface KnownRequest extends PersonRequest {
  /** Number of proposal attempts for it that produced no candidate. */
  attempts: number
  /** Id of the candidate that implements it. */
  candidate?: string
  /** Why there will be no candidate. */
  declined?: string
  answered?: RequestAnswer
}
