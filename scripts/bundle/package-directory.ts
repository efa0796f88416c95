const ROOT = new URL('../..', import.meta.url).pathname.replace(/\/$/, '')

/**
 * @param id path of a bundled module
 * @returns the folder of its package, or undefined for what the bundler itself adds
 */
export function packageDirectory(id: string): string | undefined {
  const inPackage = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id)
  if (inPackage) return inPackage[1]
  return id.startsWith(`${ROOT}/`) ? ROOT : undefined
}
