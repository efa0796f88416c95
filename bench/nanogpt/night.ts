// One night on nanoGPT in memory: what a search of constants proposes is trained, judged and merged by the production rules.
import { createHash } from 'node:crypto'
import { type Change, changeKey } from '../../src/core/gate/gate.ts'
import { sketchOf } from '../../src/core/gate/sketch.ts'
import type { Conditions } from '../../src/core/judge/evidence.ts'
import { hasNoEffect } from '../../src/core/judge/no-effect.ts'
import { decide, planTrials } from '../../src/core/plan/schedule.ts'
import { explainRepetition } from '../../src/core/propose/novelty.ts'
import {
  type Candidate,
  candidateId,
  type FileEdits,
  knobsOf,
  type Proposal,
} from '../../src/core/record/candidate.ts'
import { LEDGER_FORMAT, type LedgerEvent } from '../../src/core/record/events.ts'
import { pastIdeas } from '../../src/core/record/ideas.ts'
import { advance, replay, type State } from '../../src/core/record/state.ts'
import type { Trial } from '../../src/core/record/trial.ts'
import type { Proposer } from '../../src/ports/proposer.ts'
import { aCandidate, aProposalRequest, aTrialResult, POLICY } from '../../test/factories.ts'
import type { Training } from './training.ts'

type Files = ReadonlyMap<string, string>

const CONDITIONS: Conditions = { config: '0123456789abcdef', testbed: 'processor', direction: 'minimize' }
const NOVELTY = { similarity: 0.8, retryAfterMerges: 5 }

export interface Setting {
  training: Training
  files: Files
  editable: readonly string[]
  train: string
  rootSeed: string
}

export class Night {
  state: State
  files: Files
  runs = 0
  seconds = 0
  readonly #setting: Setting
  readonly #texts = new Map<string, Files>()

  constructor(setting: Setting) {
    this.#setting = setting
    this.files = setting.files
    const commit = sha('start')
    const tree = this.#treeOf(setting.files)
    this.state = replay([
      { kind: 'started', rootSeed: setting.rootSeed, format: LEDGER_FORMAT },
      { kind: 'baseline', commit, tree, cause: 'started' },
    ])
  }

  get decided(): Candidate[] {
    return [...this.state.candidates.values()].filter(({ verdict }) => verdict !== undefined)
  }

  /** Candidates of which every run equals the baseline's run with the same seed. */
  get withoutEffect(): Candidate[] {
    return this.decided.filter((candidate) => hasNoEffect(this.state, CONDITIONS, candidate))
  }

  /** One more candidate, from its proposal to its end. @returns false when nothing is left to propose */
  async step(proposer: Proposer): Promise<boolean> {
    while (await this.#train());
    const proposal = await this.#propose(proposer)
    if (proposal === undefined) return false
    const { id } = this.#record(proposal)
    while (this.state.candidates.get(id)?.verdict === undefined) await this.#train()
    this.#end(id, proposal)
    return true
  }

  /** Makes the most urgent run. @returns false when there is none */
  async #train(): Promise<boolean> {
    const [trial] = planTrials(this.state, CONDITIONS, POLICY)
    if (trial) await this.#run(trial)
    this.#add(decide(this.state, CONDITIONS, POLICY))
    return trial !== undefined
  }

  async #run(trial: Trial): Promise<void> {
    const files = this.#texts.get(trial.tree)
    if (files === undefined) throw new Error(`no such tree: ${trial.tree}`)
    const { value, succeeded, curve, seconds } = await this.#setting.training.run(files, trial.seed)
    this.runs += 1
    this.seconds += seconds
    const { value: _, reason: __, ...template } = aTrialResult()
    const measured =
      value === undefined
        ? succeeded
          ? ({ outcome: 'no-metric', reason: 'training printed no loss' } as const)
          : ({ outcome: 'crashed', reason: 'training failed' } as const)
        : ({ outcome: 'measured', value } as const)
    const times = { wallSeconds: seconds, deviceSeconds: seconds }
    this.#add([
      {
        kind: 'trial',
        result: { ...template, ...CONDITIONS_OF_RESULT, trial, curve, ...times, ...measured },
      },
    ])
  }

  async #propose(proposer: Proposer): Promise<Proposal | undefined> {
    const { editable, train } = this.#setting
    const result = await proposer.propose(
      aProposalRequest({
        files: this.files,
        editable,
        train,
        history: pastIdeas(this.state),
        review: (proposal) => [explainRepetition(this.state, this.#changes(proposal), NOVELTY) ?? []].flat(),
      }),
    )
    return result.kind === 'proposal' ? result.proposal : undefined
  }

  #changes({ files }: Pick<Proposal, 'files'>): Change[] {
    return [...writtenFiles(files)].map(([path, after]) => ({
      path,
      mode: '100644',
      before: this.files.get(path) ?? '',
      after,
    }))
  }

  #record(proposal: Proposal): Candidate {
    const { title, hypothesis, category, knobs = [] } = proposal
    const changes = this.#changes(proposal)
    const tree = this.#treeOf(new Map([...this.files, ...writtenFiles(proposal.files)]))
    const base = this.state.baseline?.commit ?? ''
    const [knob] = knobs
    const candidate: Candidate = {
      ...aCandidate({ title, hypothesis, category, base, tree, head: sha(`${base} ${tree}`) }),
      id: candidateId(base, tree),
      ...(knobs.length > 1 ? { knobs } : knob && { knob }),
      changeKey: changeKey(changes),
      sketch: sketchOf(changes),
      constantsOnly: true,
      pullRequest: this.state.candidates.size + 1,
    }
    this.#add([{ kind: 'proposed', candidate }])
    return candidate
  }

  #end(id: string, proposal: Proposal): void {
    const candidate = this.state.candidates.get(id)
    if (candidate?.verdict?.kind !== 'merge') {
      this.#add([{ kind: 'ended', candidate: id, end: { kind: 'closed' } }])
      return
    }
    const commit = sha(`merge ${id}`)
    this.files = new Map([...this.files, ...writtenFiles(proposal.files)])
    this.#add([
      { kind: 'ended', candidate: id, end: { kind: 'merged', commit, asTrained: true } },
      { kind: 'baseline', commit, tree: candidate.tree, cause: 'merged' },
    ])
  }

  #add(events: readonly LedgerEvent[]): void {
    this.state = advance(this.state, events)
  }

  /** The tree of these files, which can be trained from now on. */
  #treeOf(files: Files): string {
    const editable = new Map(this.#setting.editable.map((path) => [path, files.get(path) ?? '']))
    const tree = sha(JSON.stringify([...editable]))
    this.#texts.set(tree, editable)
    return tree
  }
}

const CONDITIONS_OF_RESULT = { config: CONDITIONS.config, testbed: 'processor' }

function sha(text: string): string {
  return createHash('sha1').update(text).digest('hex')
}

/** `title: verdict`, for a person who reads how the night went. */
export function describe(candidate: Candidate): string {
  const { title, verdict } = candidate
  return `${knobsOf(candidate).length} ${verdict?.kind} ${title}: ${verdict?.reason}`
}

/** What constants of a proposal became; changing constants deletes no file. */
function writtenFiles(files: FileEdits): Map<string, string> {
  return new Map([...files].flatMap(([path, after]) => (after === null ? [] : [[path, after]])))
}
