// What happens before the first trial: `setup`.
import { z } from 'zod'
import { between, line, ruled, section, size, variableName } from '../fields.ts'
import { globRule, pathRule } from '../rules.ts'

const setupSection = section({
  run: line('a command').meta({ description: 'Command that prepares the data.', examples: ['uv sync'] }),
  environment: z
    .array(variableName(), 'a list of variable names')
    .default([])
    .meta({
      description:
        'Names of further environment variables of the job that setup may read. Training and evaluation never get them.',
      examples: [['WANDB_API_KEY']],
    }),
  keep: between(1, 100)
    .default(3)
    .meta({
      description: 'Versions of what setup prepared that stay on a machine. One in use is never removed.',
      examples: [3],
    }),
  size: size({
    description: 'Most that the versions which stay on a machine may take together. Default: no limit.',
    examples: ['200G'],
  }).exactOptional(),
})

export const setup = z
  .union(
    [line('a command').meta({ examples: ['uv run prepare.py'] }), setupSection],
    'a command or a mapping',
  )
  .meta({
    description: 'Command that prepares the data, or a mapping with its settings.',
    examples: ['uv run prepare.py'],
  })
  .transform((written) => (typeof written === 'string' ? setupSection.parse({ run: written }) : written))

export const ignore = z
  .array(
    ruled('a glob', globRule).meta({ description: 'Glob with *, ** and ?.', examples: ['docs/**'] }),
    'a list of globs',
  )
  .default(['*.md', 'LICENSE*'])
  .meta({
    description:
      'Files that neither setup nor training reads: a commit that changes nothing else repeats neither setup nor the runs of the baseline.',
    examples: [['*.md', 'docs/**']],
  })

export const outputs = z
  .array(
    ruled('a relative path', pathRule).meta({
      description: 'File or folder, relative to the repository root.',
      examples: ['checkpoints'],
    }),
    'a list of relative paths',
  )
  .max(20, 'at most 20 paths')
  .default([])
  .meta({
    description:
      'What training writes beside its script and evaluate needs: moved into $AUTORESEARCH_OUT when training has ended.',
    examples: [['checkpoints']],
  })
