// A copy-on-write state: it is changed event by event, while whoever holds the state before sees no change.
import type { BaselineCommit } from './events.ts'
import type { State } from './known.ts'

/** A state that is being changed. Each collection is copied before its first change; the state before keeps its own. */
export class Draft {
  readonly state: State
  readonly #copied = new Set<keyof State>()

  constructor(state: State) {
    this.state = { ...state }
  }

  set(fields: Partial<State>): void {
    Object.assign(this.state, fields)
  }

  map<Key extends keyof State>(
    key: Key,
  ): State[Key] extends ReadonlyMap<infer K, infer V> ? Map<K, V> : never {
    if (!this.#copied.has(key)) this.set({ [key]: new Map(this.state[key] as ReadonlyMap<unknown, unknown>) })
    this.#copied.add(key)
    return this.state[key] as never
  }

  list(key: 'baselines'): BaselineCommit[] {
    if (!this.#copied.has(key)) this.set({ [key]: [...this.state[key]] })
    this.#copied.add(key)
    return this.state[key] as BaselineCommit[]
  }

  put(key: 'certifyRequests' | 'announced' | 'lostSince', value: string): void {
    if (!this.#copied.has(key)) this.set({ [key]: new Set(this.state[key]) })
    this.#copied.add(key)
    ;(this.state[key] as Set<string>).add(value)
  }
}
