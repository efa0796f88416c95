// The `certify` command on a repository, a GitHub and a device in memory: what it proves, what it undoes, and that it may
// be killed at any effect.

import { describe, expect, test } from 'vitest'
import { certify } from '../../src/commands/certify.ts'
import { judgeResults } from '../../src/commands/judge.ts'
import { propose } from '../../src/commands/propose.ts'
import { certificationConfig } from '../../src/core/certify/certify.ts'
import { measurementHash } from '../../src/core/config/measurement.ts'
import { candidateBranch } from '../../src/core/record/candidate.ts'
import type { LedgerEvent } from '../../src/core/record/events.ts'
import { replay } from '../../src/core/record/state.ts'
import { estimateNoise } from '../../src/core/statistics/noise.ts'
import { isJudgeTrial } from '../../src/core/trial/protocol.ts'
import { BaselineError } from '../../src/errors.ts'
import { aCertification, aTrialResult, aVerdict, configOf, ROOT_SEED, revertOrigin } from '../factories.ts'
import { FakeClock } from '../fakes/clock.ts'
import { Killed } from '../fakes/fuse.ts'
import { FakeLog } from '../fakes/log.ts'
import { trainAll } from '../fakes/swarm.ts'
import { CONFIG_PATH, SETTINGS, World } from '../fakes/world.ts'

const SIGMA = 0.01
const GOOD = -0.02
const EVALUATE = '\n  evaluate: python lab/evaluate.py --shard 2'

const configText = (certify = '') => `editable: ['*.py']
train: python train.py
evaluate: python lab/evaluate.py
budget: 5m
metric: { name: val_bpb, direction: minimize, pattern: '^val_bpb: (\\S+)' }
certify:
  runs: 4${certify}
`

/** A repository into which changes of these effects were merged, each to a file of its own. */
function aWorld(effects: readonly number[], { certify = '', seed = ROOT_SEED, sameFile = false } = {}) {
  const config = configOf(configText(certify))
  const hash = measurementHash(config)
  const files = new Map(effects.map((_, index) => [`${'abcdefgh'[index]}.py`, '0']))
  const world = new World(files.set(CONFIG_PATH, configText(certify)), {
    sigma: SIGMA,
    rootSeed: seed,
    hash: (trial) => (!isJudgeTrial(trial) ? measurementHash(certificationConfig(config)) : hash),
  })
  // σ is known, as it is after a night.
  for (const [index, value] of [2.49, 2.51, 2.5, 2.505, 2.495, 2.5].entries())
    world.ledger.write({ kind: 'trial', result: ordinaryRun(world, hash, index + 1, value) })
  for (const [index, effect] of effects.entries()) merge(world, sameFile ? 0 : index, effect, index)
  return world
}

function ordinaryRun(world: World, config: string, replicate: number, value: number) {
  return aTrialResult({ baseline: world.baseline, config, replicate, value, trust: 'evaluated' })
}

/** Merges a change as the bot does, ledger included. */
function merge(world: World, file: number, effect: number, index: number): void {
  const edits = { [`${'abcdefgh'[file]}.py`]: `${effect}` }
  const candidate = world.propose(edits, { name: `change ${index + 1}` })
  const { id, head, title } = candidate
  world.push(edits)
  const { commit, tree } = world.baseline
  const branch = candidateBranch(id)
  world.repository.branches.delete(branch)
  const pull = world.forge.add({ branch, head, title, state: 'merged', mergeCommit: commit })
  world.ledger.write(
    { kind: 'opened', candidate: id, pullRequest: pull.number },
    { kind: 'judged', candidate: id, head, verdict: aVerdict() },
    { kind: 'ended', candidate: id, end: { kind: 'merged', commit, asTrained: true } },
    { kind: 'baseline', commit, tree, cause: 'merged' },
  )
}

async function runCertify(world: World, timeBudgetSeconds = 1e9): Promise<string[]> {
  const log = new FakeLog()
  await certify(world.ports({ log, clock: new FakeClock({ perLook: 1 }) }), {
    ...SETTINGS,
    timeBudgetSeconds,
  })
  return log.lines
}

/** Each change's present content, in order. */
function contents(world: World): string[] {
  const files = [...world.files].filter(([path]) => path.endsWith('.py'))
  return files.sort().map(([, text]) => text)
}

const certifications = (world: World) => [...replay(world.ledger.events).certifications.values()]
const checksOf = (world: World) => [...world.forge.checks.values()]

test('merges that hold together are certified, with a check on the commit they end at', async () => {
  const world = aWorld([GOOD, GOOD, GOOD, GOOD])
  const lines = await runCertify(world)
  expect(certifications(world)).toMatchObject([{ to: world.tip, merges: 4, holds: true }])
  expect(lines).toContainEqual(
    expect.stringMatching(
      /4 merges certified together: gain 0\.0\d+ ± 0\.00\d+ over 4 \+ 4 fresh runs, z = \d+\.\d$/,
    ),
  )
  expect(world.forge.checks.get(`${world.tip} autoresearch / certify`)).toMatchObject({
    conclusion: 'success',
  })
  expect(world.forge.pulls.filter(({ state }) => state === 'open')).toEqual([])
  expect(contents(world)).toEqual(Array(4).fill(`${GOOD}`))
})

test('both ends are trained in turn, on seeds that no candidate was judged on', async () => {
  const world = aWorld([GOOD, GOOD])
  const [from] = replay(world.ledger.events).baselines
  await runCertify(world)
  expect(world.trainer.trained.map(({ head }) => (head === from?.commit ? 'from' : 'to'))).toEqual(
    Array(4).fill(['from', 'to']).flat(),
  )
  const seen = world.ledger.events.flatMap((event) => (event.kind === 'trial' ? [event.result.trial] : []))
  const seeds = seen.map(({ tree, seed }) => `${tree} ${seed}`)
  expect(new Set(seeds).size).toBe(seeds.length)
})

// Three merges that help by 2 σ, and one that does more harm than they help together: it cannot hide among them.
const BAD = 0.09
test.each([0, 1, 2, 3])('of four merges the bad one, number %d, is found and undone', async (bad) => {
  const effects = [GOOD, GOOD, GOOD, GOOD].with(bad, BAD)
  const world = aWorld(effects)
  await runCertify(world)
  expect(certifications(world).filter(({ holds, merges }) => !holds && merges === 1)).toHaveLength(1)
  expect(contents(world)).toEqual(effects.with(bad, 0).map(String))
  const undo = world.forge.pulls.at(-1)
  expect(undo).toMatchObject({ title: `Revert "Try change ${bad + 1}"`, state: 'merged' })
  expect(undo?.body).toContain('1 merge does not hold: gain')
  expect(checksOf(world)).toContainEqual(
    expect.objectContaining({
      name: 'autoresearch / val_bpb',
      conclusion: 'success',
      title: expect.stringContaining('reverted: 1 merge does not hold'),
    }),
  )
})

test('whatever the noise, the bad merge is found and those that help are hardly ever undone', async () => {
  const worlds = Array.from({ length: 20 }, (_, seed) => aWorld([GOOD, GOOD, BAD, GOOD], { seed: `${seed}` }))
  for (const world of worlds) await runCertify(world)
  expect(worlds.filter((world) => contents(world)[2] === '0').length).toBe(20)
  const wronglyUndone = worlds
    .flatMap((world) => contents(world).toSpliced(2, 1))
    .filter((text) => text === '0')
  expect(wronglyUndone.length).toBeLessThanOrEqual(3)
})

test('a merge that stands alone and may still help gets twice the runs before it is undone', async () => {
  const world = aWorld([-0.004])
  await runCertify(world)
  const [only] = certifications(world)
  expect(only?.gain).toBeGreaterThan(-1)
  const runs = world.trainer.trained.length
  expect(only?.runs).toEqual({ candidate: runs / 2, baseline: runs / 2 })
  expect([8, 16]).toContain(runs)
})

test('a second certification begins where the first one ended', async () => {
  const world = aWorld([GOOD, GOOD])
  await runCertify(world)
  const certified = world.tip
  merge(world, 0, -0.06, 2)
  world.trainer.trained.length = 0
  await runCertify(world)
  expect(certifications(world).at(-1)).toMatchObject({ from: certified, to: world.tip, merges: 1 })
  expect(new Set(world.trainer.trained.map(({ head }) => head))).toEqual(new Set([certified, world.tip]))
})

test('nothing is trained when everything is certified already', async () => {
  const world = aWorld([GOOD, GOOD])
  await runCertify(world)
  world.trainer.trained.length = 0
  const before = world.ledger.text
  expect(await runCertify(world)).toContain('Every merge is certified already')
  expect([world.trainer.trained, world.ledger.text]).toEqual([[], before])
})

describe('people', () => {
  test('F49 who close the pull request that undoes a merge keep the merge', async () => {
    const world = aWorld([GOOD, BAD])
    world.forge.onOpened = (pull) => Object.assign(pull, { state: 'closed' })
    await runCertify(world)
    await runCertify(world)
    expect(contents(world)).toEqual([GOOD, BAD].map(String))
    expect(world.forge.pulls).toHaveLength(3)
    const undo = [...replay(world.ledger.events).candidates.values()].at(-1)
    expect(undo).toMatchObject({ origin: revertOrigin(world.tip), end: { kind: 'withdrawn' } })
  })

  test('are told when later merges build on what does not hold', async () => {
    const world = aWorld([BAD, 0.05], { sameFile: true })
    const lines = await runCertify(world)
    const stays = [...replay(world.ledger.events).notReverted.values()]
    expect(stays).toEqual(['later changes build on it, so a person has to revert it'])
    expect(lines).toContainEqual(expect.stringContaining('It stays: later changes build on it'))
    expect(world.forge.pulls).toHaveLength(2)
  })

  /** Pushes to the baseline as soon as the pull request that undoes the merge is there. */
  const pushOnce = (world: World, path: string, text: string) => {
    world.forge.onOpened = () => {
      world.forge.onOpened = () => {}
      world.push({ [path]: text })
    }
  }

  test('F18 who push meanwhile: what undoes the merge is replayed on top', async () => {
    const world = aWorld([BAD])
    pushOnce(world, 'README.md', '0')
    await runCertify(world)
    expect(contents(world)).toEqual(['0'])
    expect(world.files.get('README.md')).toBe('0')
    expect(world.forge.pulls.at(-1)?.state).toBe('merged')
  })

  test('F18 who push to the same lines meanwhile get the pull request to decide', async () => {
    const world = aWorld([BAD])
    pushOnce(world, 'a.py', '0.01')
    await runCertify(world)
    expect(contents(world)).toEqual(['0.01'])
    expect(world.forge.pulls.at(-1)?.state).toBe('open')
    const undo = [...replay(world.ledger.events).candidates.values()].at(-1)
    expect(undo).toMatchObject({ verdict: { kind: 'review' }, end: { kind: 'handed-over' } })
  })

  test('F51 who have undone it themselves find it in the report, and no pull request', async () => {
    const world = aWorld([BAD])
    const [first, merged] = replay(world.ledger.events).baselines
    const ends = { from: first?.commit ?? '', to: merged?.commit ?? '', merges: 1, holds: false }
    world.ledger.write({ kind: 'certification', certification: aCertification(ends) })
    world.push({ 'a.py': '0', 'README.md': '0' })
    await runCertify(world)
    expect([...replay(world.ledger.events).notReverted.values()]).toEqual([
      'the baseline no longer contains it',
    ])
    expect(world.forge.pulls).toHaveLength(1)
  })

  test('are not asked again about what was undone', async () => {
    const world = aWorld([BAD])
    const refuted = world.tip
    await runCertify(world)
    expect(contents(world)).toEqual(['0'])
    expect(certifications(world)).toMatchObject([{ to: refuted, holds: false }])
    expect(await runCertify(world)).toContain('Every merge is certified already')
  })

  test('F50 who push to the baseline begin the proof anew', async () => {
    const world = aWorld([GOOD, GOOD])
    world.push({ 'README.md': '0' })
    const pushed = world.tip
    expect(await runCertify(world)).toContain('Every merge is certified already')
    merge(world, 0, -0.08, 2)
    await runCertify(world)
    expect(certifications(world)).toMatchObject([{ from: pushed, merges: 1, holds: true }])
  })
})

describe('another evaluator', () => {
  test('makes numbers that are compared with each other alone', async () => {
    const world = aWorld([GOOD, GOOD], { certify: EVALUATE })
    await runCertify(world)
    const results = world.ledger.events.flatMap((event) => (event.kind === 'trial' ? [event.result] : []))
    const hashes = Map.groupBy(results, ({ trial }) => trial.protocol.purpose)
    const [judged, fresh] = [hashes.get('judge'), hashes.get('certify')].map(
      (group) => new Set(group?.map(({ config }) => config)),
    )
    expect([judged?.size, fresh?.size, new Set([...(judged ?? []), ...(fresh ?? [])]).size]).toEqual([
      1, 1, 2,
    ])
    const sigma = certifications(world)[0]?.sigma
    const own = results.filter(({ trial }) => !isJudgeTrial(trial)).map(({ value = 0 }) => value)
    expect(own).toHaveLength(8)
    const [even, odd] = [0, 1].map((rest) => own.filter((_, n) => n % 2 === rest))
    expect(sigma).toBe(estimateNoise([even ?? [], odd ?? []])?.sigma)
  })

  test('that fails on the certified commit refutes nothing', async () => {
    const world = aWorld([GOOD, GOOD])
    const failing = { ...aTrialResult({ outcome: 'no-metric', reason: 'no line matches' }) }
    Object.assign(world.trainer, {
      run: async (trial: (typeof world.trainer.trained)[number]) => ({
        ...failing,
        trial,
        config: measurementHash(configOf(configText())),
      }),
    })
    await expect(runCertify(world)).rejects.toThrow(BaselineError)
    expect(certifications(world)).toEqual([])
  })
})

describe('a swarm', () => {
  /** Rounds of training and judging, from one proposing job to the end. */
  async function rounds(world: World, settings: { certify?: boolean } = {}) {
    const ports = world.ports({ proposers: [] })
    let { batches } = await propose(ports, { ...SETTINGS, ...settings })
    const sizes: number[] = []
    while (batches.length > 0) {
      const trials = batches.flatMap((batch) => batch.trials)
      sizes.push(trials.filter((trial) => !isJudgeTrial(trial)).length)
      const results = await trainAll(batches, (trial) => world.trainer.run(trial))
      const judged = await judgeResults({ ...ports, results }, SETTINGS)
      expect(judged.refused).toEqual([])
      batches = judged.batches
    }
    return sizes.filter((size) => size > 0)
  }

  test('carries the trials of certification in its matrix once it is asked for, and settles what comes of it', async () => {
    const world = aWorld([GOOD, BAD])
    expect(await rounds(world)).toEqual([])
    expect(await rounds(world, { certify: true })).toEqual([8, 8, 8])
    expect(contents(world)).toEqual([GOOD, 0].map(String))
  })

  test('certifies by itself after as many merges as configured', async () => {
    const world = aWorld([GOOD, GOOD], { certify: '\n  every: 2' })
    expect(await rounds(world)).toEqual([8])
    expect(certifications(world)).toMatchObject([{ merges: 2, holds: true }])
    expect(await rounds(world)).toEqual([])
  })
})

describe('a machine that goes down during a fresh run', () => {
  /** One job, whose machine goes down in its first trial as soon as the ledger has the assignment. */
  async function goDown(world: World, id: string) {
    const trainer = {
      testbed: world.trainer.testbed,
      slots: 1,
      run: async () => {
        for (let tick = 0; tick < 20; tick++) await Promise.resolve()
        world.fuse.left = { effects: 0, after: false }
        throw new Killed()
      },
    }
    const settings = { ...SETTINGS, dispatch: { id, hypothesis: '', direction: '' } }
    const ended = certify({ ...world.ports(), trainer }, { ...settings, timeBudgetSeconds: 1e9 })
    await ended.catch((error: unknown) => {
      if (!(error instanceof Killed)) throw error
    })
    world.fuse.left = undefined
  }

  test('loses it, and three times stop certification with words', async () => {
    const world = aWorld([GOOD, GOOD])
    for (const id of ['1', '2', '3']) await goDown(world, id)
    await expect(runCertify(world)).rejects.toThrow(
      /^certification cannot continue: fresh run 1 of \w{7} is lost: it started 3 times/,
    )
    expect(world.ledger.events.filter(({ kind }) => kind === 'lost')).toHaveLength(3)
    expect(certifications(world)).toEqual([])
  })

  test('is not to blame for one loss', async () => {
    const world = aWorld([GOOD, GOOD])
    await goDown(world, '1')
    await runCertify(world)
    expect(certifications(world)).toMatchObject([{ merges: 2, holds: true }])
  })
})

test('F10 certification waits where GPU-hours are used up, and says so', async () => {
  const world = aWorld([GOOD, GOOD], { certify: '\nlimits: { week: { gpu-hours: 0.2 } }' })
  expect(await runCertify(world)).toContain(
    'Certification waits: the limit of 0.2 GPU-hours per week is reached',
  )
  expect(certifications(world)).toEqual([])
})

test('what the time budget leaves undone, the next job does', async () => {
  const whole = aWorld([GOOD, GOOD, BAD])
  await runCertify(whole)
  const pieces = aWorld([GOOD, GOOD, BAD])
  let jobs = 0
  for (let lines: string[] = []; jobs < 60 && !lines.includes('Every merge is certified already'); jobs++)
    lines = await runCertify(pieces, 664)
  expect(jobs).toBeGreaterThan(3)
  expect(outcome(pieces)).toEqual(outcome(whole))
})

/** Everything that is left behind, by what does not depend on how often the job was started. */
function outcome(world: World) {
  return {
    contents: contents(world),
    pulls: world.forge.pulls.map(({ title, state }) => `${title} ${state}`),
    certifications: certifications(world),
    checks: [...world.forge.checks].map(([where, { conclusion, title }]) => [where, conclusion, title]),
    trials: world.ledger.events.flatMap((event) => (event.kind === 'trial' ? [event.result.trial.id] : [])),
  }
}

// Killed after one effect or before the next, it leaves the same behind.
test('F40 killed at any effect and started again, it ends the same', async () => {
  const whole = aWorld([GOOD, BAD])
  await runCertify(whole)
  let kills = 0
  for (let effects = 1; ; effects++) {
    const world = aWorld([GOOD, BAD])
    world.fuse.left = { effects, after: effects % 2 === 0 }
    const killed = await runCertify(world).then(
      () => false,
      (error: unknown) => error instanceof Killed,
    )
    if (!killed) break
    kills += 1
    world.fuse.left = undefined
    await runCertify(world)
    expect(outcome(world), `killed at effect ${effects}`).toEqual(outcome(whole))
    expect(noLineTwice(world.ledger.events)).toBe(true)
  }
  expect(kills).toBeGreaterThan(40)
})

function noLineTwice(events: readonly LedgerEvent[]): boolean {
  const lines = events.map((event) => JSON.stringify(event))
  return new Set(lines).size === lines.length
}
