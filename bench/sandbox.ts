// What the sandbox costs a trial: runs `true` with and without it, in turn.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Sandbox } from '../src/adapters/sandbox/request.ts'
import { openSandbox } from '../src/adapters/sandbox/sandbox.ts'
import { aRandom } from '../test/factories.ts'
import { readArguments } from './arguments.ts'
import { median, quantile, round } from './numbers.ts'
import { Output } from './output.ts'

const TARGET_MILLISECONDS = 100
const options = readArguments({
  name: 'sandbox',
  measures: 'What the sandbox costs a trial: the time of a command that does nothing, with and without it.',
  repetitions: 50,
  repetitionIs: 'pairs of a run with and a run without the sandbox',
  seed: 1,
  seedDecides: 'which run of each pair comes first',
  options: {},
})
const folder = mkdtempSync(join(tmpdir(), 'bench-sandbox-'))
const [source, out] = [join(folder, 'source'), join(folder, 'out')]
for (const path of [source, out]) mkdirSync(path)

const opening = performance.now()
const sandboxed = await openSandbox('bubblewrap')
const openMilliseconds = performance.now() - opening
const none = await openSandbox('none')

async function once(sandbox: Sandbox): Promise<number> {
  const begun = performance.now()
  const { code } = await sandbox.run({
    command: 'true',
    places: { source, out },
    outWritable: true,
    environment: { PATH: process.env.PATH ?? '/usr/bin:/bin' },
    timeoutSeconds: 60,
    caps: { outBytes: 1e9, memoryBytes: 4e9, processes: 1024 },
    read: [],
    onOutput: () => {},
    signal: new AbortController().signal,
  })
  if (code !== 0) throw new Error(`\`true\` ended with ${code}`)
  return performance.now() - begun
}

const random = aRandom(options.seed)
const times: Record<Sandbox['level'], number[]> = { bubblewrap: [], none: [] }
for (let repetition = 0; repetition < options.repetitions; repetition += 1) {
  const pair = random() < 0.5 ? [none, sandboxed] : [sandboxed, none]
  for (const sandbox of pair) times[sandbox.level].push(await once(sandbox))
}
rmSync(folder, { recursive: true })

const rows = Object.entries(times).map(([level, values]) => ({
  level,
  medianMilliseconds: round(median(values), 1),
  p90Milliseconds: round(quantile(values, 0.9), 1),
}))
const overhead = (median(times.bubblewrap) ?? 0) - (median(times.none) ?? 0)

const output = new Output('sandbox', options)
output.fact('sandbox', sandboxed.description)
output.table('rows', 'Time of one run', rows)
output.fact('openMilliseconds', round(openMilliseconds, 1))
output.fact('overheadMilliseconds', round(overhead, 1))
output.fact('withinTarget', overhead <= TARGET_MILLISECONDS)
output.end()
