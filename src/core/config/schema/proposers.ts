// Who invents candidates: `proposers`.
import { z } from 'zod'
import { amount, between, checked, line, ruled, section, variableName, writtenDuration } from '../fields.ts'
import { endpointRule, hostRule, readPathRule } from '../rules.ts'

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

export const proposers = z
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
