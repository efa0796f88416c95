/**
 * Whole nights of research on a loopback GitHub where everything goes wrong: `npm run chaos -- --seeds 20`.
 * A violation prints its seed, which plays the same troubles again.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { violationsOf } from './invariants.ts'
import { readEvents } from './ledger.ts'
import { type Form, Night, REPOSITORY } from './night.ts'

const USAGE = `Usage: npm run chaos -- [--seeds COUNT] [--seed FIRST] [--form run|jobs] [--calm]
  --seeds COUNT   nights; default: 10, or 1 with --seed
  --seed FIRST    seed of the first night; default: 1
  --form FORM     play only the command \`run\` or only the three jobs; default: both in turn
  --calm          nothing goes wrong`

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        seeds: { type: 'string' },
        seed: { type: 'string' },
        form: { type: 'string' },
        calm: { type: 'boolean', default: false },
      },
    })
    const [first, count] = [
      Number(values.seed ?? 1),
      Number(values.seeds ?? (values.seed === undefined ? 10 : 1)),
    ]
    const isForm = values.form === undefined || values.form === 'run' || values.form === 'jobs'
    if (Number.isInteger(first) && Number.isInteger(count) && count >= 1 && isForm)
      return { first, count, form: values.form as Form | undefined, calm: values.calm }
  } catch {
    // An unknown option.
  }
  console.error(USAGE)
  process.exit(2)
}

const { first, count, form: only, calm } = readOptions()

/** Odd seeds play the command `run`, even ones the three jobs. */
function formOf(seed: number): Form {
  return only ?? (seed % 2 === 1 ? 'run' : 'jobs')
}

/** What to read when a night went wrong. */
async function keep(night: Night, violations: readonly string[]): Promise<string> {
  const { seed, jobs, troubles, people, github } = night
  const folder = resolve('out/chaos')
  await mkdir(folder, { recursive: true })
  const logs = jobs.map(
    ({ name, exitCode, killed, log }) => `## ${name}: ${killed ? 'killed' : exitCode}\n${log}\n`,
  )
  const path = join(folder, `${seed}.txt`)
  const { pulls, gitDir } = github.repository(REPOSITORY)
  const shown = pulls.map(({ number, title, state, head, base, mergedBy, mergedAt, closedBy, closedAt }) =>
    JSON.stringify({ number, title, state, head, base, mergedBy, mergedAt, closedBy, closedAt }),
  )
  const events = ((await readEvents(gitDir)) ?? []).map((event) => JSON.stringify(event))
  const parts = [
    '# Violations',
    ...violations,
    '# Troubles',
    ...troubles,
    '# People',
    ...people.acts,
    '# Pull requests',
    ...shown,
    '# Ledger',
    ...events,
    '# Jobs',
    ...logs,
  ]
  await writeFile(path, parts.join('\n'))
  return path
}

async function play(seed: number): Promise<boolean> {
  const begin = performance.now()
  await using night = await Night.begin(seed, formOf(seed), calm)
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
