// The configuration file as one zod schema: the allowed values, and the descriptions that editors show. The sections are in
// schema/, the kinds of field in fields.ts.
import { z } from 'zod'
import { DEFAULT_LITERAL_KIB } from '../gate/literals.ts'
import { DEFAULT_ALLOWANCE, DEFAULT_GUARD_RISK, DEFAULT_MERGE_RISK } from '../judge/policy.ts'
import {
  between,
  chance,
  checked,
  despiteProblems,
  duration,
  every,
  gain,
  help,
  line,
  percentage,
  ruled,
  section,
} from './fields.ts'
import { branchRule, editableRule, pathRule, trainRule } from './rules.ts'
import { checkBetweenFields } from './schema/cross-field.ts'
import { certify, replicates, simplicity } from './schema/deciding.ts'
import { jobs, limits, search } from './schema/limits.ts'
import { guards, metric, progress } from './schema/metric.ts'
import { proposers } from './schema/proposers.ts'
import { sandbox } from './schema/sandbox.ts'
import { promote, scales } from './schema/scales.ts'
import { ignore, outputs, setup } from './schema/setup.ts'

export const configSchema = section({
  baseline: ruled('a branch name', branchRule)
    .default('autoresearch/baseline')
    .meta(help('Branch that holds the best proven code.', 'autoresearch/baseline')),
  editable: z
    .array(
      ruled('a glob', editableRule).meta(
        help(
          'Glob with *, ** and ?, relative to the repository root. With ! first, it takes files out again. Cannot match files in .github/.',
          'train.py',
        ),
      ),
      'a list of globs',
    )
    .min(1, 'at least one glob')
    .meta(help('Files that a candidate may change. All other files come from the baseline.', ['train.py'])),
  'max-literal-kib': between(1, 512)
    .default(DEFAULT_LITERAL_KIB)
    .meta(
      help(
        'Literal data, in KiB, that one change may add: text, numbers, comments. More could be the answers, learned by heart.',
        4,
      ),
    ),
  program: ruled('a relative path', pathRule)
    .meta(help('Text file with instructions for proposers.', 'program.md'))
    .exactOptional(),
  setup: setup.exactOptional(),
  train: line('a command')
    .superRefine(checked(trainRule))
    .meta(
      help('Command that runs one training. Required unless the first of scales has it.', 'uv run train.py'),
    )
    .exactOptional(),
  evaluate: line('a command')
    .meta(
      help(
        'Command that prints the metric after training has ended, in its own sandbox. Replaces the metric that training printed.',
        'uv run evaluate.py',
      ),
    )
    .exactOptional(),
  serve: line('a command')
    .meta(
      help(
        'Command that runs the trained model while evaluate measures it, in a sandbox without the evaluation data: questions on its standard input, answers on its standard output.',
        'uv run serve.py',
      ),
    )
    .exactOptional(),
  checks: z
    .array(
      line('a command').meta(
        help('Command that quickly checks whether the code is broken.', 'python -m py_compile train.py'),
      ),
      'a list of commands',
    )
    .max(10, 'at most 10 commands')
    .meta(
      help(
        'Quick checks that an agent may run on its edits. Run in the sandbox, and available only in the command run.',
        ['python -m py_compile train.py'],
      ),
    )
    .exactOptional(),
  outputs,
  ignore,
  budget: duration(
    help(
      'Wall time that one run of the training command takes. Passed to it as AUTORESEARCH_BUDGET_SECONDS; a script that trains for fixed steps ignores it. Required unless the first of scales has it.',
      '5m',
      '1h30m',
    ),
  ).exactOptional(),
  timeout: duration(
    help('Wall time after which a trial is killed. Default: twice the budget plus 60 s.', '11m'),
  ).exactOptional(),
  allowance: percentage(
    0,
    100,
    help(
      "How much longer than the baseline's runs a candidate's run may take, beyond 2 s, before its number stops counting.",
      '5%',
      '20%',
    ),
  ).prefault(`${100 * DEFAULT_ALLOWANCE}%`),
  metric,
  guards,
  'guard-risk': percentage(
    1,
    50,
    help(
      'Maximum risk that a merged candidate makes any guard worse by more than its margin.',
      `${100 * DEFAULT_GUARD_RISK}%`,
    ),
  ).prefault(`${100 * DEFAULT_GUARD_RISK}%`),
  progress: progress.exactOptional(),
  cut: chance(
    help(
      'The first trial of a candidate is stopped early when its chance of ending less than 2 sigma behind the baseline is below this; none never stops a trial early. Default with progress: 5%.',
      '5%',
      'none',
    ),
  ).exactOptional(),
  sandbox,
  replicates,
  'merge-risk': percentage(
    1,
    50,
    help(
      'Maximum risk that a merged candidate falls short of the required gain.',
      `${100 * DEFAULT_MERGE_RISK}%`,
    ),
  ).prefault(`${100 * DEFAULT_MERGE_RISK}%`),
  'min-gain': gain(help('Minimum gain to merge.', '0.1%', '0.5 sigma')).exactOptional(),
  simplicity,
  certify,
  'aa-every': every(
    1,
    100_000,
    help('Candidates between two A/A candidates, which change nothing and measure the false-merge rate.', 25),
  ).prefault(25),
  'review-above': gain(
    help(
      'A larger gain waits for a person. Default: a gain of more than three times the largest merge so far and 12 sigma; before three merges, also of more than 33 % and 30 sigma.',
      '8 sigma',
      '10%',
    ),
  ).exactOptional(),
  scales: scales.exactOptional(),
  promote: promote.exactOptional(),
  jobs,
  'pull-requests': z
    .enum(['all', 'winners'], '"all" or "winners"')
    .prefault('all')
    .meta(
      help(
        'Which candidates get a pull request: every one, or only those that are to be merged or wait for a person.',
        'winners',
      ),
    ),
  proposers,
  search,
  limits,
})
  .superRefine(checkBetweenFields, despiteProblems)
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
    anyOf: [{ required: ['train', 'budget'] }, { required: ['scales'] }],
  }
}
