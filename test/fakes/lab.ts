// Where proposing is tried out: a repository of one file, on whose baseline one candidate was tried and closed.

import { measurementHash } from '../../src/core/config/measurement.ts'
import { type Candidate, candidateBranch, NO_USAGE, type Usage } from '../../src/core/record/candidate.ts'
import type { LedgerEvent } from '../../src/core/record/events.ts'
import type { Checker } from '../../src/ports/proposer.ts'
import { openSession } from '../../src/session/opening.ts'
import type { Session } from '../../src/session/session.ts'
import { aBaseline, aCandidate, configOf } from '../factories.ts'
import { FakeClock } from './clock.ts'
import { FakeLog } from './log.ts'
import { CONFIG_PATH, SETTINGS, World } from './world.ts'

export const TRAIN = 'lr = 1\nwd = 1\n'
export const CONFIG = `editable: [train.py]
train: python train.py
checks: [python -m py_compile train.py]
budget: 5m
metric: { name: val_bpb, direction: minimize, pattern: '^val_bpb: (\\S+)' }
limits: { tokens: 1000, dollars: 1 }
search: { structural-share: 0, novelty: 1 }
`
/** Tried and closed before a test begins. */
export const PAST = aCandidate({ name: 'warmup' })

export interface LabFields {
  config?: string
  checker?: Checker
  /** What was proposed in runs before. */
  before?: Usage
  /** What else is in the ledger. */
  events?: readonly LedgerEvent[]
  writtenAt?: Date
  now?: Date
}

/** The hash under which results are compared with this configuration. */
export function configHash(text: string): string {
  return measurementHash(configOf(text))
}

/** The branches of what is proposed in its ledger are there. */
export function aLab(fields: LabFields = {}) {
  const { config = CONFIG, checker, before = NO_USAGE, writtenAt } = fields
  const root = aBaseline()
  const files = new Map([
    ['train.py', TRAIN],
    [CONFIG_PATH, config],
  ])
  const world = new World(files, { root })
  const events: LedgerEvent[] = [
    { kind: 'proposed', candidate: { ...PAST, usage: before } },
    { kind: 'ended', candidate: PAST.id, end: { kind: 'closed' } },
    ...(fields.events ?? []),
  ]
  for (const event of events) if (event.kind === 'proposed') addHead(world, event.candidate)
  if (writtenAt) world.ledger.writeAt(writtenAt, ...events)
  else world.ledger.write(...events)
  const log = new FakeLog()
  const clock = new FakeClock(fields.now ? { start: fields.now } : { perLook: 1 })
  const ports = world.ports({ checker, log, clock })
  const { forge, discussion, ledger } = world
  return { world, ports, forge, discussion, log, recorded: () => ledger.events }
}

/** The commit and the branch of a candidate that a factory made. */
function addHead({ repository }: World, { id, base, head, tree }: Candidate): void {
  const files = new Map(repository.filesOf(base)).set('train.py', 'lr = 3\nwd = 1\n')
  repository.putAs({ commit: head, tree }, files, base)
  repository.branches.set(candidateBranch(id), head)
}

/** A session on a repository whose `train.py` has this text, and in which nothing was tried. */
export function aSession(source: string): Promise<Session> {
  const files = new Map([
    ['train.py', source],
    [CONFIG_PATH, CONFIG.replace(/^(checks|limits|search):.*\n/gm, '')],
  ])
  return openSession(new World(files, { root: aBaseline() }).ports(), SETTINGS)
}
