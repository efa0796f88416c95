// The ladder on a repository, a GitHub and a device in memory: what is promoted, what does not transfer, and that it may be killed
// at any effect.
import { describe, expect, test } from 'vitest'
import { judgeResults } from '../../src/commands/judge.ts'
import { promote } from '../../src/commands/promote.ts'
import { propose } from '../../src/commands/propose.ts'
import { run } from '../../src/commands/run.ts'
import { measurementHash } from '../../src/core/config/measurement.ts'
import { configUnder } from '../../src/core/plan/rules.ts'
import { candidateBranch } from '../../src/core/record/candidate.ts'
import { replay } from '../../src/core/record/state.ts'
import type { Trial } from '../../src/core/record/trial.ts'
import { aTrialResult, aVerdict, configOf, revertOrigin } from '../factories.ts'
import { FakeClock } from '../fakes/clock.ts'
import { Killed } from '../fakes/fuse.ts'
import { FakeLog } from '../fakes/log.ts'
import { anIdea, FakeProposer } from '../fakes/proposer.ts'
import { trainAll } from '../fakes/swarm.ts'
import { CONFIG_PATH, SETTINGS, World } from '../fakes/world.ts'

const SIGMA = 0.003
/** The effect of a change at the small scale, and at the large one. */
type Effects = readonly [small: number, large: number]
const HOLDS: Effects = [-0.02, -0.015]
const FAILS: Effects = [-0.02, 0.06]

const configText = ({ merges = 3, promotion = '{ to: main }', more = '' } = {}) => `editable: ['*.py']
evaluate: python lab/evaluate.py
metric: { name: val_bpb, direction: minimize, pattern: '^val_bpb: (\\S+)' }
scales:
  - { name: d12, train: python train.py, budget: 5m }
  - { name: d24, train: python train.py --depth 24, budget: 20m, after: { merges: ${merges} } }
promote: ${promotion}
${more}`

/** A repository into which changes of these effects were merged, each to a file of its own. */
function aWorld(effects: readonly Effects[], settings: Parameters<typeof configText>[0] = {}) {
  const text = configText(settings)
  const files = new Map(effects.map((_, index) => [nameOf(index), '0']))
  const hash = (trial: Trial) => {
    const config = configOf(world.repository.filesOf(trial.base).get(CONFIG_PATH) ?? '')
    return measurementHash(configUnder(config, trial.protocol) ?? config)
  }
  const worth = (content: string, { protocol }: Trial) => {
    const [small = 0, large = small] = content.split(' ').map(Number)
    return protocol.purpose === 'promote' ? large : small
  }
  const world = new World(files.set(CONFIG_PATH, text), { sigma: SIGMA, hash, worth })
  const config = measurementHash(configOf(text))
  // σ is known, as it is after a night.
  for (const [index, value] of [2.497, 2.503, 2.5, 2.502, 2.498, 2.5].entries()) {
    const fields = { baseline: world.baseline, config, replicate: index + 1, value }
    world.ledger.write({ kind: 'trial', result: aTrialResult({ ...fields, trust: 'evaluated' }) })
  }
  for (const [index, effect] of effects.entries()) merge(world, index, effect)
  return world
}

const nameOf = (index: number) => `${'abcdefghij'[index]}.py`

/** Merges a change as the bot does, ledger included. */
function merge(world: World, index: number, effect: Effects, path = nameOf(index)): void {
  const edits = { [path]: effect.join(' ') }
  const candidate = world.propose(edits, { name: `change ${index + 1}` })
  const { id, head, title } = candidate
  world.push(edits)
  const { commit, tree } = world.baseline
  const branch = candidateBranch(id)
  world.repository.branches.delete(branch)
  const pull = world.forge.add({ branch, head, title, state: 'merged', mergeCommit: commit })
  const gain = -effect[0]
  world.ledger.write(
    { kind: 'opened', candidate: id, pullRequest: pull.number },
    { kind: 'judged', candidate: id, head, verdict: aVerdict({ gain, sigma: SIGMA, z: gain / SIGMA }) },
    { kind: 'ended', candidate: id, end: { kind: 'merged', commit, asTrained: true } },
    { kind: 'baseline', commit, tree, cause: 'merged' },
  )
}

async function runPromote(world: World, timeBudgetSeconds = 1e9): Promise<string[]> {
  const log = new FakeLog()
  const clock = new FakeClock({ perLook: 1 })
  await promote(world.ports({ log, clock }), { ...SETTINGS, timeBudgetSeconds })
  return log.lines
}

const promotions = (world: World) => [...replay(world.ledger.events).promotions.values()]
const standing = (world: World) => world.forge.pulls.filter(({ base }) => base === 'main')
const promotedFiles = (world: World) => {
  const commit = world.repository.branches.get('autoresearch/promoted/d24')
  const files = commit === undefined ? [] : [...world.repository.filesOf(commit)]
  return files.filter(([path]) => path.endsWith('.py')).map(([, text]) => text)
}
const text = (effects: readonly Effects[]) => effects.map((effect) => effect.join(' '))

test('merges that hold at the larger scale are promoted together: a tag, a branch and a pull request', async () => {
  const world = aWorld([HOLDS, HOLDS, HOLDS])
  const lines = await runPromote(world)
  expect(promotions(world)).toMatchObject([
    { outcome: { promoted: { commit: world.tip }, members: [{ promoted: true }, {}, {}] } },
  ])
  expect(world.repository.tags.get('autoresearch/d24/1')).toBe(world.tip)
  expect(world.repository.branches.get('autoresearch/promoted/d24')).toBe(world.tip)
  expect(standing(world)).toMatchObject([{ head: world.tip, title: expect.stringContaining('3 merges') }])
  const [{ body } = { body: '' }] = standing(world)
  for (const index of [1, 2, 3]) expect(body).toContain(`| #${index} | Try change ${index} |`)
  expect(body).toMatch(/\| with all merges \| 2\.4\d+, 2\.4\d+ \|/)
  expect(world.trainer.trained).toHaveLength(4)
  expect(lines).toContainEqual(
    expect.stringMatching(/^d24: 3 merges promoted: expected gain 0\.04\d+ over 4 runs/),
  )
})

test('both ends are trained in turn, and their runs count for nothing else', async () => {
  const world = aWorld([HOLDS, HOLDS, HOLDS])
  const [first] = replay(world.ledger.events).baselines
  await runPromote(world)
  const ends = world.trainer.trained.map(({ head }) => (head === first?.commit ? 'before' : 'after'))
  expect(ends).toEqual(['before', 'after', 'before', 'after'])
  for (const { protocol, id } of world.trainer.trained) {
    expect(protocol).toEqual({ purpose: 'promote', scale: 'd24', promotion: 1 })
    expect(id).toMatch(/^[0-9a-f]{16}-d24-p[12]$/)
  }
})

test.each([0, 1, 2, 3])(
  'the merge that does not transfer, number %d of 4, is left out and named',
  async (bad) => {
    const effects = [HOLDS, HOLDS, HOLDS, HOLDS].with(bad, FAILS)
    const world = aWorld(effects, { merges: 4 })
    const baseline = world.tip
    const lines = await runPromote(world)
    expect(world.tip).toBe(baseline)
    const [promotion] = promotions(world)
    const dropped = promotion?.outcome?.members.filter(({ promoted }) => !promoted) ?? []
    expect(dropped.map(({ merge }) => merge)).toContain(
      replay(world.ledger.events).baselines[bad + 1]?.commit,
    )
    expect(promotedFiles(world)).toContain(HOLDS.join(' '))
    expect(promotedFiles(world)).not.toContain(FAILS.join(' '))
    expect(lines.join('\n')).toContain(`Does not transfer: `)
    expect(lines.join('\n')).toContain(`"Try change ${bad + 1}"`)
    expect([...world.repository.branches.keys()].filter((branch) => branch.includes('/s/'))).toEqual([])
  },
)

test('where nothing transfers, nothing is promoted and no pull request is opened', async () => {
  const world = aWorld([FAILS, FAILS, FAILS])
  await runPromote(world)
  expect(promotions(world)[0]?.outcome).not.toHaveProperty('promoted')
  expect(standing(world)).toEqual([])
  expect(world.repository.tags.size).toBe(0)
  const trained = world.trainer.trained.length
  expect(await runPromote(world)).toContain('No merge waits to be promoted')
  expect(world.trainer.trained).toHaveLength(trained)
})

test('the next promotion starts from the promoted code, without what did not transfer, in the same pull request', async () => {
  const world = aWorld([HOLDS, FAILS, HOLDS])
  await runPromote(world)
  const promoted = promotedFiles(world)
  expect(promoted).not.toContain(FAILS.join(' '))
  merge(world, 3, HOLDS, 'd.py')
  merge(world, 4, HOLDS, 'e.py')
  await runPromote(world)
  expect(promotions(world)[1]).toMatchObject({
    number: 2,
    base: world.repository.tags.get('autoresearch/d24/1'),
    members: [{}, {}],
  })
  expect(promotedFiles(world)).toEqual([...promoted, ...text([HOLDS, HOLDS])])
  expect(standing(world)).toHaveLength(1)
  expect(standing(world)[0]?.body).toContain('autoresearch/d24/1')
})

test('a merge on top of one that did not transfer is set aside', async () => {
  const world = aWorld([FAILS, HOLDS, HOLDS])
  await runPromote(world)
  expect(promotedFiles(world)).not.toContain(FAILS.join(' '))
  merge(world, 3, [-0.03, -0.02], 'a.py')
  merge(world, 4, HOLDS, 'd.py')
  await runPromote(world)
  expect(promotions(world)[1]).toMatchObject({
    members: [{}],
    aside: [{ reason: 'it does not apply without changes that were not promoted' }],
  })
})

test('a merge that certification reverted meanwhile is not tested', async () => {
  const world = aWorld([HOLDS, HOLDS, HOLDS])
  const refuted = world.tip
  const { id } = world.propose({ 'c.py': '0' }, { origin: revertOrigin(refuted) })
  world.push({ 'c.py': '0' })
  const { commit, tree } = world.baseline
  world.ledger.write(
    { kind: 'ended', candidate: id, end: { kind: 'merged', commit, asTrained: true } },
    { kind: 'baseline', commit, tree, cause: 'merged' },
  )
  await runPromote(world)
  expect(promotions(world)[0]?.members).toHaveLength(2)
  expect(promotedFiles(world)).toEqual([...text([HOLDS, HOLDS]), '0'])
})

describe('people', () => {
  test('who push to the baseline find their change in the promoted code, whatever is promoted', async () => {
    const world = aWorld([HOLDS, FAILS, HOLDS])
    world.push({ 'README.md': '0' })
    await runPromote(world)
    expect(promotions(world)[0]?.follows).toEqual([world.tip])
    const commit = world.repository.branches.get('autoresearch/promoted/d24') ?? ''
    expect(world.repository.filesOf(commit).get('README.md')).toBe('0')
  })

  test('who change the scale meanwhile begin the promotion anew', async () => {
    const world = aWorld([HOLDS, HOLDS, HOLDS])
    await runPromote(world, 1300)
    expect(promotions(world)).toMatchObject([{ number: 1 }])
    expect(promotions(world)[0]).not.toHaveProperty('outcome')
    world.push({ [CONFIG_PATH]: configText().replace('--depth 24', '--depth 26') })
    await runPromote(world)
    expect(promotions(world)).toMatchObject([{ number: 1 }, { number: 2, outcome: { promoted: {} } }])
    expect(promotions(world)[0]).not.toHaveProperty('outcome')
    expect(world.repository.tags.has('autoresearch/d24/2')).toBe(true)
  })

  test('who want no pull request get the branch moved, as long as it is a step forward', async () => {
    const world = aWorld([HOLDS, HOLDS, HOLDS], { promotion: '{ to: main, as: push }' })
    await runPromote(world)
    expect(world.repository.branches.get('main')).toBe(world.tip)
    expect(standing(world)).toEqual([])
    const moved = world.repository.put(new Map([...world.files, ['other.md', '0']]), world.tip)
    world.repository.branches.set('main', moved)
    for (const index of [3, 4, 5]) merge(world, index, HOLDS)
    const lines = await runPromote(world)
    expect(world.repository.branches.get('main')).toBe(moved)
    expect(lines.join('\n')).toContain('not a fast forward')
    expect(world.repository.tags.has('autoresearch/d24/2')).toBe(true)
  })
})

describe('the whole loop', () => {
  const settings = { ...SETTINGS, timeBudgetSeconds: 1e6 }

  test('promotes by itself after as many merges as configured, and not before', async () => {
    const two = aWorld([HOLDS, HOLDS])
    await run(two.ports({ proposers: [] }), settings)
    expect(promotions(two)).toEqual([])
    const three = aWorld([HOLDS, HOLDS, HOLDS])
    await run(three.ports({ proposers: [] }), settings)
    expect(promotions(three)).toMatchObject([{ outcome: { promoted: {} }, published: { pullRequest: 4 } }])
  })

  test('a swarm carries the trials of a promotion in its matrix, apart from those of the research', async () => {
    const world = aWorld([HOLDS, FAILS, HOLDS])
    const ports = world.ports({ proposers: [] })
    let { batches } = await propose(ports, settings)
    expect(batches.filter(({ scale }) => scale === 'd24').map(({ trials }) => trials.length)).toEqual([2, 2])
    while (batches.length > 0) {
      const results = await trainAll(batches, (trial) => world.trainer.run(trial))
      const judged = await judgeResults({ ...ports, results }, settings)
      expect(judged.refused).toEqual([])
      batches = judged.batches
    }
    expect(promotedFiles(world)).not.toContain(FAILS.join(' '))
    expect(standing(world)).toHaveLength(1)
  })
})

test('a larger scale where the promoted code does not run stops the promotion with a warning', async () => {
  const world = aWorld([HOLDS, HOLDS, HOLDS])
  const train = world.trainer.run.bind(world.trainer)
  const trainer = {
    testbed: world.trainer.testbed,
    slots: 1,
    run: async (trial: Trial) => {
      const { value: _, ...result } = await train(trial)
      return { ...result, outcome: 'out-of-memory' as const, reason: 'no memory left' }
    },
  }
  const log = new FakeLog()
  const ports = { ...world.ports({ log, clock: new FakeClock({ perLook: 1 }) }), trainer }
  await promote(ports, { ...SETTINGS, timeBudgetSeconds: 1e9 })
  expect(log.lines).toContain(
    'Promotion waits: the promoted code cannot be measured at d24: 2 runs ended out-of-memory: no memory left',
  )
})

test('a merge whose code fails at the larger scale does not transfer', async () => {
  const world = aWorld([HOLDS, HOLDS, HOLDS])
  const train = world.trainer.run.bind(world.trainer)
  const culprit = text([HOLDS])[0]
  const trainer = {
    testbed: world.trainer.testbed,
    slots: 1,
    run: async (trial: Trial) => {
      const { value, ...result } = await train(trial)
      const fails = world.repository.filesOf(trial.head).get('b.py') === culprit
      return fails ? { ...result, outcome: 'out-of-memory' as const } : { ...result, value: value ?? 0 }
    },
  }
  const ports = { ...world.ports({ clock: new FakeClock({ perLook: 1 }) }), trainer }
  await promote(ports, { ...SETTINGS, timeBudgetSeconds: 1e9 })
  const commit = world.repository.branches.get('autoresearch/promoted/d24') ?? ''
  expect(world.repository.filesOf(commit).get('b.py')).toBe('0')
})

test('a run at the larger scale has the machine to itself', async () => {
  const world = aWorld([HOLDS, HOLDS], { more: 'search: { structural-share: 0, novelty: 1 }' })
  const running = new Set<string>()
  const beside: number[] = []
  let most = 0
  const trainer = {
    testbed: world.trainer.testbed,
    slots: 4,
    async run(trial: Trial) {
      running.add(trial.id)
      most = Math.max(most, running.size)
      // Those of the research go on while one of them is merged.
      const turns = trial.protocol.purpose === 'promote' ? 20 : 20 + (trial.seed % 400)
      for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
      if (trial.protocol.purpose === 'promote') beside.push(running.size)
      running.delete(trial.id)
      return world.trainer.run(trial)
    },
  }
  const ideas = Array.from({ length: 10 }, (_, index) =>
    anIdea(index === 0 ? '-0.05' : `0.0${index}`, { path: `x${index}.py` }),
  )
  const ports = { ...world.ports({ proposers: [new FakeProposer(ideas)] }), trainer }
  await run(ports, { ...SETTINGS, timeBudgetSeconds: 1e6 })
  expect(most).toBeGreaterThan(2)
  expect(beside.length).toBeGreaterThan(3)
  expect(new Set(beside)).toEqual(new Set([1]))
})

test('what does not fit into the time budget waits for the next job, and says so', async () => {
  const world = aWorld([HOLDS, HOLDS, HOLDS])
  const lines = await runPromote(world, 900)
  expect(lines).toContain('Runs at d24 wait for the next job: one may take longer than the time that is left')
  expect(world.trainer.trained).toEqual([])
})

/** Everything that is left behind, by what does not depend on how often the job was started. */
function outcome(world: World) {
  return {
    promotions: promotions(world),
    branches: [...world.repository.branches].sort(),
    tags: [...world.repository.tags],
    pulls: world.forge.pulls.map(({ title, body, state, base }) => ({ title, body, state, base })),
    trials: world.ledger.events.flatMap((event) => (event.kind === 'trial' ? [event.result.trial.id] : [])),
  }
}

test('F40 killed at any effect and started again, a promotion ends the same', async () => {
  const whole = aWorld([HOLDS, FAILS], { merges: 2 })
  await runPromote(whole)
  let kills = 0
  for (let effects = 1; ; effects++) {
    const world = aWorld([HOLDS, FAILS], { merges: 2 })
    world.fuse.left = { effects, after: effects % 2 === 0 }
    const killed = await runPromote(world).then(
      () => false,
      (error: unknown) => error instanceof Killed,
    )
    if (!killed) break
    kills += 1
    world.fuse.left = undefined
    await runPromote(world)
    expect(outcome(world), `killed at effect ${effects}`).toEqual(outcome(whole))
  }
  expect(kills).toBeGreaterThan(15)
})
