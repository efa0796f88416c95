// The scales of the ladder and what becomes of code that holds at the largest: `scales` and `promote`.
import { z } from 'zod'
import { BASE_SCALE, MAX_GUARDS } from '../../record/trial.ts'
import {
  A_DURATION,
  asMapping,
  between,
  checked,
  duration,
  help,
  line,
  refuse,
  ruled,
  section,
} from '../fields.ts'
import { branchRule, trainRule } from '../rules.ts'
import { guardList } from './metric.ts'

type File = Record<string, unknown>

const A_NAME = 'a name of up to 40 letters, digits and single . _ - between them'

const after = section({
  merges: between(1, 32)
    .default(5)
    .meta(help('Merges after which they are tested together at this scale.', 5)),
}).meta(
  help('When a promotion to this scale starts. Only in larger scales. Default: after 5 merges.', {
    merges: 5,
  }),
)

const replicates = section({
  baseline: between(2, 10).default(2).meta(help('Runs of the promoted code.', 2)),
  candidate: between(2, 10).default(2).meta(help('Runs of each stack of merges.', 2)),
}).meta(
  help('Runs before the first decision of a promotion. Only in larger scales. Default: 2 of each.', {
    baseline: 2,
    candidate: 2,
  }),
)

const scale = section({
  name: z
    .string(A_NAME)
    .max(40, A_NAME)
    .regex(/^[A-Za-z0-9]+([._-][A-Za-z0-9]+)*$/, A_NAME)
    .refine((name) => name !== BASE_SCALE && !name.endsWith('.lock'), A_NAME)
    .meta(help('Name of the scale, part of tags and of the names of trials.', 'd24')),
  train: line('a command')
    .superRefine(checked(trainRule))
    .meta(
      help(
        'Command that runs one training at this scale. Required unless the first scale finds it at the top.',
        'uv run train.py --depth 24',
      ),
    )
    .exactOptional(),
  budget: duration(
    help(
      'Wall time that one run takes at this scale. Required unless the first scale finds it at the top.',
      '2h',
    ),
  ).exactOptional(),
  timeout: duration(
    help('Wall time after which a run is killed. Default: twice the budget plus 60 s.', '5h'),
  ).exactOptional(),
  'devices-per-trial': z
    .union([between(1, 64), z.literal('all')], 'a whole number from 1 to 64, or all')
    .meta(
      help(
        'Devices of one run. Only in larger scales. Default: that of the input devices-per-trial.',
        8,
        'all',
      ),
    )
    .exactOptional(),
  after: after.exactOptional(),
  replicates: replicates.exactOptional(),
  guards: guardList()
    .meta(
      help(
        'Guards at this scale, besides those at the top; one of the same name replaces it. Only in larger scales.',
        [{ name: 'peak_vram_mb', direction: 'minimize', pattern: '^peak_vram_mb:\\s+(\\S+)', max: 80_000 }],
      ),
    )
    .exactOptional(),
})

export const scales = z
  .array(scale, 'a list of scales')
  .min(2, 'at least two scales, the small one first')
  .max(6, 'at most 6 scales')
  .meta(
    help(
      'Scales from small to large. Research happens at the first; what holds there is tested at the next.',
      [
        { name: 'd12', train: 'uv run train.py --depth 12', budget: '5m' },
        { name: 'd24', train: 'uv run train.py --depth 24', budget: '2h', after: { merges: 5 } },
      ],
    ),
  )

export const promote = section({
  to: ruled('a branch name', branchRule).meta(
    help('Branch that receives what holds at the largest scale.', 'main'),
  ),
  as: z
    .enum(['pull-request', 'push'], '"pull-request" or "push"')
    .default('pull-request')
    .meta(help('A pull request, which is kept up to date, or a push that moves the branch.', 'push')),
  undo: z
    .literal(true, 'true')
    .meta(
      help(
        'Revert what does not transfer to a larger scale on the baseline branch, too. Default: it stays, because it helps there.',
        true,
      ),
    )
    .exactOptional(),
}).meta(help('What becomes of promoted code. Requires scales.', { to: 'main', as: 'pull-request' }))

/** Rules between `scales`, `promote` and the fields that the first scale stands for. */
export function checkScales(file: File, context: z.RefinementCtx): void {
  const list = Array.isArray(file.scales) ? file.scales.map(asMapping) : undefined
  checkFirst(file, list?.[0], context)
  list?.forEach((scale, index) => {
    if (index > 0) {
      checkLarger(scale, index, context)
      checkGuards(file, scale, index, context)
    }
    if (list.findIndex(({ name }) => name === scale.name) < index && typeof scale.name === 'string')
      refuse(context, place(index, 'name'), 'a name that no other scale has', 'give every scale its own name')
  })
  checkPromote(file, context)
}

const EXPECTED = { train: 'a command', budget: A_DURATION } as const
const SAME = ['train', 'budget', 'timeout'] as const

/** Research happens at the first scale: its command and budget may be written there or at the top. */
function checkFirst(file: File, first: File | undefined, context: z.RefinementCtx): void {
  for (const field of ['train', 'budget'] as const)
    if (file[field] === undefined && first?.[field] === undefined) refuse(context, [field], EXPECTED[field])
  if (!first) return
  if (first.timeout !== undefined) checkTimeout({ ...file, ...first }, first, place(0, 'timeout'), context)
  else if (first.budget !== undefined) checkTimeout(first, file, ['timeout'], context)
  for (const field of SAME)
    if (file[field] !== undefined && first[field] !== undefined)
      refuse(
        context,
        place(0, field),
        `no ${field}, because it is written at the top`,
        `remove one of the two: research happens at the first scale`,
      )
  for (const field of ['after', 'replicates', 'devices-per-trial', 'guards'])
    if (first[field] !== undefined)
      refuse(
        context,
        place(0, field),
        'nothing, because research happens at the first scale',
        ONLY_LARGER[field],
      )
}

const ONLY_LARGER: Readonly<Record<string, string>> = {
  after: 'write after in the scale that merges are promoted to',
  replicates: 'write replicates at the top: there it holds for the first scale',
  guards: 'write guards at the top: there they hold for every scale',
  'devices-per-trial': 'set the input devices-per-trial in the workflow instead',
}

function checkLarger(scale: File, index: number, context: z.RefinementCtx): void {
  for (const field of ['train', 'budget'] as const)
    if (scale[field] === undefined)
      refuse(
        context,
        place(index, field),
        EXPECTED[field],
        `write what one run at this scale ${field === 'train' ? 'executes' : 'takes'}`,
      )
  checkTimeout(scale, scale, place(index, 'timeout'), context)
}

/** A scale has the guards at the top as well as its own. */
function checkGuards(file: File, scale: File, index: number, context: z.RefinementCtx): void {
  const names = [file.guards, scale.guards].flatMap((list) => (Array.isArray(list) ? list : []))
  const count = new Set(names.map((guard) => asMapping(guard).name)).size
  if (count > MAX_GUARDS)
    refuse(
      context,
      place(index, 'guards'),
      `at most ${MAX_GUARDS} guards together with those at the top`,
      'remove guards, or give them the names of those that they replace',
    )
}

function checkTimeout(
  { budget }: File,
  { timeout }: File,
  at: (string | number)[],
  context: z.RefinementCtx,
): void {
  if (typeof budget !== 'number' || typeof timeout !== 'number' || timeout > budget) return
  refuse(context, at, `more than the budget of ${budget}s`, 'remove timeout or raise it')
}

function checkPromote({ promote, scales, baseline }: File, context: z.RefinementCtx): void {
  if (promote === undefined) return
  if (scales === undefined)
    refuse(
      context,
      ['promote'],
      'scales, because only what holds at a larger scale is promoted',
      'add scales',
    )
  const { to } = asMapping(promote)
  if (typeof to === 'string' && (to === baseline || to.startsWith('autoresearch/')))
    refuse(
      context,
      ['promote', 'to'],
      'a branch that the action does not use itself',
      'write main, for example',
    )
}

function place(index: number, field: string): (string | number)[] {
  return ['scales', index, field]
}
