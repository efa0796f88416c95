// Stands in for GitHub's command line in a step's script: `gh workflow run <file> --ref <ref> -f <name>=<value>`.
import { parseArgs } from 'node:util'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { ref: { type: 'string' }, field: { type: 'string', short: 'f', multiple: true, default: [] } },
})
const [noun, verb, file] = positionals
if (noun !== 'workflow' || verb !== 'run') throw new Error(`gh ${positionals.join(' ')} is not known here`)
const { GITHUB_API_URL, GH_REPO, GH_TOKEN } = process.env
const inputs = Object.fromEntries(values.field.map((field) => field.split(/=(.*)/s).slice(0, 2)))
const answer = await fetch(`${GITHUB_API_URL}/repos/${GH_REPO}/actions/workflows/${file}/dispatches`, {
  method: 'POST',
  headers: { authorization: `Bearer ${GH_TOKEN}`, 'content-type': 'application/json' },
  body: JSON.stringify({ ref: values.ref, inputs }),
})
if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`)
