// The configuration file as one zod schema: what is allowed, and the text editors show for it. Its sections are in schema/,
// the kinds of field they use in fields.ts.
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

export const configSchema = section({
  baseline: ruled('a branch name', branchRule)
    .default('autoresearch/baseline')
    .meta({ description: 'Branch that holds the best proven code.', examples: ['autoresearch/baseline'] }),
  editable: z
    .array(
      ruled('a glob', globRule).meta({
        description: 'Glob of *, ** and ?, relative to the repository. Never reaches .github/.',
        examples: ['train.py'],
      }),
      'a list of globs',
    )
    .min(1, 'at least one glob')
    .meta({
      description: 'Files a candidate may change. All others come from the baseline.',
      examples: [['train.py']],
    }),
  program: ruled('a relative path', pathRule)
    .meta({ description: 'Text file that tells proposers what to look for.', examples: ['program.md'] })
    .exactOptional(),
  setup: line('a command')
    .meta({
      description: 'Command that prepares the data.',
      examples: ['uv run prepare.py'],
    })
    .exactOptional(),
  train: line('a command')
    .superRefine(checked(trainRule))
    .meta({ description: 'Command that trains once.', examples: ['uv run train.py'] }),
  evaluate: line('a command')
    .meta({
      description:
        'Command that prints the metric after training has ended, in a sandbox of its own. Overrules what training printed.',
      examples: ['uv run evaluate.py'],
    })
    .exactOptional(),
  checks: z
    .array(
      line('a command').meta({
        description: 'Command that says quickly whether the code is broken.',
        examples: ['python -m py_compile train.py'],
      }),
      'a list of commands',
    )
    .max(10, 'at most 10 commands')
    .meta({
      description:
        'Quick checks that an agent may run on its edits, in the sandbox and only in the command run.',
      examples: [['python -m py_compile train.py']],
    })
    .exactOptional(),
  budget: duration({ description: 'Wall time one trial may train.', examples: ['5m', '1h30m'] }),
  timeout: duration({
    description: 'When a trial is killed. Default: twice the budget and 60 s.',
    examples: ['11m'],
  }).exactOptional(),
  metric,
  progress: progress.exactOptional(),
  cut: chance({
    description:
      'The first trial of a candidate is ended early when its chance to end less than 2 sigma behind is below this, or never. Default with progress: 5%.',
    examples: ['5%', 'none'],
  }).exactOptional(),
  sandbox,
  replicates,
  'merge-risk': percentage(1, 50, {
    description: 'A candidate is merged when the risk that it is no improvement is at most this.',
    examples: [`${100 * DEFAULT_MERGE_RISK}%`],
  }).prefault(`${100 * DEFAULT_MERGE_RISK}%`),
  'min-gain': gain({
    description: 'What a merge has to bring at least.',
    examples: ['0.1%', '0.5 sigma'],
  }).exactOptional(),
  simplicity,
  certify,
  'aa-every': every(1, 100_000, {
    description:
      'Candidates between two that change nothing and measure how often luck is taken for progress.',
    examples: [25],
  }).prefault(25),
  'review-above': gain({
    description: 'A larger gain waits for a person when training itself reported it.',
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

/** The JSON schema that is published as `docs/autoresearch.schema.json`, for editors. */
export function configJsonSchema(): z.core.JSONSchema.BaseSchema {
  const { $schema, ...schema } = z.toJSONSchema(configSchema, { io: 'input' })
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'urn:autoresearch-action:config',
    ...schema,
  }
}
