// Devices, proposers and GitHub on a simulated clock, around the rules of the action.
import { countTrials, hasRoom, placesOf, queueDepth } from '../../src/core/plan/queue.ts'
import { waitingCandidates } from '../../src/core/plan/schedule.ts'
import type { Step } from '../../src/core/plan/steps.ts'
import { isToBeMerged } from '../../src/core/record/status.ts'
import type { Trial } from '../../src/core/record/trial.ts'
import type { SimulatedGitHub } from './github.ts'
import type { SimulatedResearch } from './research.ts'

export interface Fleet {
  devices: number
  proposers: number
  hours: number
  trialSeconds: number
  /** Time of a device around each trial. */
  overheadSeconds: number
  /** An idea takes half of it to one and a half times as long. */
  ideaSeconds: number
  /** Chance that a device's runner ends within an hour. */
  lossPerHour: number
  /** Until another runner takes its place: the start of a machine and of a job. */
  startSeconds: number
  /** Reads of the job for each write, as `bench:overhead` measures. */
  readsPerWrite: number
}

/** Why a device had nothing to do. */
export type Idle = 'baseline' | 'merge' | 'GitHub' | 'proposers' | 'lost runner'

interface Proposer {
  trials: number
  isSlow: boolean
}

/** Requests of the publishing code that create content. */
const WRITES: Record<Step['kind'], number> = {
  open: 2,
  settle: 3,
  drop: 0,
  rebase: 1,
  announce: 1,
  revert: 2,
}

function writesOf(step: Step): number {
  const isShown = !('candidate' in step) || step.kind === 'open' || step.candidate.pullRequest !== undefined
  return isShown ? WRITES[step.kind] : 0
}

export class FleetSimulation {
  now = 0
  busySeconds = 0
  trials = 0
  stale = 0
  lost = 0
  readonly idleSeconds: Record<Idle, number> = {
    baseline: 0,
    merge: 0,
    GitHub: 0,
    proposers: 0,
    'lost runner': 0,
  }
  readonly #fleet: Fleet
  readonly #research: SimulatedResearch
  readonly #github: SimulatedGitHub
  readonly #random: () => number
  readonly #events: { at: number; happen: () => void }[] = []
  readonly #running = new Map<string, { trial: Trial; at: number }>()
  readonly #asking: Proposer[] = []
  readonly #resting: Proposer[]
  #free: number
  #away = 0
  #isWriting = false

  constructor(fleet: Fleet, research: SimulatedResearch, github: SimulatedGitHub, random: () => number) {
    this.#fleet = fleet
    this.#research = research
    this.#github = github
    this.#random = random
    this.#free = fleet.devices
    this.#resting = Array.from({ length: fleet.proposers }, () => ({ trials: 0, isSlow: false }))
  }

  run(): void {
    const end = 3600 * this.#fleet.hours
    for (;;) {
      this.#startWhatCanStart()
      const next = this.#events.shift()
      const at = Math.min(end, next?.at ?? end)
      const idle = this.#free > 0 ? this.#whyIdle() : undefined
      if (idle) this.idleSeconds[idle] += this.#free * (at - this.now)
      this.idleSeconds['lost runner'] += this.#away * (at - this.now)
      this.now = at
      if (!next || next.at > end) break
      next.happen()
    }
    this.#countUnfinished(end)
  }

  /** Of trials that the end interrupts, what they trained. */
  #countUnfinished(end: number): void {
    for (const { at } of this.#running.values())
      this.busySeconds += Math.min(this.#fleet.trialSeconds, end - at)
  }

  #after(seconds: number, happen: () => void): void {
    const at = this.now + seconds
    const index = this.#events.findIndex((event) => event.at > at)
    this.#events.splice(index < 0 ? this.#events.length : index, 0, { at, happen })
  }

  #startWhatCanStart(): void {
    const planned = this.#research.plan([...this.#running.values()].map(({ trial }) => trial))
    while (this.#free > 0) {
      const trial = planned.shift()
      if (!trial) break
      this.#train(trial)
    }
    while (this.#resting.length > 0 && this.#hasRoom()) this.#ask()
    if (!this.#isWriting) this.#write()
  }

  #hasRoom(): boolean {
    const { state, steps } = this.#research
    const places = placesOf(this.#asking, countTrials(state))
    return hasRoom(state, queueDepth(this.#fleet.devices), places, steps.length)
  }

  #train(trial: Trial): void {
    const { trialSeconds, overheadSeconds, lossPerHour } = this.#fleet
    this.#free -= 1
    this.#running.set(trial.id, { trial, at: this.now })
    const lives = (-3600 * Math.log(1 - this.#random())) / lossPerHour
    const whole = trialSeconds + overheadSeconds
    if (lives >= whole) this.#after(whole, () => this.#end(trial, trialSeconds))
    else this.#after(lives, () => this.#loseRunner(trial))
  }

  #loseRunner(trial: Trial): void {
    this.#running.delete(trial.id)
    this.#research.lose(trial, `run ${this.lost++}`)
    this.#away += 1
    this.#after(this.#fleet.startSeconds, () => {
      this.#away -= 1
      this.#free += 1
    })
  }

  #end(trial: Trial, seconds: number): void {
    this.#running.delete(trial.id)
    this.#free += 1
    this.trials += 1
    this.busySeconds += seconds
    if (this.#research.isStale(trial)) this.stale += 1
    this.#research.measure(trial, seconds)
  }

  #ask(): void {
    const proposer = this.#resting.shift()
    if (!proposer) return
    proposer.trials = countTrials(this.#research.state)
    this.#asking.push(proposer)
    this.#after(this.#fleet.ideaSeconds * (0.5 + this.#random()), () => {
      this.#asking.splice(this.#asking.indexOf(proposer), 1)
      proposer.isSlow = countTrials(this.#research.state) > proposer.trials
      this.#resting.push(proposer)
      this.#research.propose()
    })
  }

  #write(): void {
    const [step] = this.#research.steps
    if (!step) return
    this.#isWriting = true
    const writes = writesOf(step)
    const done = this.#github.send(this.now, writes, Math.round(writes * this.#fleet.readsPerWrite))
    this.#after(done - this.now, () => {
      this.#isWriting = false
      this.#research.perform(step)
    })
  }

  #whyIdle(): Idle {
    const { state, steps } = this.#research
    if (countTrials(state) === 0) return 'baseline'
    if (steps.some((step) => 'candidate' in step && isToBeMerged(step.candidate))) return 'merge'
    if (waitingCandidates(state).length > 0) return 'baseline'
    return this.#resting.length > 0 ? 'GitHub' : 'proposers'
  }
}
