// Most licences ask that their text goes wherever the code goes. Those of the bundled packages stand in a file beside it.
import { readdirSync, readFileSync } from 'node:fs'
import type { Plugin } from 'rolldown'
import { packageDirectory } from './package-directory.ts'

const FILE_NAME = 'licenses.txt'
const RULE = `\n${'-'.repeat(80)}\n\n`

export const licences: Plugin = {
  name: 'licences',
  generateBundle(_options, bundle) {
    const ids = Object.values(bundle).flatMap((one) => (one.type === 'chunk' ? Object.keys(one.modules) : []))
    const directories = new Set(ids.map(packageDirectory).filter((one) => one?.includes('/node_modules/')))
    const texts = [...directories].map((one) => licenceOf(one as string)).sort()
    this.emitFile({ type: 'asset', fileName: FILE_NAME, source: texts.join(RULE) })
  },
}

/** @throws Error when a package names no licence at all */
function licenceOf(directory: string): string {
  const { name, version, license } = JSON.parse(readFileSync(`${directory}/package.json`, 'utf8'))
  if (!license) throw new Error(`${name} ${version} names no licence: ask its authors, or do not bundle it`)
  const files = readdirSync(directory).filter((one) => /^(licen[cs]e|notice)/i.test(one))
  const text = files.sort().map((one) => readFileSync(`${directory}/${one}`, 'utf8').trim())
  return `${[`${name} ${version} (${license})`, ...text].join('\n\n')}\n`
}
