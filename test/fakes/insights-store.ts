// The insights' branch in memory.
import type { InsightsStore } from '../../src/ports/ledger.ts'

export class FakeInsightsStore implements InsightsStore {
  text: string | undefined

  constructor(text?: string) {
    this.text = text
  }

  async read() {
    return this.text
  }

  async update(edit: (text: string | undefined) => string) {
    this.text = edit(this.text)
  }
}
