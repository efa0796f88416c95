// Candidate generators: `proposers`.
import { z } from 'zod'
import {
  amount,
  between,
  checked,
  help,
  line,
  ruled,
  section,
  variableName,
  writtenDuration,
} from '../fields.ts'
import { endpointRule, hostRule, readPathRule } from '../rules.ts'

const price = section({
  input: amount('dollars').meta(help('Dollars per million input tokens.', 1.25)),
  'cached-input': amount('dollars')
    .meta(help('Dollars per million cached input tokens. Default: the price of input.', 0.125))
    .exactOptional(),
  output: amount('dollars').meta(help('Dollars per million output tokens.', 10)),
}).meta(help('Price of the model. Without it, no cost is counted.', { input: 1.25, output: 10 }))

function knobPatterns(description: string) {
  return z
    .array(
      line('a pattern').meta({
        description: 'Name of a constant, or `file:name`. `*` stands for any text.',
        examples: ['learning_rate', 'train.py:*_iters'],
      }),
      'a list of patterns',
    )
    .min(1, 'at least one pattern')
    .max(100, 'at most 100 patterns')
    .meta({ description, examples: [['learning_rate', 'train.py:*_iters']] })
    .exactOptional()
}

const knobs = section({
  kind: z.literal('knobs').meta(help('Type of proposer.', 'knobs')),
  include: knobPatterns(
    'Constants to search, also those that are left alone by default. Default: all usual ones.',
  ),
  exclude: knobPatterns('Constants to leave alone.'),
}).meta({ description: 'Searches the constants in the editable files. Needs no model.' })

const endpoint = {
  model: line('the name of a model').meta(help('Name of the model at the endpoint.', 'gpt-x')),
  'base-url': z
    .url({ protocol: /^https?$/, error: 'an http or https URL' })
    .superRefine(checked(endpointRule))
    .meta(help('Endpoint with an OpenAI-compatible API. Default: OpenAI.', 'https://api.openai.com/v1'))
    .exactOptional(),
  price: price.exactOptional(),
}

const openai = section({
  kind: z.literal('openai').meta(help('Type of proposer.', 'openai')),
  ...endpoint,
  'max-turns': between(1, 200).default(20).meta(help('Maximum model calls per candidate.', 20)),
  // Not `count`: zod publishes no examples for a schema that contains a transformed one.
  'max-output': between(1, 10_000_000)
    .meta(help('Maximum tokens per answer. Default: the limit of the endpoint.', 16_000))
    .exactOptional(),
  fallback: z
    .array(
      section(endpoint).meta(
        help('Another model or endpoint.', { model: 'gpt-y', 'base-url': 'http://localhost:8000/v1' }),
      ),
      'a list of mappings with model',
    )
    .max(8, 'at most 8 endpoints')
    .meta(
      help('Endpoints that are tried, in this order, when the endpoint fails.', [
        { model: 'gpt-y', 'base-url': 'http://localhost:8000/v1' },
      ]),
    )
    .exactOptional(),
}).meta({ description: 'Uses a model at any OpenAI-compatible endpoint.' })

const command = section({
  kind: z.literal('command').meta(help('Type of proposer.', 'command')),
  name: z
    .string('a name')
    .regex(/^[A-Za-z0-9_.-]{1,40}$/, '1 to 40 letters, digits or _ . -')
    .meta(help('Name of the agent, shown in pull requests.', 'claude')),
  run: line('a command').meta(
    help(
      'Command that runs the agent once. Its task is in $AUTORESEARCH_BRIEF.',
      'claude -p "$AUTORESEARCH_BRIEF" --dangerously-skip-permissions',
    ),
  ),
  hosts: z
    .array(
      ruled('a host', hostRule).meta(help('Host, with its port if it is not 443.', 'api.anthropic.com')),
      'a list of hosts',
    )
    .min(1, 'at least one host')
    .max(20, 'at most 20 hosts')
    .meta(
      help('Hosts that the agent can connect to, such as the host of its model. All others are blocked.', [
        'api.anthropic.com',
      ]),
    ),
  secrets: z
    .array(
      variableName().meta(help('Name of an environment variable.', 'ANTHROPIC_API_KEY')),
      'a list of variable names',
    )
    .default([])
    .meta(
      help('Variables that the agent receives from the action input agent-environment.', [
        'ANTHROPIC_API_KEY',
      ]),
    ),
  env: z
    .record(variableName(), z.string('a text').meta({ examples: ['debug'] }), 'a mapping of names to texts')
    .default({})
    .meta(
      help('Additional environment variables of the agent. Do not put secrets here: this file is public.', {
        DISABLE_TELEMETRY: '1',
      }),
    ),
  read: z
    .array(
      ruled('an absolute path', readPathRule).meta(
        help('Absolute path on the machine that runs the agent.', '/opt/agents'),
      ),
      'a list of absolute paths',
    )
    .default([])
    .meta(help('Additional folders on the machine that the agent may read.', ['/opt/agents'])),
  timeout: writtenDuration(
    help('Time after which the agent is killed. Its edits are then lost.', '10m'),
  ).default('10m'),
}).meta({ description: 'Runs a coding agent in a sandbox that can reach only the listed hosts.' })

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
  .meta(help('Candidate generators.', [{ kind: 'knobs' }]))
