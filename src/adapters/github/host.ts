// What git needs of GitHub's API: the rules on branches, and commits that GitHub signs.
import { CANDIDATE_BRANCH_PREFIX } from '../../core/record/candidate.ts'
import type { Host, NewCommit, PushRules } from '../git/host.ts'
import { means } from './answers.ts'
import { explainedBy, type GitHub } from './client.ts'

export function createHost(github: GitHub): Host {
  const explained = explainedBy(github)
  const rules = explained('read the rules of a branch', readRules)
  return {
    rules: (branch) => {
      // Candidates' branches have the same rules: one request per job.
      const key = `rules ${branch.startsWith(CANDIDATE_BRANCH_PREFIX) ? CANDIDATE_BRANCH_PREFIX : branch}`
      return github.memory.get<Promise<PushRules>>(key) ?? github.memory.keep(key, rules(branch))
    },
    createCommit: explained('create a signed commit', createCommit),
  }
}

async function readRules({ client, where }: GitHub, branch: string): Promise<PushRules> {
  try {
    const { data } = await client.rest.repos.getBranchRules({ ...where, branch, per_page: 100 })
    const types = new Set(data.map(({ type }) => type))
    return {
      forcePush: types.has('non_fast_forward') ? 'forbidden' : 'allowed',
      mergeCommits: types.has('required_linear_history') ? 'forbidden' : 'allowed',
      signatures: types.has('required_signatures'),
    }
  } catch (error) {
    // Older Enterprise Servers have no such rules, and a token may not be allowed to read them.
    if (!means(error, 'token')) throw error
    return { forcePush: 'allowed', mergeCommits: 'allowed', signatures: false }
  }
}

async function createCommit({ client, where }: GitHub, { tree, parents, message }: NewCommit) {
  const request = { ...where, tree, parents: [...parents], message }
  const { sha, verification } = (await client.rest.git.createCommit(request)).data
  const { verified, payload, signature } = verification
  return { commit: sha, ...(verified && payload && signature && { signed: { payload, signature } }) }
}
