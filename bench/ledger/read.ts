// Opens a ledger in a process of its own, plans, records and reports, and prints what each took as JSON.
// Usage: `node bench/ledger/read.ts REMOTE CLONE`.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { createLedgerBranch } from '../../src/adapters/git/ledger-branch.ts'
import { dueCheckpoint } from '../../src/core/judge/checkpoint.ts'
import { decide, planTrials } from '../../src/core/plan/schedule.ts'
import { explainRepetition } from '../../src/core/propose/novelty.ts'
import { headlines } from '../../src/core/report/headlines.ts'
import { renderPage } from '../../src/core/report/page.ts'
import { buildReport, renderReport } from '../../src/core/report/report.ts'
import { Journal } from '../../src/session/journal.ts'
import { aCandidate, aConfig, aTrialResult, CONDITIONS, POLICY } from '../../test/factories.ts'

/** Experiments that are recorded: a proposal and its run each. */
const RECORDED = 5

const [remoteUrl = '', directory = ''] = process.argv.slice(2)
const times: Record<string, number> = {}

async function timed<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  const started = performance.now()
  const result = await work()
  times[name] = (times[name] ?? 0) + (performance.now() - started) / 1000
  return result
}

function remoteBytes(): number {
  const output = execFileSync('git', ['count-objects', '-v'], {
    cwd: fileURLToPath(remoteUrl),
    encoding: 'utf8',
  })
  const sizes = [...output.matchAll(/^size(?:-pack)?: (\d+)$/gm)].map(([, size]) => 1024 * Number(size))
  return sizes.reduce((sum, size) => sum + size, 0)
}

const context = { directory, remoteUrl }
const clock = {
  now: () => new Date('2026-06-01T00:00:00Z'),
  monotonicSeconds: () => 0,
  pause: async () => {},
}
const journal = await timed('open', () => Journal.open(createLedgerBranch(context), clock))
journal.writeCheckpointsWhen((state) => dueCheckpoint(state, 'minimize'))
const policy = POLICY
await timed('plan', () => planTrials(journal.state, CONDITIONS, policy))

const bytesBefore = remoteBytes()
const { baseline } = journal.state
for (let index = 0; index < RECORDED; index += 1) {
  // Another candidate in each process: one that the ledger knows already would not be recorded.
  const candidate = aCandidate({ name: `${directory} ${index}`, ...(baseline && { base: baseline.commit }) })
  const curve = Array.from({ length: 100 }, (_, step) => ({ step, value: 2.5 + 1 / (step + 1) }))
  for (const event of [
    { kind: 'proposed', candidate },
    { kind: 'trial', result: { ...aTrialResult({ candidate, value: 2.5 }), curve } },
  ] as const) {
    await timed('record', () => {
      journal.record([event])
      journal.record(decide(journal.state, CONDITIONS, policy))
    })
    await timed('push', () => journal.flushed())
  }
}
const config = aConfig()
await timed('report', () => {
  const report = buildReport(journal.state, CONDITIONS, config)
  return [renderReport(report), renderPage(report), JSON.stringify(headlines(report))]
})

const peakMiB = process.resourceUsage().maxRSS / 1024
await timed('propose', async () => {
  const archived = await journal.archivedIdeas()
  const change = {
    path: 'train.py',
    mode: '100644',
    before: 'a = 1\n',
    after: 'a = 1\nb = warm(x, 2)\n',
  } as const
  return explainRepetition(journal.state, [change], { similarity: 0.8, retryAfterMerges: 5 }, [], archived)
})

// The same work at every call, to compare machines and their load.
const text = JSON.stringify(Array.from({ length: 50_000 }, (_, index) => ({ index, value: index / 7 })))
await timed('reference', () =>
  createHash('sha256')
    .update(JSON.stringify(JSON.parse(text)))
    .digest('hex'),
)

console.log(
  JSON.stringify({
    proposeSeconds: times.propose,
    referenceSeconds: times.reference,
    proposeMiB: process.resourceUsage().maxRSS / 1024,
    openSeconds: times.open,
    planSeconds: times.plan,
    recordSeconds: (times.record ?? 0) / (2 * RECORDED),
    pushSeconds: (times.push ?? 0) / (2 * RECORDED),
    reportSeconds: times.report,
    addedBytes: (remoteBytes() - bytesBefore) / RECORDED,
    peakMiB,
  }),
)
