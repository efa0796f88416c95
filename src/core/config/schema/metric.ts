// The number that decides, and how a running trial is followed: `metric` and `progress`.
import { z } from 'zod'
import { despiteProblems, help, refuse, ruled, section } from '../fields.ts'
import { metricPatternRule, pathRule, progressPatternRule } from '../rules.ts'

const bounds = z
  .tuple(
    [
      z.number('a finite number').meta(help('Lowest value.', 0.3)),
      z.number('a finite number').meta(help('Highest value.', 20)),
    ],
    'two numbers, the lower one first',
  )
  .refine(([low, high]) => low < high, 'two numbers, the lower one first')
  .meta(help('Lowest and highest plausible value. A value outside counts as invalid.', [0.3, 20]))

export const metric = section({
  name: z
    .string('a name')
    .regex(/^[A-Za-z0-9_./-]{1,64}$/, '1 to 64 letters, digits or _ . / -')
    .meta(help('Name of the metric, as pull requests and charts show it.', 'val_bpb')),
  direction: z
    .enum(['minimize', 'maximize'], '"minimize" or "maximize"')
    .meta(help('Which values are better: lower (minimize) or higher (maximize).', 'minimize')),
  bounds: bounds.exactOptional(),
  pattern: ruled('a regular expression', metricPatternRule)
    .meta(
      help(
        'JavaScript regular expression, matched against every line of the output. Its only capture group, or the group named value, captures the metric.',
        '^val_bpb:\\s+(\\S+)',
      ),
    )
    .exactOptional(),
  file: ruled('a relative path', pathRule)
    .meta(
      help(
        'JSON or JSON Lines file that training writes to $AUTORESEARCH_OUT. Requires key.',
        'metrics.json',
      ),
    )
    .exactOptional(),
  key: z
    .string('a dotted path into the JSON file')
    .regex(/^[^.\s]+(\.[^.\s]+)*$/, 'a dotted path into the JSON file')
    .meta(help('Dotted path to the metric in file.', 'val.bpb'))
    .exactOptional(),
  take: z
    .enum(['last', 'first', 'lowest', 'highest'], '"last", "first", "lowest" or "highest"')
    .meta(
      help(
        'Which value counts when the metric is printed several times. Default: the metric must be printed exactly once.',
        'last',
      ),
    )
    .exactOptional(),
  deterministic: z
    .literal(true, 'true')
    .meta(
      help(
        'Equal code always gives the same value, and no seed is involved, such as the size of a file. Lets a gain without noise be merged.',
        true,
      ),
    )
    .exactOptional(),
})
  .superRefine(checkMetricSource, despiteProblems)
  .meta({
    description: 'The number that decides, and where it comes from: pattern, or file and key.',
    examples: [{ name: 'val_bpb', direction: 'minimize', pattern: '^val_bpb:\\s+(\\S+)' }],
    oneOf: [{ required: ['pattern'] }, { required: ['file', 'key'] }],
    dependentRequired: { file: ['key'], key: ['file'] },
  })

function checkMetricSource(metric: Record<string, unknown>, context: z.RefinementCtx): void {
  const has = (key: string) => metric[key] !== undefined
  if (has('pattern') && (has('file') || has('key')))
    refuse(context, [], 'either pattern, or file and key', 'remove pattern, or remove file and key')
  else if (has('file') !== has('key'))
    refuse(context, [has('file') ? 'key' : 'file'], 'file and key together')
  else if (!has('pattern') && !has('file')) refuse(context, ['pattern'], 'pattern, or file and key')
}

export const progress = section({
  pattern: ruled('a regular expression', progressPatternRule).meta(
    help(
      'JavaScript regular expression with the named groups step and value, matched against every line of the output.',
      'step (?<step>\\d+)\\s+loss (?<value>\\S+)',
    ),
  ),
}).meta(
  help('How the training curve is read from the output, to stop hopeless trials early and to draw charts.', {
    pattern: 'step (?<step>\\d+)\\s+loss (?<value>\\S+)',
  }),
)
