// Removes what a candidate could write.
import { rm } from 'node:fs/promises'
import { execa } from 'execa'

/**
 * Removes a folder however its contents were made: folders closed to ourselves, or nested deeper than a path can name.
 * `fs.rm` is quick, but gives up on both.
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
