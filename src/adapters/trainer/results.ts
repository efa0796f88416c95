// Finds the results that train jobs left as artifacts. Everything in there is hostile: candidate code ran beside it.
import { readdir } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { TRIAL_FILE, trialResultSchema } from '../../core/record/trial.ts'
import { visibleText } from '../../core/text/markdown.ts'
import type { ResultFile, Results } from '../../ports.ts'
import { readBoundedFile } from './bounded-file.ts'

const MAX_RESULT_BYTES = 256 * 1024
/** `results/<artifact>/<trial>/trial.json` is as deep as it gets. */
const MAX_DEPTH = 3
/** One artifact cannot crowd out the others: a batch has at most 100 trials. */
const MAX_FILES_PER_ARTIFACT = 100

/** @returns every file of the expected name below `directory`, in a stable order */
export function createResults(directory: string): Results {
  return {
    async read() {
      const found = (await findTrialFiles(directory, '', MAX_DEPTH)).sort()
      const artifacts = Map.groupBy(found, (name) => name.split(sep)[0])
      const names = [...artifacts.values()].flatMap((files) => files.slice(0, MAX_FILES_PER_ARTIFACT))
      const results: ResultFile[] = []
      // One after the other: a thousand at once would run out of file descriptors.
      for (const name of names) results.push(await readResult(directory, name))
      return results
    },
  }
}

async function findTrialFiles(root: string, below: string, depth: number): Promise<string[]> {
  const entries = await readdir(join(root, below), { withFileTypes: true }).catch(() => [])
  const found = await Promise.all(
    entries.map(async (entry) => {
      const name = join(below, entry.name)
      // A link is neither a directory nor followed; under the right name it is reported as unreadable.
      if (entry.isDirectory()) return depth > 0 ? findTrialFiles(root, name, depth - 1) : []
      return entry.name === TRIAL_FILE ? [name] : []
    }),
  )
  return found.flat()
}

async function readResult(directory: string, name: string): Promise<ResultFile> {
  const text = await readBoundedFile(join(directory, name), MAX_RESULT_BYTES)
  if (text === undefined)
    return {
      name,
      kind: 'unreadable',
      problem: `it is not a regular file of at most ${MAX_RESULT_BYTES} bytes`,
    }
  try {
    const parsed = trialResultSchema.safeParse(JSON.parse(text))
    if (parsed.success)
      return {
        name,
        kind: 'result',
        result: parsed.data as Extract<ResultFile, { kind: 'result' }>['result'],
      }
    const [issue] = parsed.error.issues
    // It quotes the file.
    const problem = visibleText(`${issue?.path.join('.')}: ${issue?.message}`, 300)
    return { name, kind: 'unreadable', problem }
  } catch {
    return { name, kind: 'unreadable', problem: 'it is not JSON' }
  }
}
