// A session on a repository of one file, a ledger and a forge in memory.

import { LEDGER_FORMAT } from '../../src/core/record/events.ts'
import { appendEvents } from '../../src/core/record/ledger.ts'
import type { Repository } from '../../src/ports.ts'
import { openSession } from '../../src/session/opening.ts'
import type { Session } from '../../src/session/session.ts'
import { aBaseline, CONDITIONS, ROOT_SEED, sha } from '../factories.ts'
import { MemoryLedgerStore } from './ledger-store.ts'
import { AT, STILL_CLOCK } from './memory.ts'

export const SOURCE = 'lr = 0.1\nh = relu(linear(x))\nloss = project(norm(h))\n'
const CONFIG_TEXT = `editable: [train.py]
train: python train.py
budget: 5m
metric: { name: val_bpb, direction: minimize, pattern: '^val_bpb: (\\S+)' }
`
const unused = (): never => {
  throw new Error('not part of this test')
}

/** Commits of `train.py`, by their text. */
class MemoryRepository implements Repository {
  readonly #texts = new Map([[aBaseline().commit, SOURCE]])
  readonly treeOf = async () => aBaseline().tree
  readonly rebase = unused
  readonly revert = unused

  async remoteBranches() {
    const { commit } = aBaseline()
    return {
      defaultBranch: 'main',
      commits: new Map(['main', 'autoresearch/baseline'].map((n) => [n, commit])),
    }
  }

  async readFile() {
    return CONFIG_TEXT
  }

  async readFiles(commit: string) {
    return new Map([['train.py', this.#texts.get(commit) ?? '']])
  }

  async changes(from: string, to: string) {
    const [before, after] = [this.#texts.get(from), this.#texts.get(to)]
    if (before === undefined || after === undefined) throw new Error('no such commit')
    return [{ path: 'train.py', mode: '100644', before, after }]
  }

  async commit({ files }: { files: ReadonlyMap<string, string> }) {
    const text = files.get('train.py') ?? ''
    this.#texts.set(sha(text), text)
    return { commit: sha(text), tree: sha(`${text} tree`) }
  }
}

const ledger = () => {
  const text = appendEvents(
    '',
    [
      { kind: 'started', rootSeed: ROOT_SEED, format: LEDGER_FORMAT },
      { kind: 'baseline', ...aBaseline(), cause: 'started' },
    ],
    AT,
  )
  return new MemoryLedgerStore({ text, curves: '' })
}

export function aSession(): Promise<Session> {
  const forge = {
    openPullRequests: async () => [],
    openPullRequest: unused,
    pullRequest: unused,
    putCheckRun: unused,
    putComment: unused,
    merge: unused,
    close: unused,
  }
  return openSession(
    {
      repository: new MemoryRepository(),
      ledger: ledger(),
      forge,
      clock: STILL_CLOCK,
      log: { info: () => {}, warn: () => {} },
      cancelled: new AbortController().signal,
    },
    {
      configPath: '.github/autoresearch.yml',
      rootSeed: ROOT_SEED,
      newLedger: false,
      testbed: CONDITIONS.testbed,
      candidates: undefined,
      runUrl: undefined,
    },
  )
}
