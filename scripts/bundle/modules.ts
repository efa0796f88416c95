// What the bundle is made of: every module that is in it, and the package that it comes from.
import { readFileSync } from 'node:fs'
import { rolldown } from 'rolldown'
import { minifySync } from 'rolldown/utils'
import config, { MINIFY } from '../../rolldown.config.ts'
import { packageDirectory } from './package-directory.ts'

export interface BundledModule {
  /** `zod`, or the name of this package for our own. */
  package: string
  version: string
  /** Folder of the package; two copies of one package have two. */
  directory: string
  /** Without white space, as it is in the bundle. */
  bytes: number
}

/** Builds the bundle in memory. */
export async function bundledModules(): Promise<{ modules: BundledModule[]; bytes: number }> {
  const { output: outputOptions, ...inputOptions } = config
  if (Array.isArray(outputOptions)) throw new Error('rolldown.config.ts has several outputs')
  const build = await rolldown(inputOptions)
  const { output } = await build.generate(outputOptions)
  await build.close()
  const chunks = output.filter((one) => one.type === 'chunk')
  const modules = chunks.flatMap((chunk) =>
    Object.entries(chunk.modules).flatMap(([id, { code }]) => toModule(id, code ?? '')),
  )
  return { modules, bytes: chunks.reduce((sum, { code }) => sum + Buffer.byteLength(code), 0) }
}

function toModule(id: string, code: string): BundledModule[] {
  const directory = packageDirectory(id)
  if (directory === undefined) return []
  const { name, version } = JSON.parse(readFileSync(`${directory}/package.json`, 'utf8'))
  const { code: small } = minifySync(id, code, MINIFY)
  return [{ package: name, version, directory, bytes: Buffer.byteLength(small) }]
}

/** Packages of which there are several copies, with the folder of each. */
export function copies(
  modules: readonly Pick<BundledModule, 'package' | 'directory'>[],
): Map<string, readonly string[]> {
  const directories = Map.groupBy(modules, (module) => module.package)
  const all = [...directories].map(
    ([name, group]) => [name, [...new Set(group.map(({ directory }) => directory))]] as const,
  )
  return new Map(all.filter(([, places]) => places.length > 1))
}
