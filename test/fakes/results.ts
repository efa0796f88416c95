// The files in which train jobs left their results, in memory.
import type { TrialResult } from '../../src/core/record/trial.ts'
import type { ResultFile, Results } from '../../src/ports/trainer.ts'

export class FakeResults implements Results {
  readonly files: ResultFile[] = []

  constructor(...results: TrialResult[]) {
    for (const result of results) this.files.push({ name: result.trial.id, kind: 'result', result })
  }

  async read(): Promise<ResultFile[]> {
    return [...this.files]
  }
}
