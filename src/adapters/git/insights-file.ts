// `insights.md` on the ledger branch. People may edit it, so it is read again before every write.
import type { InsightsStore } from '../../ports/ledger.ts'
import type { GitContext } from './git.ts'
import { type LedgerFiles, ledgerFiles, type Tip, tooManyWriters } from './ledger-files.ts'

const FILE = 'insights.md'
const MAX_ATTEMPTS = 10

export function createInsightsFile(context: GitContext): InsightsStore {
  const files = ledgerFiles(context)
  return {
    read: () => files.exclusively(async () => readText(files, await files.fetch())),
    update: (edit) => files.exclusively(() => update(files, edit)),
  }
}

async function update(files: LedgerFiles, edit: (text: string | undefined) => string): Promise<void> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const tip = await files.fetch()
    if (tip.commit === null) return
    const present = await readText(files, tip)
    const text = edit(present)
    if (text === present) return
    const next = await files.commit(tip, new Map([[FILE, text]]), 'insights')
    if ((await files.push(tip, next, [])) === undefined) return
  }
  throw tooManyWriters(FILE, MAX_ATTEMPTS)
}

async function readText(files: LedgerFiles, { files: blobs }: Tip): Promise<string | undefined> {
  const blob = blobs.get(FILE)
  if (blob === undefined) return undefined
  const [content] = await files.read([blob])
  return content?.toString('utf8')
}
