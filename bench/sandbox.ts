// What the sandbox costs a trial: runs nothing, alternately with and without it. Usage: `node bench/sandbox.ts [runs]`.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Sandbox } from '../src/adapters/sandbox/request.ts'
import { openSandbox } from '../src/adapters/sandbox/sandbox.ts'

const TARGET_MILLISECONDS = 100
const runs = Number(process.argv[2] ?? 50)
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

const times: Record<Sandbox['level'], number[]> = { bubblewrap: [], none: [] }
for (let run = 0; run < runs; run += 1)
  for (const sandbox of [none, sandboxed]) times[sandbox.level].push(await once(sandbox))
rmSync(folder, { recursive: true })

const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * share)] ?? Number.NaN
const rounded = (value: number): number => Math.round(value * 10) / 10
const rows = Object.entries(times).map(([level, values]) => ({
  level,
  medianMilliseconds: rounded(quantile(values, 0.5)),
  p90Milliseconds: rounded(quantile(values, 0.9)),
}))
const overheadMilliseconds = rounded(quantile(times.bubblewrap, 0.5) - quantile(times.none, 0.5))

console.log(sandboxed.description)
console.table(rows)
const summary = { runs, openMilliseconds: rounded(openMilliseconds), overheadMilliseconds, rows }
console.log(JSON.stringify({ ...summary, withinTarget: overheadMilliseconds <= TARGET_MILLISECONDS }))
