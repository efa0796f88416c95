// Trials that never come back, through the jobs of a swarm and through the loop of one machine.
import { describe, expect, test } from 'vitest'
import { propose } from '../../src/commands/propose.ts'
import { run } from '../../src/commands/run.ts'
import type { TrialResult } from '../../src/core/record/trial.ts'
import type { Trainer } from '../../src/ports/trainer.ts'
import { Killed } from '../fakes/fuse.ts'
import { aWorld, now, round as roundOf, settingsOf } from '../fakes/swarm.ts'
import type { World } from '../fakes/world.ts'

const LOST = 'run 1 is lost: it started 3 times and never returned a valid result'

type Fate = 'returns' | 'vanishes' | 'is refused'

function round(world: World, id: string, fate: Fate, judgings = 1): Promise<string[]> {
  const train = async (trial: TrialResult['trial']): Promise<TrialResult | undefined> => {
    if (fate === 'vanishes') return undefined
    const result = await world.trainer.run(trial)
    return fate === 'returns' ? result : { ...result, config: 'f'.repeat(16) }
  }
  return roundOf(world, id, train, judgings)
}

describe('in a swarm', () => {
  test('F98 a trial that no runner took is a warning on the page of the run, with that as a reason', async () => {
    const { world } = aWorld(0.5)
    expect(await round(world, '1', 'vanishes')).toContainEqual(
      expect.stringContaining('no runner with the labels of the job took it within 24 hours'),
    )
  })

  test.each(['vanishes', 'is refused'] as const)('a trial that %s in three rounds is lost', async (fate) => {
    const { world, candidates } = aWorld(0.5)
    const [candidate] = candidates
    for (const id of ['1', '2']) {
      const lines = await round(world, id, fate)
      expect(lines).toContainEqual(expect.stringContaining('No valid result for'))
      expect(now(world, candidate)?.verdict).toBeUndefined()
    }
    await round(world, '3', fate)
    expect(now(world, candidate)).toMatchObject({
      verdict: { kind: 'reject', reason: LOST },
      end: { kind: 'closed' },
    })
    expect(world.pullOf(candidate)?.state).toBe('closed')
    expect(world.forge.checks.get(`${candidate.head} autoresearch / val_bpb`)).toMatchObject({
      conclusion: 'failure',
      title: `${LOST}: reject`,
    })
  })

  test('one loss is retried', async () => {
    const { world, candidates } = aWorld(0.5)
    await round(world, '1', 'vanishes')
    await round(world, '2', 'returns')
    expect(now(world, candidates[0])?.verdict?.reason).toContain('over 1 run, ')
  })

  test('F41 a round that is judged again loses nothing more', async () => {
    const { world, candidates } = aWorld(0.5)
    await round(world, '1', 'vanishes', 5)
    expect(now(world, candidates[0])?.verdict).toBeUndefined()
    expect(world.ledger.events.filter(({ kind }) => kind === 'lost')).toHaveLength(1)
  })

  test('machines that all vanish take no candidate with them', async () => {
    const { world, candidates } = aWorld(0.5, 0.6)
    for (const id of ['1', '2', '3', '4']) {
      const lines = await round(world, id, 'vanishes')
      expect(lines).toContainEqual(expect.stringContaining('No valid result for'))
    }
    for (const candidate of candidates) expect(now(world, candidate)?.verdict).toBeUndefined()
  })

  test('a round that was never judged loses nothing', async () => {
    const { world, candidates } = aWorld(0.5)
    for (const id of ['1', '2', '3', '4']) await propose(world.ports(), settingsOf(id))
    expect(now(world, candidates[0])?.verdict).toBeUndefined()
  })

  test('F40 killed at any effect of the third round and started again, it ends the same', async () => {
    const lostTwice = async () => {
      const { world, candidates } = aWorld(0.5)
      for (const id of ['1', '2']) await round(world, id, 'vanishes')
      return { world, candidate: candidates[0] }
    }
    let kills = 0
    for (let effects = 1; ; effects++) {
      const { world, candidate } = await lostTwice()
      world.fuse.left = { effects, after: effects % 2 === 0 }
      const killed = await round(world, '3', 'vanishes').then(
        () => false,
        (error: unknown) => error instanceof Killed,
      )
      world.fuse.left = undefined
      if (!killed) break
      kills += 1
      await round(world, '3', 'vanishes')
      expect(now(world, candidate)).toMatchObject({ verdict: { reason: LOST }, end: { kind: 'closed' } })
      expect(world.ledger.events.filter(({ kind }) => kind === 'lost')).toHaveLength(3)
    }
    expect(kills).toBeGreaterThan(3)
  })
})

describe('on one machine', () => {
  /** Ends the whole job in the middle of a trial of a candidate, as a machine does that goes down. */
  function deadly(world: World): Trainer {
    return {
      testbed: world.trainer.testbed,
      slots: 1,
      async run(trial) {
        if (trial.candidate === null) return world.trainer.run(trial)
        for (let tick = 0; tick < 40; tick++) await Promise.resolve()
        world.fuse.left = { effects: 0, after: false }
        throw new Killed()
      },
    }
  }

  async function runOnce(world: World, id: string, trainer: Trainer, cancelled?: AbortSignal) {
    const ports = { ...world.ports(cancelled && { cancelled }), trainer }
    await run(ports, { ...settingsOf(id), timeBudgetSeconds: 1e9 }).catch((error: unknown) => {
      if (!(error instanceof Killed)) throw error
    })
    world.fuse.left = undefined
  }

  test('a trial that ends the machine three times is lost, and research goes on', async () => {
    const { world, candidates } = aWorld(0.5)
    for (const id of ['1', '2', '3']) {
      await runOnce(world, id, deadly(world))
      expect(now(world, candidates[0])?.verdict).toBeUndefined()
    }
    await runOnce(world, '4', deadly(world))
    expect(now(world, candidates[0])).toMatchObject({ verdict: { reason: LOST }, end: { kind: 'closed' } })
  })

  test('a job that is cancelled during a trial loses none', async () => {
    const { world, candidates } = aWorld(0.5)
    for (const id of ['1', '2', '3', '4']) {
      const cancel = new AbortController()
      const trainer: Trainer = {
        testbed: world.trainer.testbed,
        slots: 1,
        run: (trial) => {
          cancel.abort()
          return world.trainer.run(trial)
        },
      }
      await runOnce(world, id, trainer, cancel.signal)
    }
    expect(now(world, candidates[0])?.verdict).toBeUndefined()
    expect(world.ledger.events.filter(({ kind }) => kind === 'lost')).toEqual([])
  })

  test('a trainer that gives up with an error loses none', async () => {
    const { world } = aWorld(0.5)
    const trainer: Trainer = {
      testbed: world.trainer.testbed,
      slots: 1,
      run: () => Promise.reject(new Killed()),
    }
    for (const id of ['1', '2', '3', '4']) await runOnce(world, id, trainer)
    expect(world.ledger.events.filter(({ kind }) => kind === 'lost')).toEqual([])
  })
})
