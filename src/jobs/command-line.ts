// `node dist/index.js init` and `doctor` in a clone, for a person at a terminal.
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { describeClone } from '../adapters/git/clone.ts'
import { createRepository } from '../adapters/git/repository.ts'
import { readExisting, writeNewFiles } from '../adapters/new-files.ts'
import { prepare } from '../commands/init.ts'
import { WORKFLOW_PATH } from '../core/init/files.ts'
import { describeInit, initJson } from '../core/init/onboarding.ts'
import { ConfigError } from '../errors.ts'
import { initSettings } from './init.ts'

const USAGE = 'node …/dist/index.js init|doctor [--json] [--config .github/autoresearch.yml]'

/** @param words the arguments after the program */
export default async function commandLine(words: readonly string[]): Promise<void> {
  const { command, json, config } = readArguments(words)
  if (command === 'init') return initHere(config, json)
  throw new ConfigError(`unknown command ${JSON.stringify(command)}`, { hint: `Usage: ${USAGE}` })
}

function readArguments(words: readonly string[]): { command: string; json: boolean; config: string } {
  try {
    const { values, positionals } = parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        config: { type: 'string', default: '.github/autoresearch.yml' },
      },
    })
    return { command: positionals.join(' '), ...values }
  } catch (error) {
    throw new ConfigError(error instanceof Error ? error.message : String(error), { hint: `Usage: ${USAGE}` })
  }
}

async function initHere(configPath: string, json: boolean): Promise<void> {
  const { directory, commit, remoteUrl = '' } = await describeClone(process.cwd())
  const files = await createRepository({ directory, remoteUrl }).readFiles(commit)
  const settings = await initSettings(configPath, process.env)
  const here = ['program.md', configPath, WORKFLOW_PATH, '.github/autoresearch-program.md']
  const prepared = prepare(new Map([...files, ...(await readExisting(directory, here))]), settings)
  const { added } = prepared.files
  const paths = [...added.keys()].join(' ')
  const doctor = `node ${join(process.argv[1] ?? 'dist/index.js')} doctor`
  const next =
    added.size === 0 ? doctor : `git add ${paths} && git commit -m "Set up Autoresearch Action" && ${doctor}`
  if (!json) await writeNewFiles(directory, added)
  const text = json
    ? JSON.stringify(initJson(prepared.plan, prepared.files, next), null, 2)
    : describeInit(prepared.plan, prepared.files, next)
  process.stdout.write(`${text}\n`)
}
