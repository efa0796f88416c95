// Writes the configuration of a general rule as YAML with a comment for each choice.
import { stringify } from 'yaml'
import type { Draft, DraftMetric } from './draft.ts'

export function renderConfig(draft: Draft, programPath: string): string {
  const { editable, setup, train, evaluate, budget, metric, progress, more = [] } = draft
  return [
    '# What Autoresearch Action researches here. Written by `init`; every line is yours to change.',
    '# All settings: docs/configuration.md of the action. `doctor` checks this file and trains once.',
    '',
    '# The only files that a proposal may change. Keep data, evaluation and tests out of it.',
    'editable:',
    ...editable.map((glob) => `  - ${scalar(glob)}`),
    '',
    '# Directions for proposers, in your words.',
    `program: ${scalar(programPath)}`,
    ...(setup === undefined
      ? []
      : [
          '',
          '# Runs once on each machine, with the network and without the editable files: packages and data.',
          `setup: ${scalar(setup)}`,
        ]),
    '',
    '# One training run, in a sandbox without network. It gets AUTORESEARCH_SEED and AUTORESEARCH_BUDGET_SECONDS,',
    '# reads $AUTORESEARCH_DATA and may keep files in $AUTORESEARCH_OUT.',
    `train: ${scalar(train)}`,
    ...(evaluate === undefined
      ? []
      : [
          '',
          '# Prints the metric after training has ended, where no candidate can touch it.',
          `evaluate: ${scalar(evaluate)}`,
        ]),
    '',
    '# How long one run may train. A run is killed after twice that and a minute (`timeout`).',
    `budget: ${budget}`,
    '',
    ...metricLines(metric),
    ...(progress === undefined
      ? []
      : [
          '',
          '# The loss during training: draws the curves, and lets hopeless runs be stopped early.',
          'progress:',
          `  pattern: ${quoted(progress)}`,
        ]),
    ...more.flatMap((line) => ['', line]),
    '',
    ...PROPOSERS,
    '',
  ].join('\n')
}

function metricLines(metric: DraftMetric | undefined): string[] {
  if (!metric)
    return [
      '# FILL IN: the number that decides. `pattern` finds it in the output; the parentheses hold the number.',
      "metric: { name: val_loss, direction: minimize, pattern: '^val_loss: (\\S+)' }",
    ]
  const { name, direction, source, deterministic } = metric
  const speed = ' To research speed instead, use `kind: time-to-target` (docs/time-to-target.md).'
  const head = [
    `# The number that decides.${deterministic ? '' : speed}`,
    'metric:',
    `  name: ${scalar(name)}`,
    `  direction: ${direction}`,
  ]
  if (source.kind === 'file')
    return [...head, `  file: ${scalar(source.file)} # in $AUTORESEARCH_OUT`, `  key: ${scalar(source.key)}`]
  const take = ['  take: last # of the values that one run prints']
  const sure = ['  deterministic: true # equal code gives the same number']
  return [
    ...head,
    `  pattern: ${quoted(source.pattern)}`,
    ...(source.repeated ? take : []),
    ...(deterministic ? sure : []),
  ]
}

const PROPOSERS = [
  '# Who invents candidates. `knobs` searches the numbers in the editable files and needs no model or key.',
  '# A model behind any OpenAI-compatible endpoint has ideas of its own; its key is the secret OPENAI_API_KEY.',
  'proposers:',
  '  - kind: knobs',
  '  # - kind: openai',
  '  #   model: your-model',
  '  #   base-url: https://your-endpoint/v1',
]

/** A YAML scalar on one line. */
function scalar(text: string): string {
  const written = stringify(text, { lineWidth: 0 }).trim()
  return written.startsWith('"') ? quoted(text) : written
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
