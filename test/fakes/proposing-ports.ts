// What a job that proposes needs besides its session, in memory.

import type { InsightsStore, Proposer } from '../../src/ports.ts'
import type { ProposingPorts } from '../../src/session/proposing.ts'
import { aRandom } from '../factories.ts'

export class MemoryInsights implements InsightsStore {
  text: string | undefined

  async read() {
    return this.text
  }

  async update(edit: (text: string | undefined) => string) {
    this.text = edit(this.text)
  }
}

export function proposingPorts(...proposers: Proposer[]): ProposingPorts {
  return { createProposers: () => proposers, insights: new MemoryInsights(), random: aRandom(1) }
}
