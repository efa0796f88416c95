import { mkdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { describe, expect, test } from 'vitest'
import { readBoundedFile, readBoundedFileIn } from '../../src/adapters/trainer/bounded-file.ts'
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

  test('F62 nor is one on the way to the file', async () => {
    const elsewhere = await aFile('secret')
    const directory = await aDirectory()
    await symlink(dirname(elsewhere), join(directory, 'linked'))
    await mkdir(join(directory, 'real'))
    await writeFile(join(directory, 'real/file'), 'honest')
    expect(await readBoundedFileIn(directory, 'linked/file', 10)).toBeUndefined()
    expect(await readBoundedFileIn(directory, 'none/file', 10)).toBeUndefined()
    expect(await readBoundedFileIn(directory, 'real/file', 10)).toBe('honest')
    await symlink(directory, `${elsewhere}-folder`)
    expect(await readBoundedFileIn(`${elsewhere}-folder`, 'real/file', 10)).toBe('honest')
  })

  test('F62 removed: whoever just reads follows both', async () => {
    const path = await aFile('secret')
    await symlink(path, `${path}-link`)
    await symlink(dirname(path), `${path}-folder`)
    expect(await readFile(`${path}-link`, 'utf8')).toBe('secret')
    expect(await readFile(join(`${path}-folder`, 'file'), 'utf8')).toBe('secret')
  })

  test('F62 removed: whoever just opens a FIFO gets what its writer likes, when he likes', async () => {
    const path = join(await aDirectory(), 'fifo')
    await execa('mkfifo', [path])
    const reading = readFile(path, 'utf8')
    await execa('sh', ['-c', 'echo late > "$0"', path])
    expect(await reading).toBe('late\n')
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
