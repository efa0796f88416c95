// The files of this action that a job reads while it runs: recipes and workflow templates, beside `dist/`.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { RECIPE_NAMES, type RecipeFiles } from '../core/init/recipes.ts'

export function readTemplate(actionDirectory: string): Promise<string> {
  return readFile(join(actionDirectory, 'templates', 'solo.yml'), 'utf8')
}

export async function readRecipes(actionDirectory: string): Promise<ReadonlyMap<string, RecipeFiles>> {
  const entries = RECIPE_NAMES.map(async (name) => {
    const read = (file: string) => readFile(join(actionDirectory, 'recipes', name, file), 'utf8')
    const [config, program] = await Promise.all([read('autoresearch.yml'), read('program.md')])
    const { program: programPath } = parse(config)
    return [name, { config, program, programPath: String(programPath) }] as const
  })
  return new Map(await Promise.all(entries))
}
