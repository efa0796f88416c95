// A log that remembers what it is told.
import type { Log } from '../../src/ports/job.ts'

export class FakeLog implements Log {
  /** Everything, in order. */
  readonly lines: string[] = []
  readonly infos: string[] = []
  readonly warnings: string[] = []

  info(message: string): void {
    this.lines.push(message)
    this.infos.push(message)
  }

  warn(message: string): void {
    this.lines.push(message)
    this.warnings.push(message)
  }
}
