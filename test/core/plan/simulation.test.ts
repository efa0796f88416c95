// The whole loop on a world made of numbers: scheduler, judge and state drive a fake forge and a fake device until
// nothing is left to do. What must hold however the three lanes interleave and whatever people do meanwhile.

import { describe, expect, it } from 'vitest'
import { decideCertification } from '../../../src/core/certify/certify.ts'
import { type CertifyPolicy, HOLD_Z } from '../../../src/core/certify/opinion.ts'
import { dueAa } from '../../../src/core/judge/aa.ts'
import type { Conditions } from '../../../src/core/judge/evidence.ts'
import { isCurrent } from '../../../src/core/plan/merging.ts'
import { decide, planTrials, waitingCandidates } from '../../../src/core/plan/schedule.ts'
import { planSteps, type Step } from '../../../src/core/plan/steps.ts'
import {
  type Candidate,
  type CandidateEnd,
  isAa,
  isIdea,
  revertedMerge,
} from '../../../src/core/record/candidate.ts'
import { isRefuted } from '../../../src/core/record/certification.ts'
import { LEDGER_FORMAT, type LedgerEvent } from '../../../src/core/record/events.ts'
import { pastIdeas } from '../../../src/core/record/ideas.ts'
import { appendEvents, parseLedger } from '../../../src/core/record/ledger.ts'
import { candidateMergedAs } from '../../../src/core/record/merges.ts'
import {
  type BaselineCommit,
  openCandidates,
  replay,
  type State,
  selectNews,
} from '../../../src/core/record/state.ts'
import { isToBeMerged } from '../../../src/core/record/status.ts'
import type { Trial, TrialResult } from '../../../src/core/record/trial.ts'
import { isJudgeTrial } from '../../../src/core/trial/protocol.ts'
import { checkResult } from '../../../src/core/trial/trust.ts'
import {
  aaOrigin,
  aCandidate,
  aRandom,
  aTrialResult,
  CONDITIONS,
  gaussian,
  POLICY,
  revertOrigin,
  sha,
} from '../../factories.ts'

const SIGMA = 0.01
const MAX_TURNS = 3000

interface World {
  /** Candidates proposed in all. */
  candidates: number
  /** Standard deviation of their true effects; 0 makes every one of them worthless. */
  spread: number
  /** How often, per turn, a person pushes to the baseline or closes a pull request. */
  meddling?: number
  /** The turn at which the machine is replaced by another. */
  newTestbedAt?: number
  /** Share of candidates that crash. */
  crashes?: number
  /** Merges after which they are certified. */
  certifyEvery?: number
  /** Ideas between two A/A candidates. */
  aaEvery?: number
}

/** Code is the set of changes it contains; what it is worth is the sum of their effects. */
class Simulation {
  events: LedgerEvent[] = []
  conditions: Conditions & { testbed: string } = CONDITIONS
  turns = 0
  readonly trained: Trial[] = []
  readonly #world: World
  readonly #random: () => number
  readonly #changes = new Map<string, readonly string[]>()
  readonly #effects = new Map<string, number>()
  #running: Trial | undefined

  constructor(seed: number, world: World) {
    this.#world = world
    this.#random = aRandom(seed)
    const baseline = this.#commit('baseline', [])
    this.record(
      { kind: 'started', rootSeed: `${seed}`, format: LEDGER_FORMAT },
      { kind: 'baseline', ...baseline, cause: 'started' },
    )
  }

  get state(): State {
    return replay(this.events)
  }

  record(...events: LedgerEvent[]): void {
    this.events.push(...selectNews(this.state, events))
    for (;;) {
      const decisions = decideCertification(this.state, this.certification)
      if (decisions.length === 0) break
      this.events.push(...decisions)
    }
    this.events.push(...decide(this.state, this.conditions, POLICY))
  }

  get certification(): CertifyPolicy {
    const { certifyEvery: every = 0 } = this.#world
    return { direction: 'minimize', runs: 4, every, holdZ: HOLD_Z, conditions: this.conditions }
  }

  /** Lets one lane after the other take a turn, at random, until none has anything to do. */
  run(): void {
    while (this.turns < MAX_TURNS) {
      this.turns += 1
      if (this.turns === this.#world.newTestbedAt) this.conditions = { ...CONDITIONS, testbed: 'another GPU' }
      if (this.#random() < (this.#world.meddling ?? 0)) this.#meddle()
      const lanes = [this.#finish(), this.#begin(), this.#step(), this.#propose()].filter(
        (lane) => lane !== undefined,
      )
      if (lanes.length === 0) return
      lanes[Math.floor(this.#random() * lanes.length)]?.()
    }
  }

  /** True effect of a tree, in the metric: below 0 is better. */
  effectOf(tree: string): number {
    const changes = this.#changes.get(tree) ?? []
    return changes.reduce((sum, change) => sum + (this.#effects.get(change) ?? 0), 0)
  }

  #commit(name: string, changes: readonly string[]): BaselineCommit {
    const tree = sha(`tree of ${[...changes].sort()}`)
    this.#changes.set(tree, changes)
    return { commit: sha(`${name} ${this.events.length}`), tree }
  }

  #begin(): (() => void) | undefined {
    const [trial] = planTrials(this.state, this.conditions, POLICY, this.certification)
    if (!trial || this.#running) return undefined
    return () => {
      this.#running = trial
    }
  }

  #finish(): (() => void) | undefined {
    const trial = this.#running
    if (!trial) return undefined
    return () => {
      this.#running = undefined
      this.trained.push(trial)
      const result = this.#train(trial)
      const demands = {
        hash: this.conditions.config,
        trust: 'self-reported',
        sandboxKind: 'bubblewrap',
      } as const
      if (checkResult(this.state, result, demands) === undefined) this.record({ kind: 'trial', result })
    }
  }

  #train(trial: Trial): TrialResult {
    const { value: _, outcome: __, ...made } = { ...aTrialResult(), ...this.conditions, trial }
    const crashes = (this.#changes.get(trial.tree) ?? []).some((change) => change.startsWith('crash'))
    if (crashes) return { ...made, outcome: 'crashed', reason: 'exit code 1' }
    const value = 2.5 + this.effectOf(trial.tree) + SIGMA * gaussian(aRandom(trial.seed))
    return { ...made, outcome: 'measured', value }
  }

  #propose(): (() => void) | undefined {
    const { state } = this
    const { baseline } = state
    const ideas = pastIdeas(state).length
    if (!baseline || ideas >= this.#world.candidates || waitingCandidates(state).length >= 2) return undefined
    return () => {
      const aa = dueAa(state, this.#world.aaEvery ?? 0)
      if (aa === undefined) this.#proposeIdea(baseline)
      else this.#proposeAa(baseline, aa)
    }
  }

  #proposeIdea(baseline: BaselineCommit): void {
    const kind = this.#random() < (this.#world.crashes ?? 0) ? 'crash' : 'change'
    const change = `${kind} ${this.state.candidates.size}`
    this.#effects.set(change, this.#world.spread * gaussian(this.#random))
    const { commit, tree } = this.#commit(change, [...(this.#changes.get(baseline.tree) ?? []), change])
    const candidate = aCandidate({ name: change, base: baseline.commit, head: commit, tree })
    this.record({ kind: 'proposed', candidate })
  }

  #proposeAa({ commit: base, tree }: BaselineCommit, aa: number): void {
    const name = `aa ${aa}`
    const made = this.#commit(name, [...(this.#changes.get(tree) ?? []), name])
    const candidate = aCandidate({ name, base, head: made.commit, tree: made.tree, origin: aaOrigin(aa) })
    this.record({ kind: 'proposed', candidate })
  }

  #step(): (() => void) | undefined {
    const [step] = planSteps(this.state)
    return step && (() => this.#perform(step))
  }

  #perform(step: Step): void {
    if (step.kind === 'announce') {
      const { from, to } = step.certification
      this.record({ kind: 'announced', from, to })
    } else if (step.kind === 'revert') this.#revert(step.undoing.merge)
    else this.#settle(step)
  }

  #settle({ kind, candidate, ...step }: Extract<Step, { candidate: Candidate }>): void {
    if (kind === 'open')
      this.record({ kind: 'opened', candidate: candidate.id, pullRequest: this.events.length })
    else if ('onto' in step) this.#rebase(candidate, step.onto)
    else if (isToBeMerged(candidate)) this.#merge(candidate)
    else this.#end(candidate, { kind: 'closed' })
  }

  #revert(to: string): void {
    const { baseline } = this.state
    const own = this.#ownChange(candidateMergedAs(this.state, to))
    const changes = this.#changes.get(baseline?.tree ?? '') ?? []
    const [blocked, gone] = [this.#random() < 0.1, !changes.includes(own)]
    if (!baseline || blocked || gone) {
      this.record({ kind: 'not-reverted', commit: to, reason: blocked ? 'conflict' : 'gone' })
      return
    }
    const name = `revert of ${own}`
    const kept = changes.filter((change) => change !== own)
    const { commit: head, tree } = this.#commit(name, kept)
    const candidate = aCandidate({ name, base: baseline.commit, head, tree, origin: revertOrigin(to) })
    this.record({ kind: 'proposed', candidate })
  }

  #ownChange(candidate: Candidate | undefined): string {
    return candidate?.title.slice('Try '.length) ?? ''
  }

  #merge(candidate: Candidate): void {
    const commit = sha(`merge of ${candidate.head}`)
    this.#end(candidate, { kind: 'merged', commit, asTrained: true })
    this.record({ kind: 'baseline', commit, tree: candidate.tree, cause: 'merged' })
  }

  #rebase(candidate: Candidate, onto: BaselineCommit): void {
    const own = this.#ownChange(candidate)
    const onBase = this.#changes.get(onto.tree) ?? []
    const undone = this.#ownChange(candidateMergedAs(this.state, revertedMerge(candidate) ?? ''))
    const changes = revertedMerge(candidate) ? onBase.filter((change) => change !== undone) : [...onBase, own]
    if (this.#random() < 0.2 || changes.length === onBase.length) {
      const verdict = { kind: 'reject', reason: 'conflicts', runs: { candidate: 0, baseline: 0 } } as const
      this.record({ kind: 'judged', candidate: candidate.id, head: candidate.head, verdict })
    } else {
      const { commit, tree } = this.#commit(own, changes)
      this.record({ kind: 'rebased', candidate: candidate.id, base: onto.commit, head: commit, tree })
    }
  }

  #end({ id }: Candidate, end: CandidateEnd): void {
    this.record({ kind: 'ended', candidate: id, end })
  }

  #meddle(): void {
    const open = openCandidates(this.state)
    const victim = open[Math.floor(this.#random() * open.length)]
    const kind = this.#random()
    const [earlier] = this.state.baselines
    const pushed = `push ${this.events.length}`
    if (victim && kind < 0.5) this.#end(victim, { kind: 'withdrawn', reason: 'a person closed it' })
    else if (earlier && kind < 0.6) this.record({ kind: 'baseline', ...earlier, cause: 'pushed' })
    else this.record({ kind: 'baseline', ...this.#commit(pushed, [pushed]), cause: 'pushed' })
  }
}

function simulate(seed: number, world: World): Simulation {
  const simulation = new Simulation(seed, world)
  simulation.run()
  return simulation
}

const WORLDS: [string, World][] = [
  ['good and bad ideas', { candidates: 12, spread: 0.02 }],
  ['ideas without effect', { candidates: 12, spread: 0 }],
  ['many winners at once', { candidates: 12, spread: 0.2 }],
  ['ideas that crash', { candidates: 12, spread: 0.02, crashes: 0.5 }],
  ['people who meddle', { candidates: 12, spread: 0.03, meddling: 0.03 }],
  ['a machine that is replaced', { candidates: 12, spread: 0.03, newTestbedAt: 60 }],
  ['merges that are certified', { candidates: 12, spread: 0.02, certifyEvery: 3 }],
  [
    'everything at once',
    {
      candidates: 16,
      spread: 0.02,
      certifyEvery: 2,
      aaEvery: 4,
      meddling: 0.02,
      newTestbedAt: 200,
      crashes: 0.1,
    },
  ],
]
const SEEDS = Array.from({ length: 12 }, (_, seed) => seed)

describe.each(WORLDS)('a world of %s', (_, world) => {
  const simulations = SEEDS.map((seed) => simulate(seed, world))

  it('comes to an end', () => {
    for (const { turns } of simulations) expect(turns).toBeLessThan(MAX_TURNS)
  })

  it('settles every candidate', () => {
    for (const { state } of simulations) {
      expect(pastIdeas(state)).toHaveLength(world.candidates)
      expect(openCandidates(state)).toEqual([])
    }
  })

  it('trains no trial twice', () => {
    for (const { trained } of simulations)
      expect(new Set(trained.map(({ id }) => id)).size).toBe(trained.length)
  })

  it('merges only what was accepted on at least two runs, and never a crash', () => {
    expect(simulations).not.toEqual([])
    for (const { state } of simulations)
      for (const { end, verdict, title } of [...state.candidates.values()].filter(isIdea))
        if (end?.kind === 'merged') {
          expect(verdict?.kind).toBe('merge')
          expect(verdict?.runs.candidate).toBeGreaterThanOrEqual(2)
          expect(verdict?.risk).toBeLessThanOrEqual(POLICY.mergeRisk)
          expect(title).not.toContain('crash')
        }
  })

  it('merges no candidate that changes nothing', () => {
    expect(simulations).not.toEqual([])
    for (const { state } of simulations)
      for (const { end } of [...state.candidates.values()].filter(isAa)) expect(end?.kind).not.toBe('merged')
  })

  it('judges no candidate on a run that certifies, and certifies with none that judged', () => {
    for (const { state } of simulations) {
      const runs = [...state.trials.values()].map(({ trial }) => trial)
      const [fresh, seen] = [runs.filter((trial) => !isJudgeTrial(trial)), runs.filter(isJudgeTrial)]
      const seeds = new Set(seen.map(({ tree, seed }) => `${tree} ${seed}`))
      expect(fresh.filter(({ tree, seed }) => seeds.has(`${tree} ${seed}`))).toEqual([])
    }
  })

  it('undoes only what was refuted, each merge once', () => {
    for (const { state } of simulations) {
      const refuted = [...state.certifications.values()].filter(isRefuted).map(({ to }) => to)
      const undone = [...state.candidates.values()].flatMap((one) => revertedMerge(one) ?? [])
      expect(refuted).toEqual(expect.arrayContaining(undone))
      expect(new Set(undone).size).toBe(undone.length)
    }
  })

  it('F18 F43 merges only onto the baseline that the candidate was measured against', () => {
    expect(simulations).not.toEqual([])
    for (const { events } of simulations)
      for (const [index, event] of events.entries())
        if (event.kind === 'ended' && event.end.kind === 'merged') {
          const before = replay(events.slice(0, index))
          const candidate = before.candidates.get(event.candidate)
          expect(candidate && isCurrent(candidate, before)).toBe(true)
        }
  })

  it('has the same state when its ledger is written, read and replayed', () => {
    for (const { events, state } of simulations) {
      const parsed = parseLedger(appendEvents('', events, new Date(0)))
      expect(parsed.kind === 'ledger' && replay(parsed.events)).toEqual(state)
    }
  })

  it('gives every verdict again when the ledger up to it is replayed', () => {
    for (const { events, conditions } of simulations.slice(0, 3))
      for (const [index, event] of events.entries()) {
        if (event.kind !== 'judged' || event.verdict.reason === 'conflicts') continue
        // Those of one moment were decided together, and one testbed may have followed another.
        const from = events.slice(0, index).findLastIndex(({ kind }) => kind !== 'judged') + 1
        const starts = Array.from({ length: index - from + 1 }, (_, ahead) => events.slice(0, from + ahead))
        const again = starts.flatMap((known) =>
          [CONDITIONS, conditions].flatMap((where) => decide(replay(known), where, POLICY)),
        )
        expect(again).toContainEqual(event)
      }
  })

  it('F40 says nothing new when it resumes', () => {
    for (const { events, state, conditions, certification } of simulations) {
      expect(
        selectNews(
          state,
          events.filter(({ kind }) => kind !== 'baseline'),
        ),
      ).toEqual([])
      expect(decide(state, conditions, POLICY)).toEqual([])
      expect(decideCertification(state, certification)).toEqual([])
      expect(planSteps(state)).toEqual([])
    }
  })
})

describe('what comes of it', () => {
  const many = Array.from({ length: 40 }, (_, seed) => seed + 100)
  const merged = ({ state }: Simulation) =>
    [...state.candidates.values()].filter(({ end }) => end?.kind === 'merged')
  const finalEffect = (simulation: Simulation) => simulation.effectOf(simulation.state.baseline?.tree ?? '')

  it('good ideas make the baseline better', () => {
    const effects = many.map((seed) => finalEffect(simulate(seed, { candidates: 15, spread: 0.03 })))
    expect(effects.filter((effect) => effect < -SIGMA).length).toBeGreaterThanOrEqual(36)
    expect(Math.max(...effects)).toBeLessThan(SIGMA)
  })

  const withoutEffect = many.map((seed) => simulate(seed, { candidates: 15, spread: 0 }))

  it('ideas without effect are hardly ever merged', () => {
    const falseMerges = withoutEffect.reduce((sum, simulation) => sum + merged(simulation).length, 0)
    expect(falseMerges / (many.length * 15)).toBeLessThan(0.03)
  })

  it('ideas without effect cost little more than one run each', () => {
    const runs = withoutEffect.flatMap(({ trained }) => trained).filter(({ candidate }) => candidate !== null)
    expect(runs.length / (many.length * 15)).toBeLessThan(1.4)
  })
})
