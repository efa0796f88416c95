// Finds and removes the job's own secrets in what a candidate printed.

const REDACTED = '***'
/** Shorter ones are found by chance. */
const MIN_SECRET_CHARACTERS = 8

/** What a name says of a secret: `GITHUB_TOKEN`, `AWS_SECRET_ACCESS_KEY`, `HF_TOKEN`; not `TOKENIZERS_PARALLELISM`. */
const SECRET_NAME = /(TOKEN|SECRET|PASSWORD|PASSPHRASE|CREDENTIALS|_KEY)$/i

/** The values of all variables that are secrets by their name: the runner's own tokens, and whatever else a job was given. */
export function secretValues(environment: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(environment).flatMap(([name, value]) =>
    value !== undefined && SECRET_NAME.test(name) ? [value] : [],
  )
}

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
