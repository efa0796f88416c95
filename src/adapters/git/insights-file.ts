// `insights.md` on the ledger's branch: a text that people may edit, so it is read anew before every write.
import { LedgerError } from '../../errors.ts'
import type { InsightsStore } from '../../ports.ts'
import { type GitContext, readRemote, tryGit } from './git.ts'
import { commitFile, LEDGER_BRANCH } from './ledger-files.ts'

const FILE = 'insights.md'
const MAX_ATTEMPTS = 10

export function createInsightsFile(context: GitContext): InsightsStore {
  return {
    read: async () => {
      const commit = await fetchLedger(context)
      return commit === undefined ? undefined : readText(context, commit)
    },
    update: async (edit) => {
      for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
        const commit = await fetchLedger(context)
        if (commit === undefined) return
        const present = await readText(context, commit)
        const text = edit(present)
        if (text === present || (await pushText(context, commit, text))) return
      }
      throw new LedgerError(`${FILE} could not be written in ${MAX_ATTEMPTS} attempts`, {
        hint: `Another process keeps writing to ${LEDGER_BRANCH}: start fewer jobs at once.`,
      })
    },
  }
}

/** The tip of the branch, with its files; undefined before there is a ledger. */
async function fetchLedger(context: GitContext): Promise<string | undefined> {
  const ref = `refs/heads/${LEDGER_BRANCH}`
  const commit = (await readRemote(context, ['ls-remote', context.remoteUrl, ref])).split('\t')[0]
  if (!commit) return undefined
  await readRemote(context, ['fetch', '--quiet', '--no-tags', '--depth=1', context.remoteUrl, commit])
  return commit
}

async function readText(context: GitContext, commit: string): Promise<string | undefined> {
  const text = await tryGit(context, ['cat-file', 'blob', `${commit}:${FILE}`], { trim: false })
  return typeof text === 'string' ? text : undefined
}

/** False when someone else wrote to the branch meanwhile. */
async function pushText(context: GitContext, parent: string, text: string): Promise<boolean> {
  const commit = await commitFile(context, parent, { name: FILE, text, message: 'insights' })
  const pushed = await tryGit(context, [
    'push',
    '--quiet',
    `--force-with-lease=refs/heads/${LEDGER_BRANCH}:${parent}`,
    context.remoteUrl,
    `${commit}:refs/heads/${LEDGER_BRANCH}`,
  ])
  return typeof pushed === 'string'
}
