// Every bench as people start it, with the least work it can be given.
import { join } from 'node:path'
import { execa } from 'execa'
import { describe, expect, it } from 'vitest'
import { SKIP } from '../adapters/sandbox-lab.ts'

const ROOT = join(import.meta.dirname, '../..')

interface Bench {
  name: string
  file: string
  args: readonly string[]
  /** Nothing it prints depends on the machine, apart from the times it measures. */
  repeats: boolean
}

const BENCHES: readonly Bench[] = [
  { name: 'search', file: 'search.ts', args: ['--trials', '20', '--runs', '12'], repeats: true },
  { name: 'brief', file: 'brief.ts', args: ['--experiments', '10', '--experiments', '20'], repeats: true },
  {
    name: 'decide',
    file: 'decide/main.ts',
    args: ['--replay', 'bench/replay/softcap.csv', '--world', 'base', '--world', 'late research'],
    repeats: true,
  },
  { name: 'cuts', file: 'cuts.ts', args: ['--configurations', '3'], repeats: true },
  { name: 'ladder', file: 'ladder.ts', args: ['--members', '3', '--promotions', '1'], repeats: true },
  { name: 'swarm', file: 'swarm.ts', args: ['--devices', '2', '--hours', '1'], repeats: true },
  {
    name: 'overhead',
    file: 'overhead.ts',
    args: [
      ...['--slots', '2', '--candidates', '1', '--trial-seconds', '1', '--sandbox', 'none'],
      ...['--idea-milliseconds', '10', '--second-milliseconds', '20'],
    ],
    repeats: false,
  },
  { name: 'ledger', file: 'ledger.ts', args: ['--experiments', '20'], repeats: false },
  { name: 'sandbox', file: 'sandbox.ts', args: [], repeats: false },
  { name: 'start', file: 'start.ts', args: ['--command', 'judge'], repeats: false },
]
/** Measured in milliseconds, and so never twice the same. */
const TIME = /Ms$|Milliseconds$/

function start({ file }: Bench, args: readonly string[]) {
  return execa(process.execPath, [join('bench', file), ...args], { cwd: ROOT, reject: false })
}

async function measure(bench: Bench, seed: string) {
  const shared = ['--repetitions', '1', '--seed', seed, '--json']
  const { exitCode, stdout, stderr } = await start(bench, [...bench.args, ...shared])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  return stdout
}

function withoutTimes(json: string): unknown {
  return JSON.parse(json, (key, value: unknown) => (TIME.test(key) ? undefined : value))
}

describe.each(BENCHES)('bench:$name', (bench) => {
  const needsSandbox = bench.name === 'sandbox'

  const findings = bench.repeats
    ? 'prints one JSON document of finite numbers, the same for the same seed'
    : 'prints one JSON document of finite numbers'
  it.skipIf(needsSandbox && SKIP)(findings, async () => {
    const json = await measure(bench, '3')
    expect(JSON.parse(json)).toMatchObject({ bench: bench.name, repetitions: 1, seed: 3 })
    expect(json).not.toMatch(/NaN|Infinity/)
    if (bench.repeats) expect(withoutTimes(await measure(bench, '3'))).toEqual(withoutTimes(json))
  })

  it('refuses an option that it does not know', async () => {
    const { exitCode, stdout, stderr } = await start(bench, ['--repetition', '1'])
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).toBe(
      `bench:${bench.name}: Unknown option '--repetition'\n→ See the options: npm run bench:${bench.name} -- --help`,
    )
  })
})

it('bench:nanogpt says what it needs', async () => {
  const { exitCode, stderr } = await execa(process.execPath, ['bench/nanogpt/main.ts'], {
    cwd: ROOT,
    reject: false,
  })
  expect(exitCode).toBe(2)
  expect(stderr).toContain('bench:nanogpt: --clone is missing\n→ Clone karpathy/nanoGPT')
})

it('refuses fewer than one repetition', async () => {
  const { exitCode, stderr } = await execa(process.execPath, ['bench/search.ts', '--repetitions', '0'], {
    cwd: ROOT,
    reject: false,
  })
  expect(exitCode).toBe(2)
  expect(stderr).toContain('--repetitions: expected a whole number of at least 1, found "0"')
})
