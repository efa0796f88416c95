/**
 * Checks the layers of `src/`: every import points one way, and there is no circle between files or folders, types
 * included. Run by `npm run check`.
 */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

/** A folder may import only from folders on lines before its own. */
const LAYERS = [
  ['errors.ts', 'core/text', 'core/statistics'],
  ['core/record'],
  ['core/trial', 'core/gate'],
  ['core/sandbox', 'core/judge'],
  ['core/config'],
  ['core/certify'],
  ['core/ladder'],
  ['core/plan'],
  ['core/propose'],
  ['core/report'],
  ['core/init', 'core/doctor'],
  ['ports'],
  ['session', 'adapters'],
  ['commands'],
  ['jobs'],
  ['action.ts'],
  ['main.ts'],
]

const files = globSync('src/**/*.ts').sort()
const imports = new Map(files.map((file) => [file, importsOf(file)]))
const problems = [...wrongWays(), ...circles()]
for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exitCode = 1
else console.log(`${files.length} files: every import points one way, no circles`)

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8')
  const found = [...text.matchAll(/(?:from|import)[\s(]+'(\.{1,2}\/[^']+)'/g)]
  return found.map(([, path = '']) => normalize(join(dirname(file), path)))
}

/** `src/core/judge/noise.ts` is in layer `core/judge`, `src/main.ts` in `main.ts`. */
function layerOf(file: string): string {
  const [, first = '', second = ''] = file.split('/')
  return first === 'core' ? `core/${second}` : first
}

function heightOf(file: string): number {
  const height = LAYERS.findIndex((layer) => layer.includes(layerOf(file)))
  if (height === -1) throw new Error(`${file} is in no layer: add its folder to scripts/check-imports.ts`)
  return height
}

function wrongWays(): string[] {
  return files.flatMap((file) =>
    (imports.get(file) ?? [])
      .filter((target) => layerOf(target) !== layerOf(file) && heightOf(target) >= heightOf(file))
      .map((target) => `${file} may not import ${target}: ${layerOf(file)} is not above ${layerOf(target)}`),
  )
}

/** One circle for each file from which an import leads back to it. */
function circles(): string[] {
  const done = new Set<string>()
  const found: string[] = []
  const visit = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file)
    if (start !== -1) found.push(`circle: ${[...path.slice(start), file].join(' -> ')}`)
    if (start !== -1 || done.has(file)) return
    for (const target of imports.get(file) ?? []) visit(target, [...path, file])
    done.add(file)
  }
  for (const file of files) visit(file, [])
  return found
}
