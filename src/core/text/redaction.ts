// Finds and removes the job's own secrets in candidate output.

const REDACTED = '***'
/** Shorter values occur in output by chance. */
const MIN_SECRET_CHARACTERS = 8

/** Names of variables that hold secrets: `GITHUB_TOKEN`, `AWS_SECRET_ACCESS_KEY`, `HF_TOKEN`; not `TOKENIZERS_PARALLELISM`. */
const SECRET_NAME = /(TOKEN|SECRET|PASSWORD|PASSPHRASE|CREDENTIALS|_KEY)$/i

/** The values of all variables whose names mark them as secrets, including the runner's own tokens. */
export function secretValues(environment: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(environment).flatMap(([name, value]) =>
    value !== undefined && SECRET_NAME.test(name) ? [value] : [],
  )
}

/** Watches output in chunks and detects a secret, even one that spans several chunks. */
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
