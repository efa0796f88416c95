// The package says what it needs: what its files import, in the versions that the repository has.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import root from '../../package.json' with { type: 'json' }
import own from './package.json' with { type: 'json' }

const HERE = import.meta.dirname

/** The packages that a file's imports name, without the folder inside them. */
function importsOf(file: string): string[] {
  const imported = readFileSync(join(HERE, file), 'utf8').matchAll(
    /^(?:import|export|\}) .*from '([^.'][^']*)'/gm,
  )
  return [...imported].map(([, name = '']) => /^(?:@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? name)
}

test('the dependencies are what the files import, in the versions of the repository', () => {
  const imported = globSync('**/*.ts', { cwd: HERE }).flatMap(importsOf)
  const names = [...new Set(imported)].filter((name) => !name.startsWith('node:')).sort()
  const versions: Record<string, string> = { ...root.dependencies, ...root.devDependencies }
  expect(own.dependencies).toEqual(Object.fromEntries(names.map((name) => [name, versions[name]])))
})

test('nothing outside the package is imported', () => {
  const outside = globSync('**/*.ts', { cwd: HERE }).filter((file) => {
    const up = '../'.repeat(file.split('/').length)
    return readFileSync(join(HERE, file), 'utf8').includes(`from '${up}`)
  })
  expect(outside.filter((file) => file !== 'package.test.ts')).toEqual([])
})
