// The agents that this project has recipes for: where `npm` and `pip` put them, and how their recipes reach a server on this machine.
import { existsSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parse } from 'yaml'
import { readRoot } from '../templates/workflow.ts'

/** A folder per agent. */
const AGENTS = process.env.AGENTS_DIRECTORY ?? join(import.meta.dirname, '../../out/agents')

interface Agent {
  /** Heading of its recipe in docs/agents.md, and which of the recipes below it is used. */
  heading: string
  recipe: number
  program: string
  /** What `npm install` is given, or `pip install`. */
  packageName: string
  isPython?: true
  /** Where the program is below `node_modules`. Default: `.bin`. */
  folder?: string
  /** What its model says in its only turn, because the agent has no shell. Default: a call of the shell, and another turn. */
  answer?: string
  /** Changes what the recipe runs and sets so that it asks this server. */
  redirect(recipe: Recipe, origin: string): Recipe
}

export interface Recipe {
  run: string
  env: Record<string, string>
  secrets: string[]
}

const byEnvironment = (name: string, path = '') => ({
  recipe: 0,
  redirect: (recipe: Recipe, origin: string): Recipe => ({
    ...recipe,
    env: { ...recipe.env, [name]: `${origin}${path}` },
  }),
})

/** For recipes of one's own server. */
const byAddress = {
  recipe: 1,
  redirect: ({ run, env, secrets }: Recipe, origin: string): Recipe => {
    const moved = (text: string) => text.replaceAll('http://localhost:8000', origin)
    return {
      run: moved(run),
      env: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, moved(value)])),
      secrets,
    }
  },
}

/** An edit in aider's own form, and what is handed in. */
const AIDER_ANSWER = `train.py
\`\`\`python
<<<<<<< SEARCH
lr = 1
=======
lr = 2
>>>>>>> REPLACE
\`\`\`

TITLE: Double the learning rate
HYPOTHESIS: The loss still falls at the end.
CATEGORY: hyperparameter
EXPECTED: -0.01
`

export const KNOWN: readonly Agent[] = [
  {
    heading: 'Claude Code',
    program: 'claude',
    packageName: '@anthropic-ai/claude-code@2.1.332',
    ...byEnvironment('ANTHROPIC_BASE_URL'),
  },
  {
    heading: 'Codex',
    program: 'codex',
    packageName: '@openai/codex@0.171.0',
    recipe: 0,
    redirect: (recipe, origin) => {
      const provider = `{name="local",base_url="${origin}/v1",wire_api="responses",env_key="CODEX_API_KEY"}`
      const settings = `-c model_provider=local -c 'model_providers.local=${provider}'`
      return { ...recipe, run: recipe.run.replace('codex exec', `codex exec ${settings}`) }
    },
  },
  { heading: 'Copilot CLI', program: 'copilot', packageName: '@github/copilot@1.0.102', ...byAddress },
  {
    heading: 'Gemini CLI',
    program: 'gemini',
    packageName: '@google/gemini-cli@0.61.0',
    ...byEnvironment('GOOGLE_GEMINI_BASE_URL'),
  },
  {
    heading: 'Qwen Code',
    program: 'qwen',
    packageName: '@qwen-code/qwen-code@0.24.4',
    ...byEnvironment('OPENAI_BASE_URL', '/v1'),
  },
  {
    heading: 'OpenCode',
    program: 'opencode',
    packageName: 'opencode-linux-x64-baseline@1.18.33',
    folder: 'opencode-linux-x64-baseline/bin',
    ...byAddress,
  },
  {
    heading: 'aider',
    program: 'aider',
    packageName: 'aider-chat==0.86.2',
    isPython: true,
    answer: AIDER_ANSWER,
    recipe: 0,
    redirect: (recipe, origin) => ({
      ...recipe,
      run: recipe.run.replace('--no-git', '--no-git --edit-format diff'),
      env: { ...recipe.env, OPENAI_API_BASE: `${origin}/v1` },
    }),
  },
  { heading: 'pi', program: 'pi', packageName: '@mariozechner/pi-coding-agent@0.73.1', ...byAddress },
]

/** Where the program is; undefined while it is not installed. */
export function installed({ program, folder = '.bin', isPython }: Agent): string | undefined {
  const path = isPython ? join(AGENTS, program, 'bin') : join(AGENTS, program, 'node_modules', folder)
  return existsSync(join(path, program)) ? path : undefined
}

/** What the sandbox has to show besides the system: the agents, and a Python that somebody installed elsewhere. */
export function foldersOf({ isPython }: Agent, path: string | undefined): string[] {
  const python = isPython && path !== undefined ? realpathSync(join(path, 'python3')) : '/usr'
  return python.startsWith('/usr') ? [AGENTS] : [AGENTS, dirname(dirname(python))]
}

export function installCommand({ program, packageName, isPython }: Agent): string {
  const folder = join(AGENTS, program)
  return isPython
    ? `python3 -m venv ${folder} && ${folder}/bin/pip install --quiet ${packageName}`
    : `npm install --prefix ${folder} --no-audit --no-fund ${packageName}`
}

/** The recipe as the documentation has it. */
export function recipeOf({ heading, recipe }: Agent): Recipe {
  const [, section = ''] = readRoot('docs/agents.md').split(`\n### ${heading}\n`)
  const [own = ''] = section.split(/\n##/)
  const [, text = ''] = [...own.matchAll(/```yaml\n(.*?)```/gs)][recipe] ?? []
  const { proposers } = parse(text) as { proposers: (Partial<Recipe> & { run: string })[] }
  const [first] = proposers
  if (!first) throw new Error(`docs/agents.md has no recipe ${recipe} under ${heading}`)
  return { run: first.run, env: first.env ?? {}, secrets: first.secrets ?? [] }
}
