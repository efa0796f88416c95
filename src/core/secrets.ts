// Finds and removes the job's own secrets in what a candidate printed.

const REDACTED = '***'
/** Shorter ones are found by chance. */
const MIN_SECRET_CHARACTERS = 8

/** Follows output piece by piece and notices a secret in it, also one that lies across two pieces. */
export class SecretWatch {
  readonly #secrets: readonly string[]
  #tail = ''
  #found = false

  constructor(secrets: readonly string[]) {
    this.#secrets = secrets.filter((secret) => secret.length >= MIN_SECRET_CHARACTERS)
  }

  get found(): boolean {
    return this.#found
  }

  push(text: string): void {
    const seen = this.#tail + text
    this.#found ||= this.#secrets.some((secret) => seen.includes(secret))
    const longest = Math.max(0, ...this.#secrets.map((secret) => secret.length - 1))
    this.#tail = longest === 0 ? '' : seen.slice(-longest)
  }

  redact(text: string): string {
    return this.#secrets.reduce((rest, secret) => rest.replaceAll(secret, REDACTED), text)
  }
}
