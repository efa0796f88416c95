import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { describe, expect, test } from 'vitest'
import { readBoundedFile } from '../../src/adapters/trainer/bounded-file.ts'
import { aDirectory } from '../scaffold.ts'

async function aFile(content: string) {
  const path = join(await aDirectory(), 'file')
  await writeFile(path, content)
  return path
}

describe('reading a file that may be hostile', () => {
  test('a regular file is read, up to the cap and not a byte beyond', async () => {
    const path = await aFile('größe')
    expect(await readBoundedFile(path, 7)).toBe('größe')
    expect(await readBoundedFile(path, 6)).toBeUndefined()
    expect(await readBoundedFile(await aFile(''), 0)).toBe('')
  })

  test('what does not exist is undefined', async () => {
    expect(await readBoundedFile(join(await aDirectory(), 'none'), 10)).toBeUndefined()
  })

  test('F62 a link is not followed', async () => {
    const path = await aFile('secret')
    await symlink(path, `${path}-link`)
    expect(await readBoundedFile(`${path}-link`, 10)).toBeUndefined()
  })

  test('F62 a FIFO without a writer does not make us wait', async () => {
    const path = join(await aDirectory(), 'fifo')
    await execa('mkfifo', [path])
    expect(await readBoundedFile(path, 10)).toBeUndefined()
  })

  test('F62 a directory and a device are no files', async () => {
    const path = join(await aDirectory(), 'directory')
    await mkdir(path)
    expect(await readBoundedFile(path, 10)).toBeUndefined()
    expect(await readBoundedFile('/dev/zero', 10)).toBeUndefined()
  })

  test('F62 ten gigabytes are not read', async () => {
    const path = await aFile('')
    await truncate(path, 10 * 1024 ** 3)
    expect(await readBoundedFile(path, 1024)).toBeUndefined()
  })

  test('a file that claims to be empty and is not is cut off at the cap', async () => {
    // Files of /proc say that they have no bytes, as would one that grows while it is read.
    expect(await readBoundedFile('/proc/cpuinfo', 5)).toBeUndefined()
  })
})
