// Lets a proposer look up earlier candidates: the current ledger, and changes from git objects.
import { pastDiff, pastLog, searchPast } from '../core/propose/past.ts'
import type { ArchivedIdea } from '../core/record/archived-ideas.ts'
import { pastIdeas } from '../core/record/ideas.ts'
import { unifiedDiff } from '../core/text/diff.ts'
import type { Past } from '../ports.ts'
import type { Session } from './session.ts'

/** @param archived every archived idea */
export function openPast(session: Session, archived: readonly ArchivedIdea[]): Past {
  return {
    search: (query) => searchPast(session.state, query, archived),
    async read(id, part) {
      if (part === 'log') return pastLog(session.state, id, archived)
      const ideas = pastIdeas(
        session.state,
        archived.map((one) => one.candidate),
      )
      const candidate = ideas.find((idea) => idea.id === id)
      if (!candidate) return undefined
      // The branch of an ended candidate may be deleted, and its commit with it. That is an answer, not an error.
      const changes = await session.ports.repository
        .changes(candidate.base, candidate.head)
        .catch(() => undefined)
      return changes && pastDiff(candidate, changes.map(unifiedDiff).join('\n'))
    },
  }
}
