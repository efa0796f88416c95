// The number that decides, the numbers that must not get worse, and how a running trial is followed: `metric`, `guards`, `progress`.
import { z } from 'zod'
import { MAX_GUARDS } from '../../record/trial.ts'
import { OUTSIDE_MEASURES } from '../../trial/metric.ts'
import { despiteProblems, gain, help, refuse, ruled, section } from '../fields.ts'
import { curveRule, metricPatternRule, pathRule, progressPatternRule } from '../rules.ts'

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

/** What a number is called, and where it is read. */
const reading = {
  name: z
    .string('a name')
    .regex(/^[A-Za-z0-9_./-]{1,64}$/, '1 to 64 letters, digits or _ . / -')
    .meta(help('Name of the metric, as pull requests and charts show it.', 'val_bpb')),
  direction: z
    .enum(['minimize', 'maximize'], '"minimize" or "maximize"')
    .meta(help('Which values are better: lower (minimize) or higher (maximize).', 'minimize')),
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
}

/** What only a time to target has. */
const target = {
  kind: z
    .literal('time-to-target', '"time-to-target"')
    .meta(
      help(
        'The metric is the training time in seconds until curve first reaches target. Default: a number that the output or a file contains.',
        'time-to-target',
      ),
    )
    .exactOptional(),
  curve: ruled('a name or a regular expression', curveRule)
    .meta(
      help(
        'Values on their way to the target: a name, for lines such as `val_bpb: 0.9123` or `val_bpb=0.9123`, or a regular expression like pattern. Requires kind.',
        'val_bpb',
        '^step \\d+ val_bpb (\\S+)',
      ),
    )
    .exactOptional(),
  target: z
    .number('a finite number')
    .meta(help('Value that curve has to reach. Requires kind.', 0.98))
    .exactOptional(),
  reached: z
    .enum(['below', 'above'], '"below" or "above"')
    .meta(
      help(
        'Where curve has reached the target: at it or below, as a loss, or at it or above, as an accuracy. Requires kind. Default: below.',
        'above',
      ),
    )
    .exactOptional(),
}

export const metric = section({
  ...reading,
  name: reading.name.exactOptional(),
  direction: reading.direction.exactOptional(),
  ...target,
  bounds: bounds.exactOptional(),
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
  .superRefine(checkMetric, despiteProblems)
  .meta({
    description:
      'The number that decides, and where it comes from: pattern, or file and key, or the time until curve reaches target.',
    examples: [{ name: 'val_bpb', direction: 'minimize', pattern: '^val_bpb:\\s+(\\S+)' }],
    oneOf: [
      { required: ['name', 'direction', 'pattern'] },
      { required: ['name', 'direction', 'file', 'key'] },
      { required: ['kind', 'curve', 'target'] },
    ],
    dependentRequired: { file: ['key'], key: ['file'] },
  })

const guard = section({
  ...reading,
  measure: z
    .enum(OUTSIDE_MEASURES, '"memory" or "device-memory"')
    .meta(
      help(
        'Measured from outside while training runs, in MiB, in place of pattern or file: peak memory of the processes, or of the NVIDIA devices. A candidate cannot misreport it.',
        'device-memory',
      ),
    )
    .exactOptional(),
  margin: gain(
    help(
      'How much worse than the baseline it may be. Without a margin, only min and max count.',
      '2%',
      '1 sigma',
    ),
  ).exactOptional(),
  min: z
    .number('a finite number')
    .meta(help('A run with a lower value does not count.', 1000))
    .exactOptional(),
  max: z
    .number('a finite number')
    .meta(help('A run with a higher value does not count.', 80_000))
    .exactOptional(),
})
  .superRefine(checkGuardSource, despiteProblems)
  .superRefine(checkLimits, despiteProblems)

export function guardList() {
  return z
    .array(guard, 'a list of guards')
    .max(MAX_GUARDS, `at most ${MAX_GUARDS} guards`)
    .superRefine(checkNames)
}

export const guards = guardList()
  .default([])
  .meta(
    help(
      'Further numbers that a merge must not make worse, such as memory, throughput or another task. Read from the same output as the metric, or measured from outside.',
      [{ name: 'peak_vram_mb', direction: 'minimize', pattern: '^peak_vram_mb:\\s+(\\S+)', margin: '2%' }],
    ),
  )

function checkLimits({ margin, min, max }: Record<string, unknown>, context: z.RefinementCtx): void {
  if (margin === undefined && min === undefined && max === undefined)
    refuse(context, [], 'margin, min or max', 'add margin: 2%')
  else if (typeof min === 'number' && typeof max === 'number' && min >= max)
    refuse(context, ['max'], 'more than min')
}

function checkNames(guards: readonly { name: string }[], context: z.RefinementCtx): void {
  const names = guards.map(({ name }) => name)
  for (const [index, name] of names.entries())
    if (names.indexOf(name) < index) refuse(context, [index, 'name'], 'a name that no other guard has')
}

/** A time to target is always better when lower, and always noisy. */
const NOT_OF_TIMES = ['direction', 'pattern', 'file', 'key', 'take', 'bounds', 'deterministic'] as const
const EXPECTED = { name: 'a name', direction: '"minimize" or "maximize"' } as const

function checkMetric(metric: Record<string, unknown>, context: z.RefinementCtx): void {
  const has = (key: string) => metric[key] !== undefined
  const isTime = has('kind')
  for (const key of isTime ? ([] as const) : (['name', 'direction'] as const))
    if (!has(key)) refuse(context, [key], EXPECTED[key])
  for (const key of isTime ? NOT_OF_TIMES : (['curve', 'target', 'reached'] as const))
    if (has(key))
      refuse(
        context,
        [key],
        isTime ? `no ${key} beside kind: time-to-target` : `kind: time-to-target beside ${key}`,
        isTime ? (NOT_WANTED[key] ?? `remove ${key}`) : `add kind: time-to-target, or remove ${key}`,
      )
  if (!isTime) checkMetricSource(metric, context)
  for (const key of isTime ? (['curve', 'target'] as const) : [])
    if (!has(key))
      refuse(context, [key], key === 'curve' ? 'a name or a regular expression' : 'a finite number')
}

const NOT_WANTED: Readonly<Record<string, string>> = {
  direction:
    'remove direction: less time is better. Of a curve that rises to its target, write reached: above',
  pattern: 'write curve instead of pattern',
}

function checkGuardSource(guard: Record<string, unknown>, context: z.RefinementCtx): void {
  if (guard.measure === undefined) checkMetricSource(guard, context)
  else
    for (const key of ['pattern', 'file', 'key', 'take'])
      if (guard[key] !== undefined) refuse(context, [key], `no ${key} beside measure`, `remove ${key}`)
}

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
