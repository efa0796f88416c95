// The state after a whole night of research, for testing and previewing the report and the page.
import type { Candidate } from '../../../src/core/record/candidate.ts'
import type { BaselineCommit, State } from '../../../src/core/record/state.ts'
import type { Outcome, TrialResult } from '../../../src/core/record/trial.ts'
import { aBaseline, aCandidate, aState, aTrialResult, aVerdict, sha, trialResults } from '../../factories.ts'

/** [title, gain, end]; a merge moves the baseline by its gain. */
export type Idea = readonly [title: string, gain: number, fate: 'merge' | 'reject' | 'park' | Outcome]

const NOISE = [0.004, -0.006, 0.002, -0.001, 0.005, -0.004]

/** Builds the state after the given ideas, in order, from a baseline of `start`. A positive gain lowers the metric. */
export function aNight(start: number, ideas: readonly Idea[]): State {
  const baselines: BaselineCommit[] = [aBaseline()]
  const candidates: Candidate[] = []
  const trials: TrialResult[] = trialResults(NOISE.map((noise) => start + noise))
  let level = start
  for (const [index, [title, gain, fate]] of ideas.entries()) {
    const settled = settle(title, gain, fate, index, baselines.at(-1) ?? aBaseline(), level)
    candidates.push(settled.candidate)
    trials.push(...settled.trials)
    if (fate !== 'merge') continue
    level -= gain
    baselines.push({ commit: sha(`merge ${index}`), tree: settled.candidate.tree })
  }
  const usage = { inputTokens: 1_204_000, outputTokens: 83_000, dollars: 3.41 }
  return { ...aState({ candidates, trials, baselines }), usage }
}

function settle(
  title: string,
  gain: number,
  fate: Idea[2],
  index: number,
  base: BaselineCommit,
  level: number,
): { candidate: Candidate; trials: TrialResult[] } {
  const decided = fate === 'merge' || fate === 'park' || fate === 'reject'
  const runs = fate === 'merge' ? 3 : fate === 'park' ? 4 : 1
  const candidate = aCandidate({
    name: `idea ${index}`,
    title,
    base: base.commit,
    proposer: index % 3 === 0 ? 'knobs' : 'openai gpt-x',
    category: index % 3 === 0 ? 'hyperparameter' : 'architecture',
    pullRequest: 100 + index,
    verdict: decided
      ? aVerdict({ kind: fate, gain, reason: `gain ${gain} over ${runs} runs`, sigma: 0.0045 })
      : {
          kind: 'reject',
          reason: `run 1 of 1 ended ${fate}`,
          failure: fate as Exclude<Outcome, 'measured'>,
          runs: { candidate: 1, baseline: 6 },
        },
    end:
      fate === 'merge'
        ? { kind: 'merged', commit: sha(`merge ${index}`), asTrained: true }
        : { kind: 'closed' },
  })
  const trials = decided
    ? NOISE.slice(0, runs).map((noise, run) =>
        aTrialResult({ candidate, replicate: run + 1, value: level - gain + noise }),
      )
    : [aTrialResult({ candidate, outcome: fate })]
  return { candidate, trials }
}

export const NIGHT: readonly Idea[] = [
  ['Raise the learning rate to 4e-3', 0.062, 'merge'],
  ['Drop weight decay on embeddings', -0.012, 'reject'],
  ['Use ReLU² in the feed-forward', 0.094, 'merge'],
  ['Double the width', 0, 'out-of-memory'],
  ['Remove the final layer norm', -3.1, 'reject'],
  ['Warm up for 2 % of the steps', 0.004, 'reject'],
  ['Rotary position embeddings', 0.118, 'merge'],
  ['Adam β₂ 0.95', 0.009, 'park'],
  ['Adam β₂ 0.90', -0.03, 'reject'],
  ['Tie input and output embeddings', 0.031, 'merge'],
  ['Gradient clipping at 0.5', -0.004, 'reject'],
  ['bfloat16 everywhere', 0, 'diverged'],
  ['Cosine decay to 10 %', 0.043, 'merge'],
  ['Learning rate 8e-3', -0.09, 'reject'],
  ['Batch size 48', -0.02, 'reject'],
  ['Batch size 16', 0.052, 'merge'],
  ['Label smoothing 0.1', -0.14, 'reject'],
  ['QK norm', 0.027, 'merge'],
  ['Value residual from the first layer', 0.006, 'reject'],
  ['Logit soft cap 15', 0.003, 'reject'],
  ['Trapezoid schedule', -0.011, 'reject'],
  ['Muon for the matrices', 0.088, 'merge'],
  ['Muon momentum 0.9', -0.007, 'reject'],
  ['Six heads', -0.016, 'reject'],
  ['Sliding window of 128', 0, 'crashed'],
  ['Zero-init the output projections', 0.019, 'merge'],
  ['Dropout 0.05', -0.024, 'reject'],
  ['Depth 5, width 320', 0.002, 'reject'],
  ['Warmdown over the last 40 %', 0.034, 'merge'],
  ['Embedding scale √d', -0.003, 'reject'],
  ['Weight decay 0.05', 0.005, 'reject'],
]
