// The only errors this project throws on purpose: what happened, and what a person can do about it.

/** A failure that a person can act on. `main` prints its message and hint, never a stack trace. */
export class UserFacingError extends Error {
  /** The next action, as an imperative sentence. */
  readonly hint: string

  constructor(message: string, options: { hint: string; cause?: unknown }) {
    super(message, { cause: options.cause })
    this.name = new.target.name
    this.hint = options.hint
  }
}

/** An input of the action or a line of the configuration is missing or wrong. */
export class ConfigError extends UserFacingError {}

/** GitHub refused, and retrying will not help: a setting, a permission or a rule is in the way. */
export class ForgeError extends UserFacingError {}

/** The ledger is missing, torn or rewritten; nothing is merged until a person has looked. */
export class LedgerError extends UserFacingError {}

/** No proposer can be asked before a person has mended something, so nothing is tried. */
export class ProposerError extends UserFacingError {}

/** The baseline itself does not train, so nothing can be compared with it. */
export class BaselineError extends UserFacingError {}
