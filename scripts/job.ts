/**
 * Runs one job of the built action against the loopback GitHub that `npm run github` started:
 *   npm run job -- CLONE-URL [--debug] [INPUT=VALUE …]
 * CLONE-URL is the address that `npm run github` prints after `git clone`. Inputs are those of action.yml. Everything that
 * the job leaves behind stays in out/jobs/; `--debug` also keeps the folder of every trial.
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { parse } from 'yaml'
import { startJob } from '../test/runner.ts'

const action: { inputs: Record<string, { default?: string }> } = parse(
  readFileSync(new URL('../action.yml', import.meta.url), 'utf8'),
)
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { debug: { type: 'boolean', default: false } },
})
const [address = '', ...assignments] = positionals
const url = URL.parse(address)
const given = assignments.map((assignment) => assignment.split(/=(.*)/s))
const unknown = given.find(([name = '', value]) => value === undefined || !(name in action.inputs))

if (url === null || unknown !== undefined) {
  const problem = url === null ? 'the clone URL is missing' : `${unknown?.[0]} is not an input of the action`
  console.error(`${problem}\nUsage: npm run job -- CLONE-URL [--debug] [INPUT=VALUE …]`)
  process.exit(2)
}

const token = decodeURIComponent(url.password)
const defaults = Object.entries(action.inputs).map(([name, input]) => [name, input.default ?? ''])
const job = await startJob({
  serverUrl: url.origin,
  apiUrl: `${url.origin}/api/v3`,
  repository: url.pathname.slice(1).replace(/\.git$/, ''),
  checkoutToken: token,
  inputs: { ...Object.fromEntries(defaults), token, ...Object.fromEntries(given) },
  directory: resolve('out/jobs'),
  toolCache: resolve('out/jobs/tool-cache'),
  debug: values.debug,
  onLine: (line) => console.log(line),
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.kill(job.pid, signal))
const { exitCode, outputs } = await job.finished
console.log(`\nFolder  ${job.directory}`)
for (const [name, value] of Object.entries(outputs)) console.log(`Output  ${name} = ${value}`)
process.exitCode = exitCode ?? 1
