// Candidate isolation: `sandbox`.
import { z } from 'zod'
import { between, help, ruled, section, size } from '../fields.ts'
import { readPathRule } from '../rules.ts'

const sandboxKind = z.enum(['bubblewrap', 'none'], '"bubblewrap" or "none"')

const sandboxSection = section({
  kind: sandboxKind
    .default('bubblewrap')
    .meta(
      help(
        'Isolation of candidate code. Use none only if you trust everyone who can propose code.',
        'bubblewrap',
      ),
    ),
  read: z
    .array(
      ruled('an absolute path', readPathRule).meta(
        help('Absolute path on the machine that trains.', '/opt/datasets'),
      ),
      'a list of absolute paths',
    )
    .default([])
    .meta(help('Additional folders on the machine that training may read.', ['/opt/datasets'])),
  memory: size(help('Maximum memory per trial. Default: the memory of the machine.', '8G')).exactOptional(),
  out: size(
    help(
      'Maximum disk space per trial: $AUTORESEARCH_OUT and its own copies of source, home and caches.',
      '4G',
      '500M',
    ),
  ).prefault('4G'),
  processes: between(16, 100_000)
    .meta(
      help(
        'Maximum processes and threads per trial, counted together. Default: 4096, or 32 per core if that is more.',
        4096,
      ),
    )
    .exactOptional(),
})

export const sandbox = z
  .union([sandboxKind, sandboxSection], '"bubblewrap", "none" or a mapping')
  .meta({ description: 'Candidate isolation: bubblewrap, none, or a mapping with limits.' })
  .transform((written) => (typeof written === 'string' ? sandboxSection.parse({ kind: written }) : written))
  .prefault('bubblewrap')
