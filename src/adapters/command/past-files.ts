// The folder in which an agent reads about past candidates: what a model looks up with its tools.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PastQuery } from '../../core/propose/past.ts'
import type { Past } from '../../ports/proposer.ts'

const LISTS: readonly (readonly [string, PastQuery])[] = [
  ['Best', { effect: 'better' }],
  ['Newest', {}],
  ['Failed', { effect: 'failed' }],
]
/** Candidates of each list that have a file of their own; each costs a look into git. */
const MAX_FILES = 6

/** Writes `index.md` with the lists, and `<id>.md` with the change and the output of the first candidates of each. */
export async function writePast(directory: string, past: Past): Promise<void> {
  await mkdir(directory)
  const index: string[] = []
  const ids = new Set<string>()
  for (const [title, query] of LISTS) {
    const found = await past.search(query)
    index.push(`# ${title}\n\n${found.text}`)
    for (const id of found.ids.slice(0, MAX_FILES)) ids.add(id)
  }
  await writeFile(join(directory, 'index.md'), `${index.join('\n\n')}\n`)
  for (const id of ids) {
    const parts = [await past.read(id, 'diff'), await past.read(id, 'log')].filter(
      (part) => part !== undefined,
    )
    if (parts.length > 0) await writeFile(join(directory, `${id}.md`), `${parts.join('\n\n')}\n`)
  }
}
