// What holds the code of a candidate: `sandbox`.
import { z } from 'zod'
import { between, ruled, section, size } from '../fields.ts'
import { readPathRule } from '../rules.ts'

const sandboxKind = z.enum(['bubblewrap', 'none'], '"bubblewrap" or "none"')

const sandboxSection = section({
  kind: sandboxKind
    .default('bubblewrap')
    .meta({ description: 'What holds the code; none is for code that you trust.', examples: ['bubblewrap'] }),
  read: z
    .array(
      ruled('an absolute path', readPathRule).meta({
        description: 'Absolute path on the machine that trains.',
        examples: ['/opt/datasets'],
      }),
      'a list of absolute paths',
    )
    .default([])
    .meta({
      description: 'Further folders of the machine that training may read.',
      examples: [['/opt/datasets']],
    }),
  memory: size({
    description: 'Most memory of one trial. Default: what the machine has.',
    examples: ['8G'],
  }).exactOptional(),
  out: size({
    description: 'Most that one trial may write into $AUTORESEARCH_OUT.',
    examples: ['4G', '500M'],
  }).prefault('4G'),
  processes: between(16, 100_000)
    .meta({
      description:
        'Most processes and threads of one trial, together. Default: 512, or 16 for each core where that is more.',
      examples: [512],
    })
    .exactOptional(),
})

export const sandbox = z
  .union([sandboxKind, sandboxSection], '"bubblewrap", "none" or a mapping')
  .meta({
    description: 'What holds the code of a candidate: bubblewrap, none, or a mapping with limits.',
  })
  .transform((written) => (typeof written === 'string' ? sandboxSection.parse({ kind: written }) : written))
  .prefault('bubblewrap')
