// Lets a proposer look up earlier candidates: the current ledger, and changes from git objects.
import { pastDiff, pastLog, searchPast } from '../core/propose/past.ts'
import { pastIdeas } from '../core/record/ideas.ts'
import { unifiedDiff } from '../core/text/diff.ts'
import type { Past } from '../ports.ts'
import type { Session } from './session.ts'

export function openPast(session: Session): Past {
  return {
    search: (query) => searchPast(session.state, query),
    async read(id, part) {
      if (part === 'log') return pastLog(session.state, id)
      const candidate = pastIdeas(session.state).find((idea) => idea.id === id)
      if (!candidate) return undefined
      // The branch of an ended candidate may be deleted, and its commit with it. That is an answer, not an error.
      const changes = await session.ports.repository
        .changes(candidate.base, candidate.head)
        .catch(() => undefined)
      return changes && pastDiff(candidate, changes.map(unifiedDiff).join('\n'))
    },
  }
}
