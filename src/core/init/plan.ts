// What `init` concluded about a repository, whichever rule recognised it.
import type { Evidence } from './layout.ts'

/** A conclusion with the places it was drawn from. */
export interface Finding {
  /** For example `prints the metric`. */
  what: string
  evidence: Evidence
}

export interface InitPlan {
  /** Name of the recipe or of the general rule, for people: `karpathy/nanoGPT`, `a PyTorch script`. */
  recognised: string
  /** Folder in `recipes/`; absent for a general rule. */
  recipe?: string
  /** Where the training job runs: `gpu` and `processor` on the user's own machine, `hosted` on GitHub's. */
  machine: 'gpu' | 'processor' | 'hosted'
  findings: readonly Finding[]
  /** What was assumed without evidence: sentences. */
  assumed: readonly string[]
  /** What a person should check before the first run: sentences. */
  check: readonly string[]
  /** What a person has to fill in before anything can run: sentences. */
  missing: readonly string[]
  /** Text of the configuration. */
  config: string
  /** Path and text of the directions for proposers. */
  program: { path: string; text: string }
}
