// A person with write access: what they click, ask of the API and push.
import { execa } from 'execa'
import type { GitHub } from '../loopback-github/index.ts'

const LOGIN = 'octocat'

export class Person {
  readonly #github: GitHub
  readonly #repository: string
  readonly #token: string
  #commits = 0

  constructor(github: GitHub, repository: string) {
    this.#github = github
    this.#repository = repository
    const permissions = {
      contents: 'write',
      pull_requests: 'write',
      issues: 'write',
      workflows: 'write',
    } as const
    this.#token = github.issueToken({ repository, kind: 'pat', permissions, login: LOGIN })
    github.repository(repository).collaborators.set(LOGIN, 'write')
  }

  /** @returns the status, which may be a refusal: others were faster */
  async call(method: string, path: string, body?: object): Promise<number> {
    const response = await fetch(`${this.#github.apiUrl}/repos/${this.#repository}${path}`, {
      method,
      headers: this.#headers,
      ...(body && { body: JSON.stringify(body) }),
    })
    await response.text()
    return response.status
  }

  /** @param id of what it changes */
  async mutate(mutation: string, id: string): Promise<void> {
    const query = `mutation($id: ID!) { ${mutation}(input: { pullRequestId: $id }) { clientMutationId } }`
    const body = JSON.stringify({ query, variables: { id } })
    const response = await fetch(`${this.#github.url}/api/graphql`, {
      method: 'POST',
      headers: this.#headers,
      body,
    })
    await response.text()
  }

  get #headers() {
    return { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' }
  }

  /** @param force replaces the branch's last commit */
  async commitTo(branch: string, path: string, text: string, force = false): Promise<void> {
    const tip = await this.git(['rev-parse', '--verify', '--quiet', `refs/heads/${branch}`]).catch(() => '')
    if (tip === '') return
    this.#commits += 1
    const env = { GIT_INDEX_FILE: `person-index-${this.#commits}` }
    await this.git(['read-tree', tip], { env })
    const blob = await this.git(['hash-object', '-w', '--stdin'], { input: text })
    await this.git(['update-index', '--add', '--cacheinfo', `100644,${blob},${path}`], { env })
    const tree = await this.git(['write-tree'], { env })
    const parent = force ? `${tip}^` : tip
    const commit = await this.git(['commit-tree', tree, '-p', parent, '-m', 'Mine'])
    await this.push(`+${commit}:refs/heads/${branch}`)
  }

  /** A push that comes too late fails, which is no fault of anybody. */
  async push(refspec: string): Promise<void> {
    const basic = Buffer.from(`x-access-token:${this.#token}`).toString('base64')
    const header = `http.extraheader=AUTHORIZATION: basic ${basic}`
    const url = `${this.#github.url}/${this.#repository}.git`
    await this.git(['-c', header, 'push', '--quiet', url, refspec]).catch(() => undefined)
  }

  /** Reads and makes objects in the server's own repository. */
  async git(args: readonly string[], options: { env?: Record<string, string>; input?: string } = {}) {
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
