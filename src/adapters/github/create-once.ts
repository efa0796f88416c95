// Creates things on GitHub at most once, although answers get lost and reads lag behind writes.
import { means } from './answers.ts'
import type { GitHub } from './client.ts'
import { LAG_SECONDS } from './repeat.ts'

/** Pauses between looks after a creation whose answer was lost, or that found the thing there already. */
const LOOK_PAUSES = [2, 3, 4, 5]
const MAX_CREATIONS = 3

interface Once<T> {
  /** What is created, such as `check <head> <name>`: this connection creates it once and remembers it. */
  key: string
  find: () => Promise<T | undefined>
  create: () => Promise<T>
  /** Nobody can have created it before this call, so there is nothing to look for. */
  isNew?: boolean | undefined
}

export async function createOnce<T>(
  github: GitHub,
  { key, find, create, isNew = false }: Once<T>,
): Promise<T> {
  const { memory } = github
  const known = memory.get<T>(key) ?? (isNew ? undefined : await findOlder(github, find))
  if (known !== undefined) return memory.keep(key, known)
  for (let creation = 1; ; creation += 1) {
    try {
      return memory.keep(key, await create())
    } catch (error) {
      if (!means(error, 'lost', 'exists')) throw error
      const found = await lookFor(github, find)
      if (found !== undefined) return memory.keep(key, found)
      if (creation === MAX_CREATIONS || means(error, 'exists')) throw error
    }
  }
}

/** Looks for what an earlier job may have created just before it was killed: reads may not show that when this job starts. */
async function findOlder<T>(github: GitHub, find: () => Promise<T | undefined>): Promise<T | undefined> {
  const found = await find()
  const left = LAG_SECONDS - github.time.seconds()
  if (found !== undefined || left <= 0) return found
  await github.time.pause(left)
  return find()
}

async function lookFor<T>(github: GitHub, find: () => Promise<T | undefined>): Promise<T | undefined> {
  for (const seconds of LOOK_PAUSES) {
    await github.time.pause(seconds)
    const found = await find()
    if (found !== undefined) return found
  }
  return undefined
}
