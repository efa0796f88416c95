// Notices an agent that goes in circles: the same call on the same files, turn after turn.

/** Turns in which a call may be made on the same files; in one more the conversation ends. */
const MAX_TURNS_WITH_SAME_CALL = 2

export interface Call {
  name: string
  arguments: string
}

export class RepeatWatch {
  readonly #turns = new Map<string, number>()

  /**
   * @param calls of one turn; a call that is made twice in it counts once
   * @param edits how often files were changed before it: what was read then is worth reading again
   * @returns the call that is made once too often
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
