// How this job was started.

/** The inputs of the person who started the workflow; an empty text requests nothing. */
interface Dispatch {
  /** Id of this workflow run: a re-run has the same id and requests nothing new. */
  id: string
  hypothesis: string
  direction: string
}

export interface SessionSettings {
  /** Path of the configuration in the repository. */
  configPath: string
  /** Source of every trial's seed, used only in the first run. */
  rootSeed: string
  /** Whether to start a new ledger although the baseline branch already exists. */
  newLedger: boolean
  /** This machine, in jobs that train. */
  testbed: string | undefined
  /** Maximum number of new ideas in this job, in addition to the configuration's limit. */
  candidates: number | undefined
  /** Whether to certify all merges now, whatever `certify.every` says. */
  certify?: boolean
  /** Whether to promote all merges now, whatever `after` of the larger scales says. */
  promote?: boolean
  /** Page of this workflow run, linked from check runs. */
  runUrl: string | undefined
  dispatch?: Dispatch
}
