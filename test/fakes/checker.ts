// Quick checks in memory: pass on a given baseline, and repeat what they were given.
import type { Checker } from '../../src/ports/proposer.ts'

export class FakeChecker implements Checker {
  readonly #base: string

  /** @param base the only commit on which checks pass */
  constructor(base: string) {
    this.#base = base
  }

  async check(...[{ checks }, base, files]: Parameters<Checker['check']>) {
    return { passed: base === this.#base, text: `${checks} ${[...files.values()]}` }
  }
}
