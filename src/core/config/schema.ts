// The configuration file as one zod schema: what is allowed, and the text editors show for it. Long, because it is one
// table; the kinds of field it uses are in fields.ts.
import { z } from 'zod'
import {
  amount,
  between,
  chance,
  checked,
  count,
  despiteProblems,
  duration,
  every,
  gain,
  hours,
  line,
  percentage,
  ruled,
  section,
  share,
  size,
  variableName,
  writtenDuration,
} from './fields.ts'
import {
  branchRule,
  endpointRule,
  globRule,
  hostRule,
  metricPatternRule,
  pathRule,
  progressPatternRule,
  readPathRule,
  trainRule,
} from './rules.ts'
import { editableScript } from './scripts.ts'

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
    description: 'Lowest and highest value that can be true. A value outside them counts as invalid.',
    examples: [[0.3, 20]],
  })

const metric = section({
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
        'JavaScript regular expression, tried on every line of the output. Its only capture group, or the group named value, is the metric.',
      examples: ['^val_bpb:\\s+(\\S+)'],
    })
    .exactOptional(),
  file: ruled('a relative path', pathRule)
    .meta({
      description: 'JSON file that training writes into $AUTORESEARCH_OUT; used with key.',
      examples: ['metrics.json'],
    })
    .exactOptional(),
  key: z
    .string('a dotted path into the JSON file')
    .regex(/^[^.\s]+(\.[^.\s]+)*$/, 'a dotted path into the JSON file')
    .meta({ description: 'Dotted path of the metric inside file.', examples: ['val.bpb'] })
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

const progress = section({
  pattern: ruled('a regular expression', progressPatternRule).meta({
    description: 'JavaScript regular expression with the named groups step and value, tried on every line.',
    examples: ['step (?<step>\\d+)\\s+loss (?<value>\\S+)'],
  }),
}).meta({
  description: 'How the loss during training is read, so that hopeless trials can be cut and curves drawn.',
  examples: [{ pattern: 'step (?<step>\\d+)\\s+loss (?<value>\\S+)' }],
})

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
    .default(512)
    .meta({ description: 'Most processes and threads of one trial, together.', examples: [512] }),
})

const sandbox = z
  .union([sandboxKind, sandboxSection], '"bubblewrap", "none" or a mapping')
  .meta({
    description: 'What holds the code of a candidate: bubblewrap, none, or a mapping with limits.',
  })
  .transform((written) => (typeof written === 'string' ? sandboxSection.parse({ kind: written }) : written))
  .prefault('bubblewrap')

const replicates = section({
  baseline: between(2, 50)
    .default(6)
    .meta({
      description: 'Trials of the baseline. Their spread is the noise a gain is held against.',
      examples: [6],
    }),
  candidate: between(2, 20)
    .default(6)
    .meta({ description: 'Most trials one candidate may get before it is decided.', examples: [6] }),
})
  .prefault({})
  .meta({ description: 'How often the same code is trained.', examples: [{ baseline: 6, candidate: 6 }] })

const simplicitySection = section({
  'removed-lines': between(1, 10_000)
    .default(5)
    .meta({ description: 'A candidate with this many lines fewer may be worse by margin.', examples: [5] }),
  margin: gain({ description: 'How much worse it may be.', examples: ['0.5 sigma'] }).prefault('0.5 sigma'),
  'added-lines': between(1, 10_000)
    .default(50)
    .meta({ description: 'A candidate with more lines more than this has to bring gain.', examples: [50] }),
  gain: gain({ description: 'How much it has to bring.', examples: ['1 sigma'] }).prefault('1 sigma'),
})

const simplicity = z
  .union([z.enum(['none'], '"none"'), simplicitySection], '"none" or a mapping')
  .meta({ description: 'What lines of code are worth: none, or a mapping.', examples: ['none'] })
  .transform((written) => (written === 'none' ? undefined : written))
  .prefault({})

const certify = section({
  every: every(1, 1000, {
    description:
      'Merges after which they are certified by themselves; never leaves it to the command certify.',
    examples: [5],
  }).prefault('never'),
  runs: between(2, 20)
    .default(4)
    .meta({
      description:
        'Fresh runs of each side. A merge that stands alone gets twice as many before it is undone.',
      examples: [4],
    }),
  evaluate: line('a command')
    .meta({
      description: 'Command used instead of evaluate, such as one that reads another validation shard.',
      examples: ['uv run evaluate.py --shard 2'],
    })
    .exactOptional(),
})
  .prefault({})
  .meta({
    description: 'How merges are proven together, with fresh seeds.',
    examples: [{ every: 5, runs: 4 }],
  })

const price = section({
  input: amount().meta({ description: 'Dollars per million input tokens.', examples: [1.25] }),
  'cached-input': amount()
    .meta({
      description: 'Dollars per million input tokens that the endpoint had cached. Default: as input.',
      examples: [0.125],
    })
    .exactOptional(),
  output: amount().meta({ description: 'Dollars per million output tokens.', examples: [10] }),
}).meta({
  description: 'What the model costs. Without it no dollars are counted.',
  examples: [{ input: 1.25, output: 10 }],
})

const knobs = section({
  kind: z.literal('knobs').meta({ description: 'This proposer.', examples: ['knobs'] }),
}).meta({
  description: 'Searches the numeric constants of the editable files. Needs no model.',
})

const endpoint = {
  model: line('the name of a model').meta({
    description: 'Model, as the endpoint names it.',
    examples: ['gpt-x'],
  }),
  'base-url': z
    .url({ protocol: /^https?$/, error: 'an http or https URL' })
    .superRefine(checked(endpointRule))
    .meta({
      description: 'Endpoint that speaks the OpenAI API. Default: that of OpenAI.',
      examples: ['https://api.openai.com/v1'],
    })
    .exactOptional(),
  price: price.exactOptional(),
}

const openai = section({
  kind: z.literal('openai').meta({ description: 'This proposer.', examples: ['openai'] }),
  ...endpoint,
  'max-turns': between(1, 200)
    .default(20)
    .meta({ description: 'Most model calls spent on one candidate.', examples: [20] }),
  // No count: zod publishes no examples of what contains a transformed schema.
  'max-output': between(1, 10_000_000)
    .meta({
      description: 'Most tokens of one answer. Default: what the endpoint allows.',
      examples: [16_000],
    })
    .exactOptional(),
  fallback: z
    .array(
      section(endpoint).meta({
        description: 'Another model or endpoint.',
        examples: [{ model: 'gpt-y', 'base-url': 'http://localhost:8000/v1' }],
      }),
      'a list of mappings with model',
    )
    .max(8, 'at most 8 endpoints')
    .meta({
      description: 'Who is asked, in this order, when the endpoint fails.',
      examples: [[{ model: 'gpt-y', 'base-url': 'http://localhost:8000/v1' }]],
    })
    .exactOptional(),
}).meta({ description: 'Asks a model behind any endpoint that speaks the OpenAI API.' })

const command = section({
  kind: z.literal('command').meta({ description: 'This proposer.', examples: ['command'] }),
  name: z
    .string('a name')
    .regex(/^[A-Za-z0-9_.-]{1,40}$/, '1 to 40 letters, digits or _ . -')
    .meta({ description: 'Name of the agent, as pull requests show it.', examples: ['claude'] }),
  run: line('a command').meta({
    description: 'Command that runs the agent once, with its task in $AUTORESEARCH_BRIEF.',
    examples: ['claude -p "$AUTORESEARCH_BRIEF" --dangerously-skip-permissions'],
  }),
  hosts: z
    .array(
      ruled('a host', hostRule).meta({
        description: 'Host, with its port if that is not 443.',
        examples: ['api.anthropic.com'],
      }),
      'a list of hosts',
    )
    .min(1, 'at least one host')
    .max(20, 'at most 20 hosts')
    .meta({
      description: 'All that the agent may talk to: the host of its model.',
      examples: [['api.anthropic.com']],
    }),
  secrets: z
    .array(
      variableName().meta({ description: 'Name of a variable.', examples: ['ANTHROPIC_API_KEY'] }),
      'a list of names of variables',
    )
    .default([])
    .meta({
      description: 'Variables that the agent gets from the input agent-environment of the action.',
      examples: [['ANTHROPIC_API_KEY']],
    }),
  env: z
    .record(variableName(), z.string('a text').meta({ examples: ['debug'] }), 'a mapping of names to texts')
    .default({})
    .meta({
      description: 'Further variables of the agent. No secrets: this file is public.',
      examples: [{ DISABLE_TELEMETRY: '1' }],
    }),
  read: z
    .array(
      ruled('an absolute path', readPathRule).meta({
        description: 'Absolute path on the machine that runs the agent.',
        examples: ['/opt/agents'],
      }),
      'a list of absolute paths',
    )
    .default([])
    .meta({
      description: 'Further folders of the machine that the agent may read.',
      examples: [['/opt/agents']],
    }),
  timeout: writtenDuration({
    description: 'When the agent is killed. What it did until then is lost.',
    examples: ['10m'],
  }).default('10m'),
}).meta({ description: 'Runs a coding agent in a sandbox whose only network is the host of its model.' })

const proposers = z
  .array(
    z
      .discriminatedUnion('kind', [knobs, openai, command], {
        error: (issue) =>
          issue.code === 'invalid_union' ? '"knobs", "openai" or "command"' : 'a mapping with kind',
      })
      .meta({ examples: [{ kind: 'knobs' }] }),
    'a list of proposers',
  )
  .min(1, 'at least one proposer')
  .default([{ kind: 'knobs' }])
  .meta({ description: 'Who invents candidates.', examples: [[{ kind: 'knobs' }]] })

const gpuHours = hours()
  .meta({ description: 'Most hours of the device, training and evaluation together.', examples: [8] })
  .exactOptional()

const candidateLimits = section({
  tokens: count(0, 100_000_000_000, {
    description: 'Most model tokens, input and output together.',
    examples: ['200k'],
  }).exactOptional(),
  dollars: amount()
    .meta({ description: 'Most dollars for models.', examples: [1] })
    .exactOptional(),
}).meta({
  description: 'What inventing one candidate may cost. Its conversation ends there.',
  examples: [{ tokens: '200k', dollars: 1 }],
})

const weekLimits = section({
  tokens: count(0, 100_000_000_000, {
    description: 'Most model tokens, input and output together.',
    examples: ['20M'],
  }).exactOptional(),
  dollars: amount()
    .meta({ description: 'Most dollars for models.', examples: [50] })
    .exactOptional(),
  'gpu-hours': gpuHours,
}).meta({
  description: 'Where research stops until the cost of seven days is below it again.',
  examples: [{ dollars: 50, 'gpu-hours': 40 }],
})

const limits = section({
  candidates: count(1, 100_000, { description: 'Most candidates per run.', examples: [20] }).prefault(20),
  tokens: count(0, 100_000_000_000, {
    description: 'Most model tokens per run, input and output together.',
    examples: ['2M', '500k'],
  }).prefault('2M'),
  dollars: amount()
    .default(10)
    .meta({
      description: 'Most dollars for models per run. Counts only models with a price.',
      examples: [10],
    }),
  'gpu-hours': gpuHours,
  candidate: candidateLimits.exactOptional(),
  week: weekLimits.exactOptional(),
})
  .prefault({})
  .meta({
    description: 'Where a run stops.',
    examples: [{ candidates: 20, tokens: '2M', dollars: 10 }],
  })

const search = section({
  'structural-share': share(0)
    .default(0.3)
    .meta({
      description: 'Least share of the candidates that change more than numbers.',
      examples: [0.3],
    }),
  novelty: share(0.3)
    .default(0.8)
    .meta({
      description: 'A change that has this share in common with a past one is refused before it is trained.',
      examples: [0.8],
    }),
  'retry-after': between(1, 1000)
    .default(5)
    .meta({ description: 'Merges after which a rejected or parked idea may be tried again.', examples: [5] }),
  'insights-every': between(1, 1000)
    .default(20)
    .meta({
      description: 'Settled candidates from one writing of the insights to the next.',
      examples: [20],
    }),
  'device-hour': z
    .number('a number of dollars above 0')
    .positive('a number of dollars above 0')
    .default(2)
    .meta({
      description: 'What an hour of the device is worth in dollars, to weigh it against what models cost.',
      examples: [2],
    }),
})
  .prefault({})
  .meta({
    description: 'In which directions proposers are sent, and what counts as new.',
    examples: [{ 'structural-share': 0.3, novelty: 0.8 }],
  })

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
    examples: ['18%'],
  }).prefault('18%'),
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

function checkTimeout(file: Record<string, unknown>, context: z.RefinementCtx): void {
  const { budget, timeout } = file
  // Only what was read without a problem is in seconds: `timeout: 300` is still the number that was written.
  if (context.issues.some(({ path }) => path?.[0] === 'budget' || path?.[0] === 'timeout')) return
  if (typeof budget !== 'number' || typeof timeout !== 'number' || timeout > budget) return
  context.addIssue({
    code: 'custom',
    path: ['timeout'],
    message: `more than the budget of ${budget}s`,
    params: { hint: `remove timeout to get ${2 * budget + 60}s, or raise it` },
  })
}

/** An evaluator prints: what training left is read-only to it, so a file would be training's own word. */
function checkEvaluate(
  { evaluate, certify, metric }: Record<string, unknown>,
  context: z.RefinementCtx,
): void {
  const section = (value: unknown) => (typeof value === 'object' && value !== null ? value : {})
  const source = section(metric)
  const evaluates = evaluate !== undefined || 'evaluate' in section(certify)
  if (!evaluates || !('file' in source) || 'pattern' in source) return
  context.addIssue({
    code: 'custom',
    path: ['metric', 'file'],
    message: 'pattern, because evaluate prints the metric',
    params: { hint: 'write pattern instead of file and key, or remove evaluate' },
  })
}

/** Its number is believed because no candidate wrote it. */
function checkEvaluator(
  { editable, evaluate, certify }: Record<string, unknown>,
  context: z.RefinementCtx,
): void {
  const globs = Array.isArray(editable) ? editable.filter((glob) => typeof glob === 'string') : []
  const other =
    typeof certify === 'object' && certify !== null && 'evaluate' in certify ? certify.evaluate : null
  for (const [command, path] of [
    [evaluate, ['evaluate']],
    [other, ['certify', 'evaluate']],
  ] as const) {
    const script = typeof command === 'string' ? editableScript(command, globs) : undefined
    if (script === undefined) continue
    context.addIssue({
      code: 'custom',
      path: [...path],
      message: 'a command that no candidate can rewrite',
      params: { hint: `write editable so that it does not match ${script}` },
    })
  }
}

/** What is hopeless shows in the curve. */
function checkCut({ cut, progress }: Record<string, unknown>, context: z.RefinementCtx): void {
  if (typeof cut !== 'number' || cut === 0 || progress !== undefined) return
  context.addIssue({
    code: 'custom',
    path: ['cut'],
    message: 'progress, by which a hopeless trial is known',
    params: { hint: 'add progress with a pattern, or remove cut' },
  })
}

/** The JSON schema that is published as `docs/autoresearch.schema.json`, for editors. */
export function configJsonSchema(): z.core.JSONSchema.BaseSchema {
  const { $schema, ...schema } = z.toJSONSchema(configSchema, { io: 'input' })
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'urn:autoresearch-action:config',
    ...schema,
  }
}
