// What a job found and created on GitHub, because reads may not show it for a while.

/** Values by key, kept for the whole job. */
export class Memory {
  readonly #known = new Map<string, unknown>()

  get<T>(key: string): T | undefined {
    return this.#known.get(key) as T | undefined
  }

  keep<T>(key: string, value: T): T {
    this.#known.set(key, value)
    return value
  }

  forget(key: string): void {
    this.#known.delete(key)
  }
}
