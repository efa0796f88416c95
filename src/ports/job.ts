// The time and the log of the job.

export interface Clock {
  now(): Date
  /** Seconds since an arbitrary start; never decreases. */
  monotonicSeconds(): number
  /** Resolves after this time, or immediately when aborted. */
  pause(seconds: number, signal: AbortSignal): Promise<void>
}

/** The job log, for the person who watches it. */
export interface Log {
  info(message: string): void
  warn(message: string): void
}
