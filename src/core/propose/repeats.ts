// Detects an agent that repeats itself: the same call on the same files in several turns.

/** In how many turns an agent may make the same call on the same files. One more ends the conversation. */
const MAX_TURNS_WITH_SAME_CALL = 2

export interface Call {
  name: string
  arguments: string
}

export class RepeatWatch {
  readonly #turns = new Map<string, number>()

  /**
   * Records the calls of one turn.
   *
   * @param calls calls of the turn; duplicates within a turn count once
   * @param edits number of edits before the turn: after an edit, repeating a call is useful
   * @returns the first call that exceeds the limit
   */
  see(calls: readonly Call[], edits: number): Call | undefined {
    const keys = new Map(calls.map((call) => [`${edits} ${call.name} ${call.arguments}`, call]))
    let repeated: Call | undefined
    for (const [key, call] of keys) {
      const turns = (this.#turns.get(key) ?? 0) + 1
      this.#turns.set(key, turns)
      if (turns > MAX_TURNS_WITH_SAME_CALL) repeated ??= call
    }
    return repeated
  }
}
