// How many devices the action keeps busy, and what keeps it from more: the rules of this project on a simulated clock, with
// devices that fail, proposers that take their time, and GitHub's limits.
import { aRandom, configOf } from '../test/factories.ts'
import { readArguments } from './arguments.ts'
import { meanAndError, percent, quantile, round } from './numbers.ts'
import { Output } from './output.ts'
import { type Fleet, FleetSimulation, type Idle } from './swarm/fleet.ts'
import { SimulatedGitHub } from './swarm/github.ts'
import { SimulatedResearch } from './swarm/research.ts'

const options = readArguments({
  name: 'swarm',
  measures:
    'Use of devices, experiments and requests per hour of fleets of several sizes, and the limit that binds.',
  repetitions: 3,
  repetitionIs: 'simulated researches of every fleet',
  seed: 1,
  seedDecides: 'ideas, noise, latencies and lost runners',
  options: {
    devices: { kind: 'counts', help: 'devices of a fleet', default: [1, 8, 64, 256] },
    hours: { kind: 'count', help: 'simulated hours', default: 12 },
  },
})

const BUDGET_MINUTES = [5, 60]

console.log(BUDGET_MINUTES, percent, quantile, meanAndError, round, Output, aRandom, configOf)
const f: Fleet = {
  devices: options.devices[0] ?? 1,
  proposers: Math.ceil((options.devices[0] ?? 1) * 0.2) + 1,
  hours: options.hours,
  trialSeconds: 300,
  overheadSeconds: 1.6,
  ideaSeconds: 60,
  lossPerHour: 0.01,
  startSeconds: 120,
  readsPerWrite: 1,
}
const random = aRandom(1)
const config = configOf(String.raw`
editable: [train.py]
train: uv run train.py
budget: 5m
metric: { name: val_bpb, direction: minimize, pattern: '^val_bpb:\s+(\S+)' }
`)
const research = new SimulatedResearch(config, random, 1)
const github = new SimulatedGitHub('actions')
const sim = new FleetSimulation(f, research, github, random)
const t = performance.now()
sim.run()
const x: Partial<Record<Idle, number>> = sim.idleSeconds
console.log(
  f,
  sim.busySeconds / f.devices / 3600 / f.hours,
  x,
  sim.trials,
  sim.stale,
  sim.lost,
  github.requests,
  github.writes,
  github.waited,
  performance.now() - t,
  quantile(research.decisionMilliseconds, 0.95),
  Math.max(...research.decisionMilliseconds),
  research.state.baselines.length,
)
