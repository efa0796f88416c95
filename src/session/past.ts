// Lets a proposer look up earlier candidates: the current ledger, and changes from git objects.
import { PastSearch, pastDiff, pastLog, unarchivedIdeas } from '../core/propose/past.ts'
import type { ArchivedIdea } from '../core/record/archived-ideas.ts'
import { unifiedDiff } from '../core/text/diff.ts'
import type { Past } from '../ports/proposer.ts'
import type { Session } from './session.ts'

export function openPast(session: Session): Past {
  return {
    async search(query) {
      const search = new PastSearch(session.state, query)
      for await (const ideas of session.readArchive()) search.add([...ideas])
      return search.answer()
    },
    async read(id, part) {
      const idea = await findIdea(session, id)
      if (!idea) return undefined
      const { candidate } = idea
      if (part === 'log') return pastLog(idea)
      // The branch of an ended candidate may be deleted, and its commit with it. That is an answer, not an error.
      const changes = await session.ports.repository
        .changes(candidate.base, candidate.head)
        .catch(() => undefined)
      return changes && pastDiff(candidate, changes.map(unifiedDiff).join('\n'))
    },
  }
}

async function findIdea(session: Session, id: string): Promise<ArchivedIdea | undefined> {
  const isIt = ({ candidate }: ArchivedIdea) => candidate.id === id
  const present = unarchivedIdeas(session.state).find(isIt)
  if (present) return present
  for await (const ideas of session.readArchive()) {
    for (const idea of ideas) if (isIt(idea)) return idea
  }
  return undefined
}
