// The store on its branch as most of its tests use it: one text that is read whole, and edits that add to its end.
import type { GitContext } from '../../src/adapters/git/git.ts'
import { createLedgerBranch } from '../../src/adapters/git/ledger-branch.ts'
import type { BranchUpdate } from '../../src/ports/repository.ts'

export function textLedger(context: GitContext) {
  const store = createLedgerBranch(context)
  let text = ''
  return {
    store,
    async read(): Promise<string | undefined> {
      const stored = await store.read()
      text = ''
      if (!stored) return undefined
      for await (const part of stored.parts('start')) text += part
      return text
    },
    /** @returns the text that is now on the remote */
    async update(edit: (text: string) => string, branches: readonly BranchUpdate[], message: string) {
      let lines = ''
      const compose = (unread: string) => {
        text += unread
        lines = edit(text).slice(text.length)
        return { lines, curves: '' }
      }
      await store.append(compose, branches, message)
      text += lines
      return text
    },
  }
}
