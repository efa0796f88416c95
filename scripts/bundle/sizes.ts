/** Prints what each package costs in the bundle as a markdown table, for `docs/dependencies.md`: `npm run bundle:sizes`. */
import { bundledModules } from './modules.ts'

const { modules, bytes } = await bundledModules()
const packages = [...Map.groupBy(modules, (module) => `${module.package} ${module.version}`)]
  .map(([name, group]) => ({ name, bytes: group.reduce((sum, module) => sum + module.bytes, 0) }))
  .sort((a, b) => b.bytes - a.bytes)
const format = (count: number) => count.toLocaleString('en-US')

console.log('| package | bytes |\n|---|---:|')
for (const one of packages) console.log(`| \`${one.name}\` | ${format(one.bytes)} |`)
const rest = bytes - packages.reduce((sum, one) => sum + one.bytes, 0)
console.log(`| imports and exports between the files | ${format(rest)} |`)
console.log(`| **all** | **${format(bytes)}** |`)
