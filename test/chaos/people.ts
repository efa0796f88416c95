// What people do to a repository while a job works on it.
import { execa } from 'execa'
import { CANDIDATE_BRANCH_PREFIX } from '../../src/core/record/candidate.ts'
import type { GitHub } from '../loopback-github/index.ts'
import { CONFIG_PATH } from './laboratory.ts'
import { choose } from './random.ts'

const BASELINE = 'autoresearch/baseline'

/** `harmless`: no verdict may differ because of it. */
interface Act {
  name: string
  harmless: boolean
  perform(people: People, draw: (name: string) => number): Promise<void>
}

const ACTS: readonly Act[] = [
  { name: 'comments', harmless: true, perform: (people, draw) => people.comment(draw('which')) },
  { name: 'edits the configuration of main', harmless: true, perform: (people) => people.configure('main') },
  { name: 'closes', harmless: false, perform: (people, draw) => people.close(draw('which')) },
  { name: 'merges', harmless: false, perform: (people, draw) => people.merge(draw('which')) },
  {
    name: 'pushes to a candidate',
    harmless: false,
    perform: (people, draw) => people.pushToCandidate(draw('which'), false),
  },
  {
    name: 'force-pushes a candidate',
    harmless: false,
    perform: (people, draw) => people.pushToCandidate(draw('which'), true),
  },
  {
    name: 'deletes a branch',
    harmless: false,
    perform: (people, draw) => people.deleteBranch(draw('which')),
  },
  {
    name: 'pushes to the baseline',
    harmless: false,
    perform: (people) => people.commitTo(BASELINE, 'README.md', '# Changed by a person\n'),
  },
  { name: 'edits the configuration', harmless: false, perform: (people) => people.configure(BASELINE) },
]

export class People {
  readonly #github: GitHub
  readonly #repository: string
  readonly #token: string
  /** What was done, in order. */
  readonly acts: string[] = []
  isHarmless = true
  /** Commits with which a person broke the baseline, as long as their messages name them. */
  readonly broken = new Set<string>()

  constructor(github: GitHub, repository: string) {
    this.#github = github
    this.#repository = repository
    const permissions = {
      contents: 'write',
      pull_requests: 'write',
      issues: 'write',
      workflows: 'write',
    } as const
    this.#token = github.issueToken({ repository, kind: 'pat', permissions, login: 'octocat' })
  }

  async act(draw: (name: string) => number): Promise<void> {
    const act = choose(draw('act'), ACTS)
    this.isHarmless &&= act.harmless
    await act.perform(this, draw)
    this.acts.push(act.name)
  }

  async comment(draw: number): Promise<void> {
    const pull = this.#pull(draw)
    if (pull) await this.#call('POST', `/issues/${pull}/comments`, { body: 'What is this?' })
  }

  async close(draw: number): Promise<void> {
    const pull = this.#pull(draw)
    if (pull) await this.#call('PATCH', `/pulls/${pull}`, { state: 'closed' })
  }

  async merge(draw: number): Promise<void> {
    const pull = this.#pull(draw)
    // GitHub finds out only when asked whether it can be merged.
    for (let attempt = 0; pull && attempt < 4; attempt += 1)
      if ((await this.#call('PUT', `/pulls/${pull}/merge`, { merge_method: 'squash' })) < 300) return
  }

  /**
   * Reads in the log of a job what broke the baseline, and undoes it if a person did it.
   *
   * @param title of the idea that does not train
   */
  async repair(log: string, title: string): Promise<void> {
    const told = /since then came .*?\b([0-9a-f]{7}) \(#\d+ (.*?), merged by octocat\)/.exec(log)
    const [, commit, merged] = told ?? []
    if (commit === undefined || merged !== title || this.broken.has(commit)) return
    this.broken.add(commit)
    const changed = (await this.#git(['diff', '--name-only', `${commit}^`, commit])).split('\n')
    const path = changed.find((one) => one.endsWith('.sh'))
    if (path === undefined) return
    await this.commitTo(BASELINE, path, `${await this.#git(['show', `${commit}^:${path}`])}\n`)
    this.acts.push('repairs the baseline')
  }

  async pushToCandidate(draw: number, force: boolean): Promise<void> {
    const branch = await this.#branch(draw)
    if (branch) await this.commitTo(branch, 'README.md', `# Mine ${draw}\n`, force)
  }

  async deleteBranch(draw: number): Promise<void> {
    const branch = await this.#branch(draw)
    if (branch) await this.#push(`:refs/heads/${branch}`)
  }

  async configure(branch: string): Promise<void> {
    const text = await this.#git(['show', `refs/heads/${branch}:${CONFIG_PATH}`]).catch(() => undefined)
    if (text !== undefined)
      await this.commitTo(branch, CONFIG_PATH, `${text}\n# Reviewed ${this.acts.length}\n`)
  }

  /** @param force replaces the branch's last commit */
  async commitTo(branch: string, path: string, text: string, force = false): Promise<void> {
    const tip = await this.#git(['rev-parse', '--verify', '--quiet', `refs/heads/${branch}`]).catch(() => '')
    if (tip === '') return
    const env = { GIT_INDEX_FILE: `person-index-${this.acts.length}-${branch.replaceAll('/', '-')}` }
    await this.#git(['read-tree', tip], { env })
    const blob = await this.#git(['hash-object', '-w', '--stdin'], { input: text })
    await this.#git(['update-index', '--add', '--cacheinfo', `100644,${blob},${path}`], { env })
    const tree = await this.#git(['write-tree'], { env })
    const parent = force ? `${tip}^` : tip
    const commit = await this.#git(['commit-tree', tree, '-p', parent, '-m', 'Mine'])
    await this.#push(`+${commit}:refs/heads/${branch}`)
  }

  /** A pull request that is open; undefined while there is none. */
  #pull(draw: number): number | undefined {
    const open = this.#github.repository(this.#repository).pulls.filter(({ state }) => state === 'open')
    return open.length === 0 ? undefined : choose(draw, open).number
  }

  async #branch(draw: number): Promise<string | undefined> {
    const listed = await this.#git([
      'for-each-ref',
      '--format=%(refname:strip=2)',
      `refs/heads/${CANDIDATE_BRANCH_PREFIX}`,
    ])
    const branches = listed.split('\n').filter(Boolean)
    return branches.length === 0 ? undefined : choose(draw, branches)
  }

  async #call(method: string, path: string, body: unknown): Promise<number> {
    const headers = { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' }
    const url = `${this.#github.apiUrl}/repos/${this.#repository}${path}`
    const response = await fetch(url, { method, headers, body: JSON.stringify(body) })
    await response.text()
    return response.status
  }

  /** A push that comes too late fails, which is no fault of anybody. */
  async #push(refspec: string): Promise<void> {
    const basic = Buffer.from(`x-access-token:${this.#token}`).toString('base64')
    const header = `http.extraheader=AUTHORIZATION: basic ${basic}`
    const url = `${this.#github.url}/${this.#repository}.git`
    await this.#git(['-c', header, 'push', '--quiet', url, refspec]).catch(() => undefined)
  }

  async #git(args: readonly string[], options: { env?: Record<string, string>; input?: string } = {}) {
    const person = { NAME: 'Ada', EMAIL: 'ada@example.org' }
    const identity = Object.entries(person).flatMap(([key, value]) =>
      ['AUTHOR', 'COMMITTER'].map((role) => [`GIT_${role}_${key}`, value]),
    )
    const env = { GIT_CONFIG_GLOBAL: '/dev/null', ...Object.fromEntries(identity), ...options.env }
    const { gitDir } = this.#github.repository(this.#repository)
    const input = options.input === undefined ? {} : { input: options.input }
    return (await execa('git', args, { cwd: gitDir, env, ...input })).stdout
  }
}
