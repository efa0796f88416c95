// What people do to a repository while a job works on it.
import { CANDIDATE_BRANCH_PREFIX } from '../../src/core/record/candidate.ts'
import type { GitHub } from '../loopback-github/index.ts'
import { nodeId } from '../loopback-github/render/user.ts'
import type { PullRequest, Repository } from '../loopback-github/store.ts'
import { CONFIG_PATH } from './laboratory.ts'
import { readState } from './ledger.ts'
import { Person } from './person.ts'
import { choose } from './random.ts'

export const BASELINE = 'autoresearch/baseline'
const PAUSE_LABEL = 'autoresearch-pause'

export class People {
  readonly person: Person
  readonly #repository: Repository
  /** What was done, in order. */
  readonly acts: string[] = []
  isHarmless = true
  /** Commits with which a person broke the baseline, as long as their messages name them. */
  readonly broken = new Set<string>()
  /** The words that a person gave a pull request, by number. */
  readonly renamed = new Map<number, { title: string; body: string }>()
  /** Pull requests whose comment a person deleted. */
  readonly commentDeleted = new Set<number>()
  /** Pull requests that a person opened again after the ledger said how their candidates ended. */
  readonly reopened = new Set<number>()
  /** When a person changed the base branch of a pull request last, by its number: a time of GitHub's clock. */
  readonly retargeted = new Map<number, string>()
  /** When research was paused, in milliseconds; the last has no end while it is. */
  readonly pauses: { issue: number; from: number; to?: number }[] = []

  constructor(github: GitHub, repository: string) {
    this.person = new Person(github, repository)
    this.#repository = github.repository(repository)
  }

  /** Undoes what would keep research waiting for ever. */
  async finish(): Promise<void> {
    await this.resume()
    for (const pull of this.#repository.pulls)
      if (pull.draft && pull.state === 'open') await this.#setDraft(pull, false)
  }

  async comment(draw: number): Promise<void> {
    const pull = this.#open(draw)
    if (pull) await this.person.call('POST', `/issues/${pull.number}/comments`, { body: 'What is this?' })
  }

  async rename(draw: number): Promise<void> {
    const pull = this.#open(draw)
    const words = { title: `Renamed ${this.acts.length}`, body: 'In my own words.' }
    if (pull && (await this.person.call('PATCH', `/pulls/${pull.number}`, words)) === 200)
      this.renamed.set(pull.number, words)
  }

  async draft(draw: number): Promise<void> {
    const pull = this.#open(draw)
    if (pull) await this.#setDraft(pull, !pull.draft)
  }

  #setDraft({ kind, id }: PullRequest, draft: boolean): Promise<void> {
    const mutation = draft ? 'convertPullRequestToDraft' : 'markPullRequestReadyForReview'
    return this.person.mutate(mutation, nodeId(kind, id))
  }

  async deleteComment(draw: number): Promise<void> {
    const written = this.#repository.comments.filter(({ user }) => user.type === 'Bot')
    if (written.length === 0) return
    const { id, issueNumber } = choose(draw, written)
    this.commentDeleted.add(issueNumber)
    await this.person.call('DELETE', `/issues/comments/${id}`)
  }

  async pauseOrResume(): Promise<void> {
    if (this.isPaused) return this.resume()
    const { size } = this.#repository.threads
    const labels = [PAUSE_LABEL]
    await this.person.call('POST', '/issues', { title: 'Please wait', labels })
    const issue = [...this.#repository.threads.values()].find(
      ({ kind, number }) => kind === 'issue' && number > size,
    )
    if (issue) this.pauses.push({ issue: issue.number, from: Date.now() })
  }

  get isPaused(): boolean {
    const last = this.pauses.at(-1)
    return last !== undefined && last.to === undefined
  }

  async resume(): Promise<void> {
    const last = this.pauses.at(-1)
    if (!last || last.to !== undefined) return
    // Reads may show the label for a while, but nobody is blamed for proposing from here on.
    last.to = Date.now()
    await this.person.call('DELETE', `/issues/${last.issue}/labels/${PAUSE_LABEL}`)
  }

  async close(draw: number): Promise<void> {
    const pull = this.#open(draw)
    if (pull) await this.person.call('PATCH', `/pulls/${pull.number}`, { state: 'closed' })
  }

  /** GitHub offers to restore the branch first. */
  async reopen(draw: number): Promise<void> {
    const closed = this.#repository.pulls.filter(({ state, merged }) => state === 'closed' && !merged)
    if (closed.length === 0) return
    const { number, head } = choose(draw, closed)
    const state = await readState(this.#repository.gitDir)
    await this.person.call('POST', '/git/refs', { ref: `refs/heads/${head.ref}`, sha: head.sha })
    if ((await this.person.call('PATCH', `/pulls/${number}`, { state: 'open' })) !== 200) return
    const id = head.ref.slice(CANDIDATE_BRANCH_PREFIX.length)
    if (state?.candidates.get(id)?.end !== undefined) this.reopened.add(number)
  }

  async merge(draw: number): Promise<void> {
    const pull = this.#open(draw)
    const path = `/pulls/${pull?.number}/merge`
    // GitHub finds out only when asked whether it can be merged.
    for (let attempt = 0; pull && attempt < 4; attempt += 1)
      if ((await this.person.call('PUT', path, { merge_method: 'squash' })) < 300) return
  }

  async changeBase(draw: number): Promise<void> {
    const pull = this.#open(draw)
    const base = pull?.base.ref === BASELINE ? 'main' : BASELINE
    if (pull && (await this.person.call('PATCH', `/pulls/${pull.number}`, { base })) === 200)
      this.retargeted.set(pull.number, pull.updatedAt)
  }

  async updateBranch(draw: number): Promise<void> {
    const pull = this.#open(draw)
    const request = { expected_head_sha: pull?.head.sha }
    if (pull) await this.person.call('PUT', `/pulls/${pull.number}/update-branch`, request)
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
    const { person } = this
    const changed = (await person.git(['diff', '--name-only', `${commit}^`, commit])).split('\n')
    const path = changed.find((one) => one.endsWith('.sh'))
    if (path === undefined) return
    await person.commitTo(BASELINE, path, `${await person.git(['show', `${commit}^:${path}`])}\n`)
    this.acts.push('repairs the baseline')
  }

  async pushToCandidate(draw: number, force: boolean): Promise<void> {
    const branch = await this.#branch(draw)
    if (branch) await this.person.commitTo(branch, 'README.md', `# Mine ${draw}\n`, force)
  }

  async deleteBranch(draw: number): Promise<void> {
    const branch = await this.#branch(draw)
    if (branch) await this.person.push(`:refs/heads/${branch}`)
  }

  async configure(branch: string): Promise<void> {
    const text = await this.person.git(['show', `refs/heads/${branch}:${CONFIG_PATH}`]).catch(() => undefined)
    if (text !== undefined)
      await this.person.commitTo(branch, CONFIG_PATH, `${text}\n# Reviewed ${this.acts.length}\n`)
  }

  /** A pull request that is open; undefined while there is none. */
  #open(draw: number): PullRequest | undefined {
    const open = this.#repository.pulls.filter(({ state }) => state === 'open')
    return open.length === 0 ? undefined : choose(draw, open)
  }

  async #branch(draw: number): Promise<string | undefined> {
    const listed = await this.person.git([
      'for-each-ref',
      '--format=%(refname:strip=2)',
      `refs/heads/${CANDIDATE_BRANCH_PREFIX}`,
    ])
    const branches = listed.split('\n').filter(Boolean)
    return branches.length === 0 ? undefined : choose(draw, branches)
  }
}
