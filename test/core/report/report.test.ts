import { describe, expect, test } from 'vitest'
import type { Candidate, Category } from '../../../src/core/record/candidate.ts'
import { type Certification, rangeKey } from '../../../src/core/record/certification.ts'
import type { State } from '../../../src/core/record/state.ts'
import { headlines } from '../../../src/core/report/headlines.ts'
import { renderPage } from '../../../src/core/report/page.ts'
import { buildReport, renderReport } from '../../../src/core/report/report.ts'
import { countWords, trustSentences } from '../../../src/core/report/words.ts'
import {
  aaOrigin,
  aBaseline,
  aCandidate,
  aCertification,
  aConfig,
  aState,
  aTrialResult,
  aVerdict,
  CONDITIONS,
  revertOrigin,
  sha,
  trialResults,
} from '../../factories.ts'
import { HOSTILE } from './hostile.ts'
import { aNight, NIGHT } from './night.ts'
import { rendered } from './rendered.ts'

const config = aConfig()
const LINKS = { repository: 'https://github.com/octo/tinystories' }
const RUN = { seconds: 1010, busySeconds: 950 }
const BASELINE = trialResults([2.5, 2.51, 2.49])

function reportOn(...candidates: Candidate[]) {
  const trials = candidates.flatMap((candidate) => [aTrialResult({ candidate, value: 2.45 })])
  return buildReport(aState({ candidates, trials: [...BASELINE, ...trials] }), CONDITIONS, config, RUN)
}

describe('the standing of a candidate', () => {
  const closed = { kind: 'closed' } as const
  const reject = aVerdict({ kind: 'reject' })
  test.each<[string, Partial<Candidate>]>([
    ['open', {}],
    ['open', { verdict: aVerdict() }],
    ['merged', { verdict: aVerdict(), end: { kind: 'merged', commit: sha('m'), asTrained: true } }],
    ['rejected', { verdict: reject }],
    ['rejected', { verdict: reject, end: closed }],
    ['rejected', { end: closed }],
    ['parked', { verdict: aVerdict({ kind: 'park' }), end: closed }],
    ['open', { verdict: aVerdict({ kind: 'review' }) }],
    [
      'handed-over',
      { verdict: aVerdict({ kind: 'review' }), end: { kind: 'handed-over', reason: 'too good' } },
    ],
    ['withdrawn', { verdict: aVerdict(), end: { kind: 'withdrawn', reason: 'closed by a person' } }],
    ['handed-over', { verdict: aVerdict(), end: { kind: 'handed-over', reason: 'a rule forbids it' } }],
  ])('%s', (standing, fields) => {
    const report = reportOn(aCandidate(fields))
    expect(report.rows[0]?.standing).toBe(standing)
    expect(report.counts).toMatchObject({ [standing]: 1 })
  })

  test('crashed names the outcome of the failed run', () => {
    const candidate = aCandidate({ verdict: { ...reject, failure: 'timed-out' } })
    const trials = [...BASELINE, aTrialResult({ candidate, outcome: 'timed-out' })]
    const [row] = buildReport(aState({ candidates: [candidate], trials }), CONDITIONS, config).rows
    expect(row).toMatchObject({ standing: 'crashed', failure: 'timed-out', runs: 0 })
    expect(row).not.toHaveProperty('value')
  })

  test('cut differs from crashed in the counts and on the page', () => {
    const candidate = aCandidate({ verdict: { ...reject, failure: 'cut' } })
    const trials = [...BASELINE, aTrialResult({ candidate, outcome: 'cut' })]
    const report = buildReport(aState({ candidates: [candidate], trials }), CONDITIONS, config)
    expect(report.rows[0]).toMatchObject({ standing: 'cut', failure: 'cut', runs: 0 })
    expect(headlines(report).rows[0]).toMatchObject({ standing: 'cut', ending: 'cut' })
    expect(countWords(report)).toBe('1 cut')
    const page = renderPage(report)
    expect(page).toMatch(/<span class="badge cut"[^>]*>cut<\/span>/)
    expect(page.match(/class="cross cut"/g)).toHaveLength(3) // In the wide chart, the narrow one and the key.
  })
})

describe('the numbers', () => {
  test.each([
    ['minimize', -0.05],
    ['maximize', 0.05],
  ] as const)('show a gain of 0.05 in the sign of the metric: %s', (direction, delta) => {
    const candidates = [aCandidate({ verdict: aVerdict({ gain: 0.05 }) })]
    const metric = { ...config.metric, direction }
    const report = buildReport(
      aState({ candidates, trials: BASELINE }),
      CONDITIONS,
      { ...config, metric },
      RUN,
    )
    expect(report.rows[0]?.delta).toBe(delta)
  })

  test('Δ is what the runs differ by, not what the judge makes of it', () => {
    const candidate = aCandidate({ verdict: aVerdict({ gain: 0.05, measured: 0.08 }) })
    const trials = [...BASELINE, aTrialResult({ candidate, value: 2.5 })]
    const { rows, before = 0 } = buildReport(aState({ candidates: [candidate], trials }), CONDITIONS, config)
    expect(rows[0]).toMatchObject({ value: 2.5, delta: 2.5 - before })
  })

  test('of a night', () => {
    const report = buildReport(aNight(2.61, NIGHT), CONDITIONS, config, RUN)
    expect(report.counts).toMatchObject({ merged: 10, rejected: 17, crashed: 3, parked: 1 })
    expect(report.before).toBeCloseTo(2.61)
    expect(report.after).toBeCloseTo(2.04)
    expect(report.trials).toBe(60)
    const levels = report.rows.flatMap(({ level }) => level ?? [])
    expect(levels).toHaveLength(10)
    expect(levels).toEqual(levels.toSorted((a, b) => b - a))
  })

  test('ignore runs on another machine or with another configuration', () => {
    const candidate = aCandidate({ verdict: aVerdict() })
    const trials = [...BASELINE, aTrialResult({ candidate, testbed: 'another machine' })]
    const report = buildReport(aState({ candidates: [candidate], trials }), CONDITIONS, config, RUN)
    expect(report.rows[0]).toMatchObject({ runs: 0 })
  })

  test('are ordered by the last trial of each candidate', () => {
    const [slow, quick, open] = ['slow', 'quick', 'open'].map((name) => aCandidate({ name }))
    if (!slow || !quick || !open) throw new Error('three candidates')
    const trials = [
      ...BASELINE,
      aTrialResult({ candidate: slow }),
      aTrialResult({ candidate: quick }),
      aTrialResult({ candidate: slow, replicate: 2 }),
    ]
    const { rows } = buildReport(aState({ candidates: [slow, open, quick], trials }), CONDITIONS, config)
    expect(rows.map(({ candidate }) => candidate.id)).toEqual([quick.id, slow.id, open.id])
  })
})

describe('the markdown report', () => {
  test('shows cached tokens separately and marks an estimate', () => {
    const usage = {
      inputTokens: 900_000,
      outputTokens: 100_000,
      cachedTokens: 750_000,
      dollars: 1,
      estimated: true,
    } as const
    const report = buildReport({ ...aState(), usage }, CONDITIONS, config)
    expect(renderReport(report, LINKS)).toContain('tokens **≈ 1.0M, 750k of them cached**')
  })

  test('of four candidates', () => {
    const night = aNight(2.61, NIGHT.slice(0, 4))
    expect(renderReport(buildReport(night, CONDITIONS, config, RUN), LINKS)).toMatchInlineSnapshot(`
      "# val_bpb 2.610 → 2.452 (−6.1 %)

      2 merged, 1 rejected, 1 crashed.

      candidates **4** · merges certified **0 of 2** · trials **14** · wall time **17m** · device busy **94 %** · device time **1h 10m** · tokens **1.3M** · model cost **$3.41** · device time per merge **35m** · tokens per merge **644k** · cost per merge **$1.71**

      | PR | change | proposer | val_bpb | Δ | verdict | cost |
      | --- | --- | --- | --- | --- | --- | --- |
      | [#100](https://github.com/octo/tinystories/pull/100) | Raise the learning rate to 4e-3 | knobs | 2.5480 | −0.0620 | **merged** | 15m device time |
      | [#101](https://github.com/octo/tinystories/pull/101) | Drop weight decay on embeddings | openai gpt-x | 2.5640 | +0.0180 | rejected | 5m device time |
      | [#102](https://github.com/octo/tinystories/pull/102) | Use ReLU² in the feed-forward | openai gpt-x | 2.4540 | −0.0920 | **merged** | 15m device time |
      | [#103](https://github.com/octo/tinystories/pull/103) | Double the width | knobs | – | – | out-of-memory | 5m device time |"
    `)
  })

  test('names the limit that stops research', () => {
    const report = buildReport(aState(), CONDITIONS, config, undefined, 'the limit of 10 dollars is reached')
    expect(renderReport(report)).toContain('No more proposals: the limit of 10 dollars is reached.')
    expect(renderPage(report)).toContain('No more proposals: the limit of 10 dollars is reached.')
    expect(headlines(report).limit).toBe('the limit of 10 dollars is reached')
  })

  test('F10 tells machines what was spent, in all, for each merge and for each candidate', () => {
    const { tokens, dollars, deviceSeconds, perMerge, rows } = headlines(
      buildReport(aNight(2.61, NIGHT.slice(0, 4)), CONDITIONS, config, RUN),
    )
    expect({ tokens, dollars, deviceSeconds }).toEqual({
      tokens: 1_287_000,
      dollars: 3.41,
      deviceSeconds: 4200,
    })
    expect(perMerge).toMatchObject({ tokens: 643_500, dollars: 1.705, deviceSeconds: 2100 })
    expect(rows.map((row) => row.deviceSeconds)).toEqual([900, 300, 900, 300])
  })

  test('shows no dollars without a known price', () => {
    const usage = { inputTokens: 900, outputTokens: 100, dollars: 0 }
    expect(renderReport(buildReport({ ...aState(), usage }, CONDITIONS, config))).not.toContain('$')
  })

  test('before anything was measured', () => {
    const report = buildReport(aState({ baselines: [] }), CONDITIONS, config)
    expect(renderReport(report)).toMatch(/^# val_bpb not measured yet\n\nNo candidates yet\./)
  })

  test('shows the newest of very many candidates and fits into a step summary', () => {
    const ideas = Array.from(
      { length: 2000 },
      (_, n) => [`${'字'.repeat(300)} ${n}`, -0.01, 'reject'] as const,
    )
    const report = buildReport(aNight(2.61, ideas), CONDITIONS, config, RUN)
    const text = renderReport(report, LINKS)
    expect(Buffer.byteLength(text)).toBeLessThan(1024 * 1024)
    expect(text).toContain('/pull/2099)')
    expect(text).toContain('Not shown: 1500 older candidates, which are in the ledger only.')
    expect(renderPage(report, LINKS)).toContain('Not shown: 1500 older candidates')
    expect(headlines(report)).toMatchObject({ candidates: 2000, rowsLeftOut: 1500 })
  })

  test('F122 shows old merges beside the newest candidates, and stays small whatever there is', () => {
    const ideas = Array.from(
      { length: 6000 },
      (_, n) => [`${'字'.repeat(100)} ${n}`, -0.01, n % 4 === 0 ? 'merge' : 'reject'] as const,
    )
    const report = buildReport(aNight(2.61, ideas), CONDITIONS, config, RUN)
    const { rows, rowsLeftOut } = headlines(report)
    expect([rows.length, rowsLeftOut]).toEqual([1000, 5000])
    expect(rows.slice(0, 500).every(({ standing }) => standing === 'merged')).toBe(true)
    expect(JSON.stringify(headlines(report)).length).toBeLessThan(500_000)
    expect(renderPage(report, LINKS).length).toBeLessThan(2_000_000)
  })

  test.each(HOSTILE)('F64 keeps %s inside its cell', (_, text) => {
    const written = (title: string) => reportOn(aCandidate({ title, proposer: title, pullRequest: 7 }))
    const { active, triggers } = rendered(renderReport(written(text), LINKS))
    expect(active).toEqual(rendered(renderReport(written('x'), LINKS)).active)
    expect(triggers).toEqual(['#7'])
  })
})

describe('the reliability of the results', () => {
  const certification = (fields: Partial<Certification> = {}) =>
    aCertification({ to: sha('merge 2'), ...fields })
  const aa = (count: number, lucky: number) =>
    Array.from({ length: count }, (_, index) =>
      aCandidate({
        name: `aa ${index}`,
        origin: aaOrigin(index + 1),
        verdict: aVerdict({ kind: index < lucky ? 'merge' : 'reject' }),
        end: { kind: 'closed' },
      }),
    )

  /** A state with three merges (ideas 0, 2 and 6) and the given additions. */
  function known(fields: Parameters<typeof aState>[0] = {}) {
    const night = aNight(2.61, NIGHT.slice(0, 7))
    const candidates = [...night.candidates.values(), ...(fields.candidates ?? [])]
    return aState({ ...night, ...fields, candidates, trials: [...night.trials.values()] })
  }
  const certified = (...all: Certification[]) => new Map(all.map((one) => [rangeKey(one), one]))
  const sentences = (state: State) => trustSentences(buildReport(state, CONDITIONS, config))

  test('is omitted before the first certification and A/A candidate', () => {
    expect(sentences(aState())).toEqual([])
  })

  test.each<[string, Parameters<typeof aState>[0], string[]]>([
    [
      'two of three merges are',
      {
        certifications: certified(
          certification({ merges: 2, reason: '2 merges certified together: gain 0.1' }),
        ),
      },
      [
        '2 merges certified by fresh runs, 1 pending.',
        `baseline ${sha('merge 2').slice(0, 7)}: 2 merges certified together: gain 0.1.`,
      ],
    ],
    [
      'one is refuted and will be reverted',
      {
        certifications: certified(
          certification({ to: sha('merge 0'), merges: 1, holds: false, reason: 'gain −1' }),
        ),
      },
      [
        '0 merges certified by fresh runs, 1 refuted, 2 pending.',
        '#100 "Raise the learning rate to 4e-3": gain −1; to be reverted.',
      ],
    ],
  ])('says that %s', (_, fields, expected) => expect(sentences(known(fields))).toEqual(expected))

  const refuted = certified(certification({ to: sha('merge 0'), merges: 1, holds: false, reason: 'gain −1' }))
  const undoing = { name: 'undo', origin: revertOrigin(sha('merge 0')) }
  test.each([
    ['being reverted', {}],
    ['reverted', { end: { kind: 'merged', commit: sha('undone'), asTrained: true } }],
    ['not reverted: a person closed it', { end: { kind: 'withdrawn', reason: 'a person closed it' } }],
    ['the revert waits for a person', { end: { kind: 'handed-over', reason: 'conflict' } }],
  ] as const)('says of a refuted merge: %s', (words, fields) => {
    const candidates = [aCandidate({ ...undoing, ...fields })]
    expect(sentences(known({ certifications: refuted, candidates }))[1]).toMatch(new RegExp(`; ${words}\\.$`))
  })

  test('says why a refuted merge was not reverted', () => {
    const state = known({ certifications: refuted, notReverted: new Map([[sha('merge 0'), 'it is gone']]) })
    expect(sentences(state)[1]).toContain('; not reverted: it is gone.')
  })

  test.each([
    [
      1,
      0,
      'A/A: 0 of 1 no-op candidate would have been merged (false-accept rate 0 %, 95 % interval 0–98 %).',
    ],
    [
      12,
      1,
      'A/A: 1 of 12 no-op candidates would have been merged (false-accept rate 8 %, 95 % interval 0–38 %).',
    ],
  ])('of %d no-op candidates, %d lucky', (count, lucky, words) => {
    expect(sentences(aState({ candidates: aa(count, lucky) }))).toEqual([words])
  })

  test('is on the page, in the summary and in the JSON output', () => {
    const state = known({ candidates: aa(12, 1), certifications: certified(certification({ merges: 2 })) })
    const report = buildReport(state, CONDITIONS, config)
    for (const text of [renderPage(report), renderReport(report)]) {
      expect(text).toContain('1 of 12 no-op candidates would have been merged')
      expect(text).toContain('2 merges certified by fresh runs, 1 pending')
      expect(text).toMatch(/merges certified.*2 of 3/)
    }
    expect(headlines(report)).toMatchObject({
      certification: { certified: 2, refuted: 0, pending: 1 },
      aa: { judged: 12, accepted: 1, low: expect.closeTo(0.002, 3), high: expect.closeTo(0.385, 3) },
    })
    expect(headlines(buildReport(aState(), CONDITIONS, config)).aa).toBeNull()
  })

  test('shows no-op candidates without a gain', () => {
    const [lucky = expect.fail()] = aa(1, 1)
    const { rows, counts } = reportOn(lucky)
    expect(rows).toMatchObject([{ standing: 'no-op' }])
    expect(rows[0]).not.toHaveProperty('delta')
    expect(counts).toMatchObject({ 'no-op': 1, merged: 0 })
  })

  test.each(HOSTILE)('F64 quotes a refuted merge called %s as text', (_, title) => {
    const night = aNight(2.61, [[title, 0.1, 'merge']])
    const state = { ...night, certifications: refuted }
    const page = (shown: State) =>
      renderPage(buildReport(shown, CONDITIONS, config)).match(/<[a-z!/][^\s>]*/gi)
    const plain = { ...aNight(2.61, [['x', 0.1, 'merge']]), certifications: refuted }
    const labels = (found: string[] | null) => found?.filter((name) => !/^<\/?text/.test(name))
    expect(labels(page(state))).toEqual(labels(page(plain)))
  })
})

describe('the page', () => {
  const elements = (page: string) => page.match(/<[a-z!/][^\s>]*/gi)

  test.each(HOSTILE)('F64 shows %s as text', (_, text) => {
    const written = (by: string) =>
      renderPage(
        reportOn(
          aCandidate({
            ...{ title: by, proposer: by, category: by as Category, pullRequest: 7 },
            verdict: aVerdict({ reason: by }),
            end: { kind: 'merged', commit: aBaseline().commit, asTrained: true },
          }),
        ),
        LINKS,
      )
    const page = written(text)
    // The chart may have no room for a long title; nothing else may differ from an honest page.
    const labels = (elementNames: string[] | null) => elementNames?.filter((name) => !/^<\/?text/.test(name))
    expect(labels(elements(page))).toEqual(labels(elements(written('x'))))
    const tags = page.match(/<[a-z][^>]*>/gi)?.map((tag) => tag.replace(/"[^"]*"/g, '')) ?? []
    expect(tags.filter((tag) => / on\w+=|'/.test(tag))).toEqual([])
    expect(page).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u{e0000}-\u{e0fff}]/u)
  })

  test('loads no resources and runs no scripts', () => {
    const page = renderPage(buildReport(aNight(2.61, NIGHT), CONDITIONS, config, RUN), LINKS)
    expect(page).not.toMatch(
      /<(script|link|img|iframe|object|embed|base|form)\b|url\(|@import|src=|javascript:/i,
    )
    expect(
      [...page.matchAll(/href="([^"]*)"/g)].every(([, href]) => href?.startsWith(LINKS.repository)),
    ).toBe(true)
    expect(page).toContain("default-src 'none'")
  })

  test('draws a step and a dot for every merge and a cross for every crash', () => {
    const page = renderPage(buildReport(aNight(2.61, NIGHT), CONDITIONS, config, RUN), LINKS)
    const wide = page.slice(page.indexOf('<div class="wide">'), page.indexOf('<div class="narrow">'))
    expect(/class="stairs" d="([^"]*)"/.exec(wide)?.[1]?.match(/V/g)).toHaveLength(10)
    expect(wide.match(/class="dot merged"/g)).toHaveLength(10)
    expect(wide.match(/class="dot (rejected|clipped)"/g)).toHaveLength(17)
    expect(wide.match(/class="cross crashed"/g)).toHaveLength(3)
    expect(page).toContain('<span class="percent better">−21.8 %</span>')
  })

  test('has no candidate that waits for a person in the colour of merged ones', () => {
    const candidate = aCandidate({
      verdict: aVerdict({ kind: 'review' }),
      end: { kind: 'handed-over', reason: 'too good' },
    })
    const state = aState({ candidates: [candidate], trials: [aTrialResult({ candidate, value: 2.4 })] })
    const page = renderPage(buildReport(state, CONDITIONS, config, RUN), LINKS)
    expect(page).toMatch(/handed-over[^{}]*\{[^{}]*var\(--open\)/)
    expect(page).not.toMatch(/handed-over[^{}]*\{[^{}]*var\(--merged\)/)
  })

  test.each([
    ['no baseline', aState({ baselines: [] })],
    ['no candidates', aNight(2.6, [])],
    ['one rejection', aNight(2.6, NIGHT.slice(1, 2))],
    ['only a crash', aNight(2.6, NIGHT.slice(3, 4))],
    ['a metric of zero', aNight(0, NIGHT)],
    ['a huge metric', aNight(1e12, NIGHT)],
  ])('contains only valid numbers with %s', (_, state) => {
    expect(renderPage(buildReport(state, CONDITIONS, config), LINKS)).not.toMatch(/NaN|Infinity|undefined/)
  })

  test('does not link an address that is not http', () => {
    const page = renderPage(reportOn(aCandidate({ pullRequest: 7 })), { repository: 'javascript:alert(1)//' })
    expect(page).not.toContain('href="javascript')
  })
})
