// The configuration file as one zod schema: the allowed values, and the descriptions that editors show. The sections are in
// schema/, the kinds of field in fields.ts.
import { z } from 'zod'
import { DEFAULT_MERGE_RISK } from '../judge/policy.ts'
import {
  chance,
  checked,
  despiteProblems,
  duration,
  every,
  gain,
  line,
  percentage,
  ruled,
  section,
} from './fields.ts'
import { branchRule, globRule, pathRule, trainRule } from './rules.ts'
import { checkCut, checkEvaluate, checkEvaluator, checkTimeout } from './schema/cross-field.ts'
import { certify, replicates, simplicity } from './schema/deciding.ts'
import { limits, search } from './schema/limits.ts'
import { metric, progress } from './schema/metric.ts'
import { proposers } from './schema/proposers.ts'
import { sandbox } from './schema/sandbox.ts'
import { ignore, outputs, setup } from './schema/setup.ts'

export const configSchema = section({
  baseline: ruled('a branch name', branchRule)
    .default('autoresearch/baseline')
    .meta({ description: 'Branch that holds the best proven code.', examples: ['autoresearch/baseline'] }),
  editable: z
    .array(
      ruled('a glob', globRule).meta({
        description:
          'Glob with *, ** and ?, relative to the repository root. Cannot match files in .github/.',
        examples: ['train.py'],
      }),
      'a list of globs',
    )
    .min(1, 'at least one glob')
    .meta({
      description: 'Files that a candidate may change. All other files come from the baseline.',
      examples: [['train.py']],
    }),
  program: ruled('a relative path', pathRule)
    .meta({ description: 'Text file with instructions for proposers.', examples: ['program.md'] })
    .exactOptional(),
  setup: setup.exactOptional(),
  train: line('a command')
    .superRefine(checked(trainRule))
    .meta({ description: 'Command that runs one training.', examples: ['uv run train.py'] }),
  evaluate: line('a command')
    .meta({
      description:
        'Command that prints the metric after training has ended, in its own sandbox. Replaces the metric that training printed.',
      examples: ['uv run evaluate.py'],
    })
    .exactOptional(),
  checks: z
    .array(
      line('a command').meta({
        description: 'Command that quickly checks whether the code is broken.',
        examples: ['python -m py_compile train.py'],
      }),
      'a list of commands',
    )
    .max(10, 'at most 10 commands')
    .meta({
      description:
        'Quick checks that an agent may run on its edits. Run in the sandbox, and available only in the command run.',
      examples: [['python -m py_compile train.py']],
    })
    .exactOptional(),
  outputs,
  ignore,
  budget: duration({ description: 'Wall time that one trial may train.', examples: ['5m', '1h30m'] }),
  timeout: duration({
    description: 'Wall time after which a trial is killed. Default: twice the budget plus 60 s.',
    examples: ['11m'],
  }).exactOptional(),
  metric,
  progress: progress.exactOptional(),
  cut: chance({
    description:
      'The first trial of a candidate is stopped early when its chance of ending less than 2 sigma behind the baseline is below this; none never stops a trial early. Default with progress: 5%.',
    examples: ['5%', 'none'],
  }).exactOptional(),
  sandbox,
  replicates,
  'merge-risk': percentage(1, 50, {
    description: 'Maximum risk that a merged candidate falls short of the required gain.',
    examples: [`${100 * DEFAULT_MERGE_RISK}%`],
  }).prefault(`${100 * DEFAULT_MERGE_RISK}%`),
  'min-gain': gain({
    description: 'Minimum gain to merge.',
    examples: ['0.1%', '0.5 sigma'],
  }).exactOptional(),
  simplicity,
  certify,
  'aa-every': every(1, 100_000, {
    description:
      'Candidates between two A/A candidates, which change nothing and measure the false-merge rate.',
    examples: [25],
  }).prefault(25),
  'review-above': gain({
    description: 'A larger gain waits for a person if the training script itself reported it.',
    examples: ['8 sigma', '10%'],
  }).exactOptional(),
  proposers,
  search,
  limits,
})
  .superRefine(checkTimeout, despiteProblems)
  .superRefine(checkEvaluate, despiteProblems)
  .superRefine(checkEvaluator, despiteProblems)
  .superRefine(checkCut, despiteProblems)
  .meta({ title: 'Autoresearch configuration', description: 'Configuration of Autoresearch Action.' })

/** The file as written, with defaults filled in, durations in seconds and counts as numbers. */
export type ConfigFile = z.output<typeof configSchema>

/** The JSON schema for editors, published as `docs/autoresearch.schema.json`. */
export function configJsonSchema(): z.core.JSONSchema.BaseSchema {
  const { $schema, ...schema } = z.toJSONSchema(configSchema, { io: 'input' })
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'urn:autoresearch-action:config',
    ...schema,
  }
}
