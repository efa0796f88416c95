// A person's idea is recorded at once, whatever other jobs do.
import { describe, expect, test } from 'vitest'
import { request } from '../../src/commands/request.ts'
import { ConfigError } from '../../src/errors.ts'
import { openSession } from '../../src/session/opening.ts'
import { CONFIG_PATH, SETTINGS, World } from '../fakes/world.ts'

const CONFIG = `editable: [train.py]
train: python train.py
budget: 5m
metric: { name: val_bpb, direction: minimize, pattern: '^val_bpb: (\\S+)' }
`
const IDEA = { id: '7', hypothesis: 'Learn slower', direction: '' }

const aWorld = () =>
  new World(
    new Map([
      ['train.py', '0'],
      [CONFIG_PATH, CONFIG],
    ]),
  )
const ideasOf = async (world: World) => [
  ...(await openSession(world.ports(), SETTINGS)).state.requests.keys(),
]

describe('F96 the command request', () => {
  test('records the idea, and the next job has it', async () => {
    const world = aWorld()
    await request(world.ports(), { ...SETTINGS, dispatch: IDEA })
    expect(world.ledger.pushes).toHaveLength(1)
    expect(await ideasOf(world)).toEqual(['run-7'])
  })

  test('records it once, however often its run is started again', async () => {
    const world = aWorld()
    await request(world.ports(), { ...SETTINGS, dispatch: IDEA })
    await request(world.ports(), { ...SETTINGS, dispatch: IDEA })
    expect(await ideasOf(world)).toEqual(['run-7'])
  })

  test('without an idea it says which input is missing', async () => {
    const refused = request(aWorld().ports(), { ...SETTINGS, dispatch: { ...IDEA, hypothesis: '' } })
    await expect(refused).rejects.toBeInstanceOf(ConfigError)
  })
})
