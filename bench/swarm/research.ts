// The record and the rules of the action on a simulated world: what is proposed, planned, measured and decided. No rule is copied here.
import { decideCertification } from '../../src/core/certify/certify.ts'
import type { Config } from '../../src/core/config/config.ts'
import { dueCheckpoint } from '../../src/core/judge/checkpoint.ts'
import { hasMeasured } from '../../src/core/plan/broken-baseline.ts'
import { type Rules, rulesOf } from '../../src/core/plan/rules.ts'
import { decide, planTrials, startableTrials } from '../../src/core/plan/schedule.ts'
import { planSteps, type Step } from '../../src/core/plan/steps.ts'
import type { Candidate } from '../../src/core/record/candidate.ts'
import type { LedgerEvent } from '../../src/core/record/events.ts'
import { advance, replay, type State } from '../../src/core/record/state.ts'
import { isToBeClosed, isToBeMerged } from '../../src/core/record/status.ts'
import type { Trial } from '../../src/core/record/trial.ts'
import {
  aBaseline,
  aCandidate,
  aTrialResult,
  CONDITIONS,
  gaussian,
  ROOT_SEED,
  sha,
} from '../../test/factories.ts'
import { RICH, World } from '../decide/world.ts'

const SHA256 = '0'.repeat(64)

export class SimulatedResearch {
  state: State
  readonly #rules: Rules
  readonly #config: Config
  readonly #random: () => number
  readonly #world: World
  /** True loss of every tree, in units of the noise. */
  readonly #losses = new Map<string, number>()
  readonly #gains = new Map<string, number>()
  #names = 0
  readonly decisionMilliseconds: number[] = []

  constructor(config: Config, random: () => number, seed: number) {
    this.#rules = rulesOf(config, CONDITIONS.testbed)
    this.#random = random
    this.#config = config
    this.#world = new World(seed, RICH)
    const baseline = aBaseline()
    this.#losses.set(baseline.tree, 0)
    this.state = replay([
      { kind: 'started', rootSeed: ROOT_SEED, format: 2 },
      { kind: 'baseline', cause: 'started', ...baseline },
    ])
  }

  record(events: readonly LedgerEvent[]): void {
    this.state = advance(this.state, events)
    const due = dueCheckpoint(this.state, 'minimize')
    if (!due) return
    const last = this.state.archive.blocks.at(-1)?.file ?? 0
    const blocks = due.blocks.map((_, index) => ({ file: last + index + 1, hash: SHA256 }))
    this.state = advance(this.state, [{ kind: 'checkpoint', state: SHA256, ...due.checkpoint, blocks }])
  }

  /** Records what can be decided and returns the trials to start, most urgent first. Its time is measured. */
  plan(running: readonly Trial[]): Trial[] {
    const { conditions, policy, certification } = this.#rules
    const begin = performance.now()
    this.record(decideCertification(this.state, certification))
    this.record(decide(this.state, conditions, policy))
    const planned = planTrials(this.state, conditions, policy, certification, running)
    const trials = startableTrials(this.state, conditions, planned, running)
    this.decisionMilliseconds.push(performance.now() - begin)
    return trials
  }

  get steps(): Step[] {
    const mayOpen = hasMeasured(this.state, this.#rules.conditions)
    return planSteps(this.state, mayOpen, new Set(), this.#config.pullRequests)
  }

  propose(): void {
    const { baseline } = this.state
    if (!baseline) return
    const candidate = aCandidate({ name: `idea ${this.#names++}`, base: baseline.commit, addedLines: 3 })
    this.#gains.set(candidate.id, this.#world.propose().gain)
    this.#place(candidate.id, candidate.tree)
    this.record([{ kind: 'proposed', candidate }])
  }

  /** The candidate's tree is the baseline's with its change. */
  #place(id: string, tree: string): void {
    const base = this.#losses.get(this.state.baseline?.tree ?? '') ?? 0
    this.#losses.set(tree, base - (this.#gains.get(id) ?? 0))
  }

  measure(trial: Trial, wallSeconds: number): void {
    const value = 1000 + (this.#losses.get(trial.tree) ?? 0) + gaussian(this.#random)
    const config = this.#rules.conditions.config
    this.record([{ kind: 'trial', result: { ...aTrialResult({ value, wallSeconds }), trial, config } }])
  }

  lose(trial: Trial, run: string): void {
    this.record([
      { kind: 'assigned', run, command: 'run', trials: [trial.id] },
      { kind: 'lost', run, trials: [trial.id] },
    ])
  }

  isStale({ base, candidate }: Trial): boolean {
    return candidate !== null && base !== this.state.baseline?.commit
  }

  /** What a step on GitHub changes, once it is done. */
  perform(step: Step): void {
    if (step.kind !== 'announce' && step.kind !== 'revert') this.record(this.#outcomeOf(step))
  }

  #outcomeOf(step: Extract<Step, { candidate: Candidate }>): LedgerEvent[] {
    const { id, head, tree } = step.candidate
    if (step.kind === 'open') return [{ kind: 'opened', candidate: id, pullRequest: ++this.#names }]
    if (step.kind === 'rebase') {
      const replayed = { head: sha(`${head} again`), tree: sha(`${tree} again`) }
      this.#place(id, replayed.tree)
      return [{ kind: 'rebased', candidate: id, base: step.onto.commit, ...replayed }]
    }
    if (step.kind === 'settle' && isToBeMerged(step.candidate)) {
      const commit = sha(`merge of ${head}`)
      return [
        { kind: 'ended', candidate: id, end: { kind: 'merged', commit, asTrained: true } },
        { kind: 'baseline', cause: 'merged', commit, tree },
      ]
    }
    const reason = 'it waits for a person'
    const isClosed = step.kind === 'drop' || isToBeClosed(step.candidate)
    return [
      { kind: 'ended', candidate: id, end: isClosed ? { kind: 'closed' } : { kind: 'handed-over', reason } },
    ]
  }
}
