/**
 * Whole nights of research on a loopback GitHub where everything goes wrong: `npm run chaos -- --seeds 20`.
 * A violation prints its seed, which plays the same troubles again.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { violationsOf } from './invariants.ts'
import { type Form, Night } from './night.ts'

const { values } = parseArgs({
  options: {
    /** How many nights. */
    seeds: { type: 'string' },
    /** Of the first night. */
    seed: { type: 'string' },
    form: { type: 'string' },
    calm: { type: 'boolean', default: false },
  },
})
const first = Number(values.seed ?? 1)
const count = Number(values.seeds ?? (values.seed === undefined ? 10 : 1))
if (!Number.isInteger(first) || !Number.isInteger(count) || count < 1)
  throw new Error('Usage: npm run chaos -- [--seeds COUNT] [--seed FIRST] [--form run|jobs]')

/** Odd seeds play the command `run`, even ones the three jobs. */
function formOf(seed: number): Form {
  if (values.form === 'run' || values.form === 'jobs') return values.form
  return seed % 2 === 1 ? 'run' : 'jobs'
}

/** What to read when a night went wrong. */
async function keep({ seed, jobs, troubles, people }: Night, violations: readonly string[]): Promise<string> {
  const folder = resolve('out/chaos')
  await mkdir(folder, { recursive: true })
  const logs = jobs.map(
    ({ name, exitCode, killed, log }) => `## ${name}: ${killed ? 'killed' : exitCode}\n${log}\n`,
  )
  const path = join(folder, `${seed}.txt`)
  const parts = [
    '# Violations',
    ...violations,
    '# Troubles',
    ...troubles,
    '# People',
    ...people.acts,
    '# Jobs',
    ...logs,
  ]
  await writeFile(path, parts.join('\n'))
  return path
}

async function play(seed: number): Promise<boolean> {
  const begin = performance.now()
  await using night = await Night.begin(seed, formOf(seed), values.calm)
  await night.play()
  const violations = await violationsOf(night)
  const { jobs, troubles, people, form } = night
  const killed = jobs.filter((job) => job.killed).length
  const seconds = ((performance.now() - begin) / 1000).toFixed(1)
  const acts = people.acts.length > 0 ? `, people: ${people.acts.join(', ')}` : ''
  console.log(
    `${violations.length === 0 ? 'ok  ' : 'FAIL'} seed ${seed} (${form}): ${jobs.length} jobs, ${killed} killed, ${troubles.length} troubles${acts}; ${seconds} s`,
  )
  if (violations.length === 0) return true
  for (const violation of violations) console.log(`     ${violation}`)
  console.log(`     again: npm run chaos -- --seed ${seed}; logs: ${await keep(night, violations)}`)
  return false
}

let failed = 0
for (let seed = first; seed < first + count; seed += 1) if (!(await play(seed))) failed += 1
console.log(`${count} nights, ${failed} with violations`)
process.exit(failed === 0 ? 0 : 1)
