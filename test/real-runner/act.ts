// Runs a workflow in nektos/act, a real runner of workflow files, on this machine and against the loopback GitHub: with the
// real actions/checkout, the real artifact actions and the real `gh`, whose requests alone are redirected.
import { randomUUID } from 'node:crypto'
import { chmod, cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { parse } from 'yaml'
import type { GitHub } from '../loopback-github/index.ts'
import { gitIn } from '../scaffold.ts'
import { readRoot } from '../templates/workflow.ts'
import { type Tools, usedActions } from './tools.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const WORKFLOW = '.github/workflows/autoresearch.yml'

export interface RunnerOptions {
  github: GitHub
  /** `owner/name`. */
  repository: string
  tools: Tools
  /** In `templates/`. */
  template: string
  /** A fresh directory. */
  directory: string
  secrets: Readonly<Record<string, string>>
}

export interface WorkflowRun {
  exitCode: number | undefined
  log: string
}

export interface Runner {
  /** Starts the workflow as a person's dispatch does, and waits for its end. */
  dispatch(inputs: Readonly<Record<string, string>>): Promise<WorkflowRun>
}

/** Puts the template on the default branch and returns a machine that runs it. */
export async function startRunner(options: RunnerOptions): Promise<Runner> {
  const clone = await installTemplate(options)
  const actions = await copyActions(options)
  const bin = await wrapGh(options)
  return { dispatch: (inputs) => runAct(options, { clone, actions, bin }, inputs) }
}

async function installTemplate({ github, repository, template, directory }: RunnerOptions): Promise<string> {
  const { gitDir, defaultBranch } = github.repository(repository)
  const clone = join(directory, 'clone')
  await gitIn(directory, ['clone', '--quiet', gitDir, clone])
  await mkdir(dirname(join(clone, WORKFLOW)), { recursive: true })
  await writeFile(join(clone, WORKFLOW), readRoot(`templates/${template}`))
  await gitIn(clone, ['add', '.'])
  await gitIn(clone, ['commit', '--quiet', '-m', 'Add the workflow'])
  await gitIn(clone, ['push', '--quiet', gitDir, `HEAD:refs/heads/${defaultBranch}`])
  await gitIn(clone, ['remote', 'set-url', 'origin', `${github.url}/${repository}`])
  return clone
}

/** @returns the folder of each action that the template uses, as act wants it: `owner/name@ref=folder` */
async function copyActions({ template, tools, directory }: RunnerOptions): Promise<string[]> {
  const copies = usedActions(template).map(async ({ name, ref, isOurs }) => {
    const folder = join(directory, 'actions', name)
    const from = isOurs ? ROOT : (tools.actions.get(name) ?? '')
    for (const part of isOurs ? ['action.yml', 'dist', 'python'] : ['action.yml', 'dist'])
      await cp(join(from, part), join(folder, part), { recursive: true, dereference: true })
    if (name.endsWith('-artifact')) await answerAsGitHub(folder)
    return `${name}@${ref}=${folder}`
  })
  return Promise.all(copies)
}

/** The artifact actions refuse every server that is not github.com, before they ask it anything. */
async function answerAsGitHub(action: string): Promise<void> {
  const { main }: { main: string } = parse(await readFile(join(action, 'action.yml'), 'utf8')).runs
  const program = join(action, main)
  const line = `process.env.GITHUB_SERVER_URL = 'https://github.com'\n`
  await writeFile(program, line + (await readFile(program, 'utf8')))
}

/** `gh` speaks HTTPS to every host but github.localhost, and its API is at the root of api.github.localhost. */
async function wrapGh({ github, tools, directory }: RunnerOptions): Promise<string> {
  const bin = join(directory, 'bin')
  await mkdir(bin)
  const script = `#!/bin/sh\nGH_HOST=github.localhost http_proxy=${github.url} exec '${tools.gh}' "$@"\n`
  await writeFile(join(bin, 'gh'), script)
  await chmod(join(bin, 'gh'), 0o755)
  return bin
}

interface Machine {
  clone: string
  actions: readonly string[]
  bin: string
}

async function runAct(
  { github, repository, tools, directory, secrets }: RunnerOptions,
  { clone, actions, bin }: Machine,
  inputs: Readonly<Record<string, string>>,
): Promise<WorkflowRun> {
  const { defaultBranch } = github.repository(repository)
  const home = join(directory, `run-${randomUUID().slice(0, 8)}`)
  await mkdir(home)
  const event = join(home, 'event.json')
  await writeFile(event, JSON.stringify({ ref: `refs/heads/${defaultBranch}`, inputs }))
  const variables = {
    GITHUB_SERVER_URL: github.url,
    GITHUB_API_URL: github.apiUrl,
    GITHUB_GRAPHQL_URL: github.graphqlUrl,
    GITHUB_REPOSITORY: repository,
    GITHUB_REF_NAME: defaultBranch,
    GITHUB_WORKFLOW_REF: `${repository}/${WORKFLOW}@refs/heads/${defaultBranch}`,
    GITHUB_RUN_ID: String(Date.now()),
    PATH: [bin, dirname(process.execPath), process.env.PATH].join(delimiter),
  }
  const subprocess = execa(
    tools.act,
    [
      'workflow_dispatch',
      ...['--workflows', WORKFLOW, '--eventpath', event, '--no-skip-checkout', '--no-cache-server'],
      // act evaluates the matrix even of a job that is skipped.
      ...(inputs.hypothesis ? ['--job', 'request'] : []),
      ...['--platform', 'ubuntu-latest=-self-hosted', '--platform', 'gpu=-self-hosted'],
      ...['--platform', 'self-hosted=-self-hosted', '--concurrent-jobs', '4'],
      ...['--github-instance', new URL(github.url).host, '--action-cache-path', join(home, 'cache')],
      // act's own server of artifacts is not used: it refuses what the artifact actions have sent since version 7.
      ...['--artifact-server-path', join(home, 'artifacts'), '--artifact-server-addr', '127.0.0.1'],
      ...['--artifact-server-port', '0'],
      ...actions.flatMap((one) => ['--local-repository', one]),
      ...Object.entries(variables).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
      ...Object.entries(secrets).flatMap(([name, value]) => ['--secret', `${name}=${value}`]),
    ],
    {
      cwd: clone,
      env: {
        PATH: variables.PATH,
        HOME: home,
        XDG_CACHE_HOME: join(home, 'cache'),
        ACTIONS_RUNTIME_URL: `${github.url}/`,
      },
      extendEnv: false,
      all: true,
      reject: false,
    },
  )
  const { exitCode, all } = await subprocess
  return { exitCode, log: String(all) }
}
