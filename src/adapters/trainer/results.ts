// Reads the results that train jobs uploaded as artifacts. All of it is untrusted: candidate code ran on the same machine.
import { readdir } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { TRIAL_FILE, trialResultSchema } from '../../core/record/trial.ts'
import { visibleText } from '../../core/text/markdown.ts'
import type { ResultFile, Results } from '../../ports/trainer.ts'
import { readBoundedFile } from './bounded-file.ts'

const MAX_RESULT_BYTES = 256 * 1024
/** The deepest layout is `results/<artifact>/<trial>/trial.json`. */
const MAX_DEPTH = 3
/** A batch has at most 100 trials; the limit keeps one artifact from crowding out the others. */
const MAX_FILES_PER_ARTIFACT = 100

/** Reads every result file below `directory`, in a stable order. */
export function createResults(directory: string): Results {
  return {
    async read() {
      const found = (await findTrialFiles(directory, '', MAX_DEPTH)).sort()
      const artifacts = Map.groupBy(found, (name) => name.split(sep)[0])
      const names = [...artifacts.values()].flatMap((files) => files.slice(0, MAX_FILES_PER_ARTIFACT))
      const results: ResultFile[] = []
      // Sequentially, because a thousand open files would exceed the limit on file descriptors.
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
      // Links are never followed; a link with the right name is reported as unreadable.
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
    // The message may quote the untrusted file.
    const problem = visibleText(`${issue?.path.join('.')}: ${issue?.message}`, 300)
    return { name, kind: 'unreadable', problem }
  } catch {
    return { name, kind: 'unreadable', problem: 'it is not JSON' }
  }
}
