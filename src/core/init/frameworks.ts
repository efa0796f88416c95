// Frameworks that print by themselves: how a script that uses one is recognised, and the line in which the metric then stands.
import { BOOSTERS } from './boosters.ts'
import { findLine, findValue, type Layout, plainPaths } from './layout.ts'
import { type Library, logged } from './library.ts'
import type { FoundMetric } from './metric.ts'
import { importedFiles, NOT_TRAINING } from './python.ts'

const OFFLINE = 'HF_HUB_OFFLINE=1 WANDB_MODE=offline '

export const LIBRARIES: readonly Library[] = [
  {
    recognised: 'a script that uses the Trainer of Hugging Face transformers',
    lines: [/^\s*(?:from|import)\s+transformers\b/, /\bTrainer\(/],
    metric: trainerMetric,
    arguments: ['--output_dir', '"$AUTORESEARCH_OUT"', '--report_to', 'none'],
    environment: OFFLINE,
    check: [
      'Training has no network: let `setup` download the model and the data set (`hf download …`), which fills `~/.cache/huggingface`.',
    ],
  },
  {
    recognised: 'a Lightning script',
    lines: [
      /^\s*(?:from|import)\s+(?:lightning|pytorch_lightning)\b/,
      /\bTrainer\(|\bLightningCLI\(|\btrainer\.fit\(/,
    ],
    metric: lightningMetric,
    arguments: [],
    environment: '',
    check: [],
    withoutMetric:
      'Lightning prints what a model logs in a table when `trainer.validate(model)` or `trainer.test(model)` ends: let the script end with one of them, and write the row into `metric.pattern`.',
  },
  {
    recognised: 'a Keras script',
    lines: [
      /^\s*(?:from|import)\s+(?:tensorflow\.)?keras\b|^\s*from\s+tensorflow\s+import\s+keras\b|\btf\.keras\b/,
      /\.fit\(/,
    ],
    metric: kerasMetric,
    arguments: [],
    environment: '',
    check: [],
  },
  {
    recognised: 'a Stable-Baselines3 script',
    lines: [/^\s*(?:from|import)\s+(?:stable_baselines3|sb3_contrib)\b/, /\.learn\(/],
    metric: stableBaselinesMetric,
    arguments: [],
    environment: '',
    check: [],
    withoutMetric:
      'Stable-Baselines3 prints nothing unless the model is made with `verbose=1`. Better: let the script end with `evaluate_policy` and print the mean reward.',
  },
  ...BOOSTERS,
]

/** `trainer.evaluate()` prints `{'eval_loss': 2.31, …}`; newer versions quote the number. */
function trainerMetric(layout: Layout, script: string): FoundMetric | undefined {
  const evidence = findLine(layout, script, /\.evaluate\(|\beval_strategy\s*=|\bevaluation_strategy\s*=/)
  return evidence && logged('eval_loss', `'eval_loss': '?([-+.\\w]+)`, evidence)
}

/**
 * `trainer.validate` and `trainer.test` print a table of what the model logs while they run. A configuration may name the model
 * (`_target_: src.models.Net`), so that the script imports nothing of it.
 */
function lightningMetric(layout: Layout, script: string): FoundMetric | undefined {
  const models = plainPaths(layout, /\.py$/).filter((path) => !NOT_TRAINING.test(path))
  const printed = [
    [/\.validate\(/, /\.log\(\s*f?["']((?:val|valid)[\w/]*)["']/],
    [/\.test\(/, /\.log\(\s*f?["'](test[\w/]*)["']/],
  ] as const
  for (const [ends, logs] of printed) {
    const prints = findLine(layout, script, ends)
    if (!prints) continue
    for (const path of [script, ...importedFiles(layout, script), ...models]) {
      const name = findValue(layout, path, logs)?.value
      if (name !== undefined) return logged(name.replaceAll('/', '_'), `^\\W*${name}\\W+([-+.\\w]+)`, prints)
    }
  }
  return undefined
}

/** The summary of a validation in the manner of PyTorch's ImageNet example: ` *   Acc@1 71.200 Acc@5 90.100`. */
export function meterMetric(layout: Layout, paths: readonly string[]): FoundMetric | undefined {
  for (const path of paths) {
    const evidence = findLine(layout, path, /\bAverageMeter\(\s*["']Acc@1["']/)
    if (evidence && findLine(layout, path, /["'] ?\*["']/))
      return logged('acc_1', '^\\s*\\*\\s+Acc@1\\s+([-+.\\w]+)', evidence)
  }
  return undefined
}

/** `fit` prints `val_loss: 0.1234` at the end of each epoch when it has data to validate on. */
function kerasMetric(layout: Layout, script: string): FoundMetric | undefined {
  const evidence = findLine(layout, script, /\bvalidation_(?:data|split)\s*=/)
  return evidence && logged('val_loss', '\\bval_loss:\\s+([-+.\\w]+)', evidence)
}

/** With `verbose=1` a table shows the mean reward of the latest episodes: `|    ep_rew_mean      | 21.4     |`. */
function stableBaselinesMetric(layout: Layout, script: string): FoundMetric | undefined {
  const evidence = findLine(layout, script, /\bverbose\s*=\s*[12]\b/)
  return evidence && logged('mean_reward', '\\bep_rew_mean\\W+([-+.\\w]+)', evidence, false)
}
