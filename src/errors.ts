// The errors this project throws on purpose. Each says what went wrong and what a person can do about it.

/** A failure that a person can fix. The action prints its message and hint, never a stack trace. */
export class UserFacingError extends Error {
  /** The next action, as an imperative sentence. */
  readonly hint: string

  constructor(message: string, options: { hint: string; cause?: unknown }) {
    super(message, { cause: options.cause })
    this.name = new.target.name
    this.hint = options.hint
  }
}

/** An input or a configuration value is missing or invalid. */
export class ConfigError extends UserFacingError {}

/** GitHub or the git remote refused, and retrying will not help: a setting, a permission or a rule forbids it. */
export class ForgeError extends UserFacingError {}

/** The ledger is missing, damaged or rewritten. Nothing is merged until a person has fixed it. */
export class LedgerError extends UserFacingError {}

/** A person moved or deleted a branch that a push was to move; nothing of the push happened. */
export class BranchMovedError extends UserFacingError {}

/** Another job works on the repository, so this one must not. */
export class BusyError extends UserFacingError {}

/** No proposer can work until a person fixes something, so there are no candidates. */
export class ProposerError extends UserFacingError {}

/** The baseline itself fails to train, so no candidate can be compared with it. */
export class BaselineError extends UserFacingError {}
