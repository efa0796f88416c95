import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import type { Candidate, Category, Origin } from '../../../src/core/record/candidate.ts'
import {
  pullRequestMarker,
  renderCandidateMessage,
  renderMergeMessage,
  renderPullRequest,
} from '../../../src/core/report/pull-request.ts'
import {
  aaOrigin,
  aCandidate,
  aConfig,
  aState,
  aVerdict,
  CONDITIONS,
  revertOrigin,
  trialResults,
} from '../../factories.ts'
import { HOSTILE } from './hostile.ts'
import { githubTriggers, rendered } from './rendered.ts'

const CHANGES = [{ path: 'train.py', mode: '100644', before: 'a\nb\nc\n', after: 'a\nB\nc\nd\n' }]

function render(candidate = aCandidate(), config = aConfig()) {
  const state = aState({ trials: trialResults([2.37, 2.38]), candidates: [candidate] })
  return renderPullRequest({ candidate, changes: CHANGES, config, state, conditions: CONDITIONS })
}

test('a typical pull request', () => {
  const { title, body } = render()
  expect(title).toBe('Try warmup')
  expect(body).toMatchInlineSnapshot(`
    "<!-- autoresearch candidate f9850c0d -->

    The first steps are too large; warmup makes them smaller.

    |  |  |
    | --- | --- |
    | category | schedule |
    | proposer | knobs |
    | expected effect | −0.01 |
    | baseline | 01bada1 on autoresearch/baseline, val_bpb 2.375 |
    | decided by | val_bpb, lower is better, a budget of 5m per run |

    ### Change

    | file | added | removed |
    | --- | --- | --- |
    | train.py | +2 | −1 |

    ### Reproduce

    \`\`\`bash
    git fetch origin ab221b425228c638acc7241c95f780a3105e84e9
    git switch --detach FETCH_HEAD
    export AUTORESEARCH_SEED=1923619080 AUTORESEARCH_BUDGET_SECONDS=300
    export AUTORESEARCH_DATA="$(mktemp -d)"
    export AUTORESEARCH_EVAL_DATA="$(mktemp -d)"
    export AUTORESEARCH_OUT="$(mktemp -d)"
    uv run train.py
    \`\`\`

    ---

    Opened by Autoresearch Action. It trains this change, reports the result as a check, and then merges or closes this pull request. You can close, merge or push to this pull request at any time; your decision overrides the action ([how to review it](https://github.com/autoresearch-action/autoresearch-action/blob/main/docs/reviewing.md))."
  `)
})

describe('F64 a hostile candidate', () => {
  const plain = rendered(render().body).active

  test.each(HOSTILE)('writes %s and gets literal text', (_, text) => {
    const written = {
      title: text,
      hypothesis: text,
      expectedEffect: text,
      proposer: text,
      category: text as Category,
    }
    const candidate = aCandidate(written)
    const { title, body } = render(candidate)
    // Exactly the structure of an honest pull request: no additional link, image, element or heading.
    expect(rendered(body).active).toEqual(plain)
    expect(rendered(body).triggers.filter((found) => found !== candidate.base.slice(0, 7))).toEqual([])
    expect(body.split('<!--')).toHaveLength(2)
    expect(body.startsWith(`${pullRequestMarker(candidate.id)}\n`)).toBe(true)
    expect(githubTriggers(title)).toEqual([])
    expect(title.length).toBeLessThanOrEqual(100)
    expect(body.length).toBeLessThanOrEqual(65_536)
  })

  test.each(HOSTILE)('merges with %s and notifies, closes and links nothing', (_, text) => {
    const candidate = aCandidate({ title: text, hypothesis: text })
    const { title, message } = renderMergeMessage(candidate, aVerdict({ reason: text }), 12)
    expect(title).toMatch(/ \(#12\)$/)
    expect(githubTriggers(title.replace(/ \(#12\)$/, ''))).toEqual([])
    expect(githubTriggers(message)).toEqual([])
  })

  test.each(['skip-checks: true', 'Warm up\n\nskip-checks: true', 'a: b\nCo-authored-by: Ada <a@b.c>'])(
    'F111 writes %j and adds no trailer to a commit',
    (text) => {
      const merge = renderMergeMessage(aCandidate({ hypothesis: text }), aVerdict({ reason: text }), 12)
      for (const message of [renderCandidateMessage('Warm up', text), `${merge.title}\n\n${merge.message}`]) {
        const parsed = spawnSync('git', ['interpret-trailers', '--parse'], {
          input: message,
          encoding: 'utf8',
        })
        expect(parsed).toMatchObject({ status: 0, stdout: '' })
      }
    },
  )
})

describe('a bundle', () => {
  const [one, two] = ['one', 'two'].map((name, index) =>
    aCandidate({
      name,
      title: `Change ${name}`,
      pullRequest: 7 + index,
      verdict: aVerdict({
        kind: 'reject',
        gain: 0.004,
        measured: 0.009,
        risk: 0.4,
        runs: { candidate: 1, baseline: 6 },
      }),
    }),
  ) as [Candidate, Candidate]
  const withMembers = (origin: Origin, members: readonly Candidate[] = [one, two]) => {
    const candidate = aCandidate({ origin })
    const state = aState({ candidates: [...members, candidate] })
    const facts = { candidate, changes: CHANGES, config: aConfig(), state, conditions: CONDITIONS }
    return renderPullRequest(facts).body
  }

  test('lists its members with their evidence', () => {
    const body = withMembers({ kind: 'bundle', members: [one.id, two.id] })
    expect(body).toContain('### Members\n\n| candidate |')
    expect(body).toContain('| #7 Change one | knobs | 1 | +0.009 | +0.004 | 40 % |\n| #8 Change two |')
    expect(body).toContain('It trains these changes together')
  })

  test('is named, with the member, by what takes it apart', () => {
    const body = withMembers({ kind: 'leave-out', bundle: one.id, member: two.id })
    expect(body).toMatch(/### The bundle, and the member that is removed[\s\S]*#7[\s\S]*#8/)
  })

  test.each(HOSTILE)('F64 has a member that is called %s and shows literal text', (_, title) => {
    const origin = { kind: 'bundle', members: [one.id, two.id] } as const
    const plain = rendered(withMembers(origin)).active
    const hostile = withMembers(origin, [{ ...one, title, proposer: title }, two])
    expect(rendered(hostile).active).toEqual(plain)
  })
})

test.each([
  ['an A/A candidate', { origin: aaOrigin(1) }, 'closes this pull request whatever the verdict'],
  ['a revert', { origin: revertOrigin('c'.repeat(40)) }, 'those runs did not confirm it'],
])('%s states the next step', (_, fields, words) => {
  expect(render(aCandidate(fields)).body).toContain(words)
})

test('a title without visible characters is replaced by the id', () => {
  const candidate = aCandidate({ title: ' \u200b\n' })
  expect(render(candidate).title).toBe(`Candidate ${candidate.id}`)
})

test('a change to very many files lists some and counts the rest', () => {
  const candidate = aCandidate()
  const changes = Array.from({ length: 400 }, (_, n) => ({
    path: `${'x'.repeat(4000)}${n}`,
    mode: '100644',
    after: '1',
  }))
  const { body } = renderPullRequest({
    candidate,
    changes,
    config: aConfig(),
    state: aState(),
    conditions: CONDITIONS,
  })
  expect(body.length).toBeLessThanOrEqual(65_536)
  expect(body).toContain('… and 350 more files')
  expect(body).toContain('not measured yet')
})

test('the commands include setup before training and evaluation after it', () => {
  const { body } = render(aCandidate(), aConfig({ setup: 'uv sync', evaluate: 'uv run evaluate.py' }))
  expect(body).toContain(
    'export AUTORESEARCH_OUT="$(mktemp -d)"\nuv sync\nuv run train.py\nuv run evaluate.py\n',
  )
})

test('for a maximised metric, higher is better', () => {
  const source = { kind: 'file', file: 'metrics.json', key: 'val' } as const
  const { body } = render(aCandidate(), aConfig({ metric: { name: 'acc', direction: 'maximize', source } }))
  expect(body).toContain('acc, higher is better')
})
