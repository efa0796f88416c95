// Removes a folder that code of others has written to.
import { rm } from 'node:fs/promises'
import { execa } from 'execa'

/**
 * Removes what a candidate could write, however it made it: folders closed to ourselves, or nested deeper than a path
 * can name. `fs.rm` is quick, but gives up on both.
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
