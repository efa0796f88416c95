// A device in memory: a run is what the code is worth, plus noise that follows from the trial's seed.
import type { Trial, TrialResult } from '../../src/core/record/trial.ts'
import type { Trainer } from '../../src/ports/trainer.ts'
import { aRandom, aTrialResult, CONDITIONS, gaussian } from '../factories.ts'
import { Fuse } from './fuse.ts'
import type { FakeRepository } from './repository.ts'

interface Device {
  sigma: number
  /** What a file's text is worth in a trial. Default: the number that it is. */
  worth?: (text: string, trial: Trial) => number
  /** The hash of the configuration that a trial runs under. */
  hash: (trial: Trial) => string
  fuse?: Fuse
}

export class FakeTrainer implements Trainer {
  readonly testbed = CONDITIONS.testbed
  readonly slots: number = 1
  readonly trained: Trial[] = []
  readonly #repository: FakeRepository
  readonly #device: Device
  readonly #fuse: Fuse

  constructor(repository: FakeRepository, device: Device) {
    this.#repository = repository
    this.#device = device
    this.#fuse = device.fuse ?? new Fuse()
  }

  run(trial: Trial): Promise<TrialResult> {
    return this.#fuse.effect(() => {
      this.trained.push(trial)
      const value = 2.5 + this.#worthOf(trial) + this.#device.sigma * gaussian(aRandom(trial.seed))
      return { ...aTrialResult({ value }), trial, config: this.#device.hash(trial), trust: 'evaluated' }
    })
  }

  /** The sum of the numbers in its files, without those under `.github/`. */
  #worthOf(trial: Trial): number {
    const { worth = Number } = this.#device
    const source = [...this.#repository.filesOf(trial.head)].filter(([path]) => !path.startsWith('.github/'))
    return source.reduce((sum, [, text]) => sum + worth(text, trial), 0)
  }
}
