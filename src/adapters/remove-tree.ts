// Removes folders that candidate code could write to.
import { rm } from 'node:fs/promises'
import { execa } from 'execa'

/**
 * Removes a folder, including subfolders without permissions and subfolders nested deeper than the maximum path length.
 * `fs.rm` is fast but fails on both.
 */
export async function removeTree(path: string): Promise<void> {
  const isGone = await rm(path, { recursive: true, force: true }).then(
    () => true,
    () => false,
  )
  if (isGone) return
  await execa('chmod', ['-R', 'u+rwX', '--', path], { reject: false, stdio: 'ignore' })
  await execa('rm', ['-rf', '--', path], { stdio: 'ignore' })
}
