// The number that decides, and how a running trial is followed: `metric` and `progress`.
import { z } from 'zod'
import { despiteProblems, ruled, section } from '../fields.ts'
import { metricPatternRule, pathRule, progressPatternRule } from '../rules.ts'

const bounds = z
  .tuple(
    [
      z.number('a finite number').meta({ description: 'Lowest value.', examples: [0.3] }),
      z.number('a finite number').meta({ description: 'Highest value.', examples: [20] }),
    ],
    'two numbers, the lower one first',
  )
  .refine(([low, high]) => low < high, 'two numbers, the lower one first')
  .meta({
    description: 'Lowest and highest plausible value. A value outside counts as invalid.',
    examples: [[0.3, 20]],
  })

export const metric = section({
  name: z
    .string('a name')
    .regex(/^[A-Za-z0-9_./-]{1,64}$/, '1 to 64 letters, digits or _ . / -')
    .meta({ description: 'Name of the metric, as pull requests and charts show it.', examples: ['val_bpb'] }),
  direction: z.enum(['minimize', 'maximize'], '"minimize" or "maximize"').meta({
    description: 'Which values are better: lower (minimize) or higher (maximize).',
    examples: ['minimize'],
  }),
  bounds: bounds.exactOptional(),
  pattern: ruled('a regular expression', metricPatternRule)
    .meta({
      description:
        'JavaScript regular expression, matched against every line of the output. Its only capture group, or the group named value, captures the metric.',
      examples: ['^val_bpb:\\s+(\\S+)'],
    })
    .exactOptional(),
  file: ruled('a relative path', pathRule)
    .meta({
      description: 'JSON or JSON Lines file that training writes to $AUTORESEARCH_OUT. Requires key.',
      examples: ['metrics.json'],
    })
    .exactOptional(),
  key: z
    .string('a dotted path into the JSON file')
    .regex(/^[^.\s]+(\.[^.\s]+)*$/, 'a dotted path into the JSON file')
    .meta({ description: 'Dotted path to the metric in file.', examples: ['val.bpb'] })
    .exactOptional(),
  take: z
    .enum(['last', 'first', 'lowest', 'highest'], '"last", "first", "lowest" or "highest"')
    .meta({
      description:
        'Which value counts when the metric is printed several times. Default: the metric must be printed exactly once.',
      examples: ['last'],
    })
    .exactOptional(),
  deterministic: z
    .literal(true, 'true')
    .meta({
      description:
        'Equal code always gives the same value, and no seed is involved, such as the size of a file. Lets a gain without noise be merged.',
      examples: [true],
    })
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
  const refuse = (path: string[], message: string, hint?: string) =>
    context.addIssue({ code: 'custom', path, message, ...(hint !== undefined && { params: { hint } }) })
  const has = (key: string) => metric[key] !== undefined
  if (has('pattern') && (has('file') || has('key'))) {
    refuse([], 'either pattern, or file and key', 'remove pattern, or remove file and key')
  } else if (has('file') !== has('key')) {
    refuse([has('file') ? 'key' : 'file'], 'file and key together')
  } else if (!has('pattern') && !has('file')) {
    refuse(['pattern'], 'pattern, or file and key')
  }
}

export const progress = section({
  pattern: ruled('a regular expression', progressPatternRule).meta({
    description:
      'JavaScript regular expression with the named groups step and value, matched against every line of the output.',
    examples: ['step (?<step>\\d+)\\s+loss (?<value>\\S+)'],
  }),
}).meta({
  description:
    'How the training curve is read from the output, to stop hopeless trials early and to draw charts.',
  examples: [{ pattern: 'step (?<step>\\d+)\\s+loss (?<value>\\S+)' }],
})
