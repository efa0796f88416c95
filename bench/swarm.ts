// How many devices the action keeps busy, and what keeps it from more: the rules of this project on a simulated clock, with
// devices that fail, proposers that take their time, and GitHub's limits.
import { parseConfig } from '../src/core/config/config.ts'
import { aRandom } from '../test/factories.ts'
import type { TokenKind } from '../test/loopback-github/tokens.ts'
import { readArguments } from './arguments.ts'
import { meanAndError, percent, quantile, round } from './numbers.ts'
import { Output } from './output.ts'
import { FleetSimulation, type Idle } from './swarm/fleet.ts'
import { type GitHubLimit, SimulatedGitHub } from './swarm/github.ts'
import { SimulatedResearch } from './swarm/research.ts'

const options = readArguments({
  name: 'swarm',
  measures:
    'Use of devices, experiments and requests per hour of fleets of several sizes, and the limit that binds.',
  repetitions: 2,
  repetitionIs: 'simulated researches of every fleet',
  seed: 1,
  seedDecides: 'ideas, noise, latencies and lost runners',
  options: {
    devices: { kind: 'counts', help: 'devices of a fleet', default: [1, 8, 64, 256] },
    hours: { kind: 'count', help: 'simulated hours', default: 6 },
    'budget-minutes': { kind: 'count', help: 'how long a trial takes', default: 5 },
  },
})

/** Shares of time that devices should be busy with trials of five minutes. */
const BARS: Readonly<Record<number, number>> = { 1: 97, 8: 97, 64: 90 }

interface Setting {
  setting: string
  token: TokenKind
  pullRequests: 'all' | 'winners'
}

const SETTINGS: readonly Setting[] = [
  { setting: 'defaults', token: 'actions', pullRequests: 'all' },
  { setting: 'pull-requests: winners', token: 'actions', pullRequests: 'winners' },
  { setting: 'winners, token of an App', token: 'app', pullRequests: 'winners' },
]

/** What lets a fleet do more when this binds. */
const LIFTED_BY: Readonly<Record<Idle | GitHubLimit, string>> = {
  baseline: 'fewer replicates.baseline',
  merge: 'a longer budget',
  GitHub: 'a longer budget',
  proposers: 'more proposers',
  'lost runner': 'machines that last longer',
  'requests per hour': 'the token of an App, pull-requests: winners',
  'content per minute or hour': 'pull-requests: winners',
  'one write per second': 'pull-requests: winners, a longer budget',
}

function simulate(devices: number, { token, pullRequests }: Setting, repetition: number) {
  const seed = 1000 * options.seed + repetition
  const random = aRandom(seed)
  const trialSeconds = 60 * options['budget-minutes']
  const research = new SimulatedResearch(configWith(pullRequests), random, seed)
  const github = new SimulatedGitHub(token)
  const fleet = {
    devices,
    // As many as have an idea for each device in the time of a trial, and one more.
    proposers: 1 + Math.ceil((devices * IDEA_SECONDS) / trialSeconds),
    hours: options.hours,
    trialSeconds,
    overheadSeconds: 1.6,
    ideaSeconds: IDEA_SECONDS,
    lossPerHour: 0.01,
    startSeconds: 120,
    readsPerWrite: 0.9,
  }
  const simulation = new FleetSimulation(fleet, research, github, random)
  simulation.run()
  return { simulation, research, github, fleet }
}

const IDEA_SECONDS = 60

function configWith(pullRequests: Setting['pullRequests']) {
  const parsed = parseConfig(
    [
      'editable: [train.py]',
      'train: uv run train.py',
      `budget: ${options['budget-minutes']}m`,
      'metric: { name: val_bpb, direction: minimize, pattern: "val_bpb: (.+)" }',
      `pull-requests: ${pullRequests}`,
    ].join('\n'),
  )
  if (parsed.kind === 'config') return parsed.config
  throw new Error('the configuration is wrong')
}

type Simulated = ReturnType<typeof simulate>

/** What cost the devices most of their time; of GitHub, the limit for which requests waited longest. */
function bindingLimit({ simulation, github }: Simulated): Idle | GitHubLimit {
  const cause = largest(simulation.idleSeconds)
  return cause === 'GitHub' || cause === 'merge' ? waitedFor(github, cause) : cause
}

function waitedFor({ waited }: SimulatedGitHub, otherwise: Idle): Idle | GitHubLimit {
  const limit = largest(waited)
  return waited[limit] > 0 ? limit : otherwise
}

function largest<Name extends string>(amounts: Readonly<Record<Name, number>>): Name {
  const [[name]] = Object.entries<number>(amounts).sort(([, a], [, b]) => b - a) as [[Name, number]]
  return name
}

function rowOf(devices: number, setting: Setting) {
  const all = Array.from({ length: options.repetitions }, (_, index) => simulate(devices, setting, index))
  const uses = all.map(({ simulation }) => (100 * simulation.busySeconds) / (3600 * options.hours * devices))
  const use = meanAndError(uses)
  const perHour = (count: (one: Simulated) => number) =>
    round(meanAndError(all.map(count)).mean, 1) === null
      ? null
      : round((meanAndError(all.map(count)).mean ?? 0) / options.hours, 1)
  const sum = (count: (one: Simulated) => number) => all.reduce((total, one) => total + count(one), 0)
  const [first] = all
  const binding = first && bindingLimit(first)
  const decisions = all.flatMap(({ research }) => research.decisionMilliseconds)
  return {
    devices,
    setting: setting.setting,
    usePercent: round(use.mean, 1),
    useError: round(use.error, 1),
    barPercent: (options['budget-minutes'] === 5 ? BARS[devices] : undefined) ?? null,
    experimentsPerHour: perHour(({ simulation }) => simulation.trials),
    requestsPerHour: perHour(({ github }) => github.requests),
    contentPerHour: perHour(({ github }) => github.writes),
    stalePercent: round(
      percent(
        sum(({ simulation }) => simulation.stale),
        sum(({ simulation }) => simulation.trials),
      ),
      1,
    ),
    lostTrials: sum(({ simulation }) => simulation.lost),
    proposers: first?.fleet.proposers ?? null,
    binding: binding ?? null,
    liftedBy: binding ? LIFTED_BY[binding] : null,
    planMeanMs: round(meanAndError(decisions).mean, 2),
    planMedianMs: round(quantile(decisions, 0.5), 2),
    planP95Ms: round(quantile(decisions, 0.95), 2),
    planLongestMs: round(quantile(decisions, 1), 2),
  }
}

const output = new Output('swarm', options)
for (const devices of options.devices)
  output.table(
    'fleets',
    `Devices: ${devices}`,
    SETTINGS.map((setting) => rowOf(devices, setting)),
  )
output.end()
