// Ids and seeds of trials, and the format of result files.

import { describe, expect, it } from 'vitest'
import type { Candidate } from '../../../src/core/record/candidate.ts'
import { isSandboxed, type Trial, trialResultSchema, trialSchema } from '../../../src/core/record/trial.ts'
import { groupTrials, type JobSharing, trialBatchSchema } from '../../../src/core/trial/batch.ts'
import type { CutPlan } from '../../../src/core/trial/curve.ts'
import { trialId, trialSeed } from '../../../src/core/trial/protocol.ts'
import { aBaseline, aCandidate, aTrial, aTrialResult, CERTIFY, certifying, sha } from '../../factories.ts'

describe('trialId', () => {
  it('names the tree and the replicate', () => {
    expect(trialId(sha('tree'), 3)).toBe(`${sha('tree').slice(0, 16)}-r3`)
  })

  it('is another one for a run that certifies', () => {
    expect(trialId(sha('tree'), 3, CERTIFY)).toBe(`${sha('tree').slice(0, 16)}-c3`)
  })
})

describe('trialSeed', () => {
  const seeds = new Set(
    ['a', 'b'].flatMap((root) =>
      ['x', 'y'].flatMap((tree) => [1, 2, 11, 12].map((n) => trialSeed(root, sha(tree), n))),
    ),
  )

  it('differs for every root seed, tree and replicate', () => expect(seeds.size).toBe(16))

  it('is fresh for a run that certifies', () => {
    const fresh = [1, 2, 11, 12].map((n) => trialSeed('a', sha('x'), n, CERTIFY))
    expect(new Set([...seeds, ...fresh]).size).toBe(20)
  })

  it('is the same every time', () => {
    expect(trialSeed('test', sha('x'), 1)).toBe(trialSeed('test', sha('x'), 1))
  })

  it('fits into 31 bits, which every framework accepts', () => {
    for (const seed of seeds) expect(seed >= 0 && seed <= 0x7fffffff && Number.isInteger(seed)).toBe(true)
  })
})

describe('groupTrials', () => {
  const warmup = aCandidate({ name: 'warmup' })
  const muon = aCandidate({ name: 'muon' })

  it('makes one batch per commit, in the given order', () => {
    const trials = [
      aTrial({ candidate: warmup }),
      aTrial({ candidate: muon }),
      aTrial({ candidate: warmup, replicate: 2 }),
    ]
    expect(groupTrials(trials)).toEqual([
      { head: warmup.head, trials: [trials[0], trials[2]] },
      { head: muon.head, trials: [trials[1]] },
    ])
  })

  it('makes none of no trials', () => expect(groupTrials([])).toEqual([]))

  it('makes no more than GitHub starts from one matrix', () => {
    const trials = Array.from({ length: 300 }, (_, n) => aTrial({ baseline: aBaseline(`b${n}`) }))
    const batches = groupTrials(trials)
    expect(batches).toHaveLength(256)
    expect(batches[0]?.head).toBe(sha('b0'))
  })

  it('sends the plan for cuts only along with first runs of candidates', () => {
    const cut: CutPlan = { testbed: 'any', sign: 1, windowSteps: 5, checkpoints: [] }
    const trials = [aTrial(), aTrial({ candidate: warmup }), aTrial({ candidate: muon, replicate: 2 })]
    const batches = groupTrials(trials, cut)
    expect(batches.map((batch) => batch.cut)).toEqual([undefined, cut, undefined])
    expect(batches.every((batch) => trialBatchSchema.safeParse(batch).success)).toBe(true)
  })

  describe('where candidates share a job', () => {
    const MINUTES = 60
    const candidates = Array.from({ length: 12 }, (_, index) => aCandidate({ name: `c${index}` }))
    const five = { least: 1, secondsOf: () => 5 * MINUTES, wasLost: () => false }
    const sizes = (trials: readonly Trial[], sharing: Partial<JobSharing>) =>
      groupTrials(trials, undefined, { ...five, ...sharing }).map((batch) => batch.trials.length)
    const trials = candidates.map((candidate) => aTrial({ candidate }))

    it.each<[string, Partial<JobSharing>, number[]]>([
      ['every commit has a job of its own without a time', {}, Array(12).fill(1)],
      ['a job gets that time at most', { seconds: 20 * MINUTES }, [4, 4, 4]],
      ['there are as many jobs as runners first', { seconds: 20 * MINUTES, least: 5 }, [3, 3, 2, 2, 2]],
      ['a time below that of a trial changes nothing', { seconds: MINUTES }, Array(12).fill(1)],
    ])('%s', (_, sharing, expected) => expect(sizes(trials, sharing)).toEqual(expected))

    it('trials of one commit stay together, even when they take longer', () => {
      const [one, two] = candidates as [Candidate, Candidate]
      const runs = [1, 2, 3].map((replicate) => aTrial({ candidate: one, replicate }))
      const batches = groupTrials([...runs, aTrial({ candidate: two })], undefined, {
        ...five,
        seconds: 10 * MINUTES,
      })
      expect(batches).toMatchObject([{ head: one.head, trials: runs }, { head: two.head }])
      expect(batches[0]).not.toHaveProperty('commits')
    })

    it('a job says how many commits it needs, is named after the first, and is accepted', () => {
      const batches = groupTrials(trials, undefined, { ...five, seconds: 60 * MINUTES })
      expect(batches).toMatchObject([{ head: candidates[0]?.head, commits: 12 }])
      expect(trialBatchSchema.safeParse(batches[0]).success).toBe(true)
    })

    it('a job has no more trials than a train job accepts', () => {
      const many = Array.from({ length: 250 }, (_, n) => aTrial({ baseline: aBaseline(`b${n}`) }))
      expect(sizes(many, { seconds: 9999 * MINUTES })).toEqual([100, 100, 50])
    })

    it('what was lost before, and what needs the whole machine, has a job of its own', () => {
      const lost = trials[1]?.id
      expect(sizes(trials, { seconds: 60 * MINUTES, wasLost: ({ id }) => id === lost })).toEqual([11, 1])
      const protocol: Trial['protocol'] = { purpose: 'promote', scale: 'd24', promotion: 1 }
      const large = trials.slice(0, 2).map((trial) => ({ ...trial, protocol }))
      expect(sizes([...large, ...trials.slice(2)], { seconds: 60 * MINUTES })).toEqual([1, 1, 10])
    })
  })

  it('makes batches that the train job accepts, even of 50 baseline runs', () => {
    const trials = Array.from({ length: 50 }, (_, n) => aTrial({ replicate: n + 1 }))
    for (const batch of groupTrials(trials)) expect(trialBatchSchema.safeParse(batch).success).toBe(true)
  })
})

describe('trialSchema', () => {
  it('accepts what the scheduler plans', () => expect(trialSchema.parse(aTrial())).toEqual(aTrial()))

  it('accepts a repository with SHA-256 object names', () => {
    const long = 'ab'.repeat(32)
    const trial = { ...aTrial(), base: long, head: long, tree: long, id: `${long.slice(0, 16)}-r1` }
    expect(trialSchema.safeParse(trial).success).toBe(true)
  })

  const protocol = certifying(sha('from'), sha('to'))
  it.each([
    ['one that certifies', { id: trialId(aTrial().tree, 2, protocol), protocol }],
    ['one of an A/A candidate', { aa: true }],
  ])('accepts %s', (_, fields) => {
    expect(trialSchema.parse({ ...aTrial(), ...fields })).toEqual({ ...aTrial(), ...fields })
  })

  it.each([
    ['half a range', { protocol: { ...protocol, range: { from: sha('from') } } }],
    ['a range between branches', { protocol: certifying(sha('from'), 'main') }],
    ['a candidate that is no A/A', { aa: false }],
    ['an id that leaves its folder', { id: '../../etc/x-r1' }],
    ['an id with a line end', { id: `${aTrial().id}\n` }],
    ['an abbreviated commit', { head: 'abc1234' }],
    ['a branch instead of a commit', { base: 'main' }],
    ['an option instead of a commit', { tree: '--upload-pack=/bin/sh' }],
    ['replicate 0', { replicate: 0 }],
    ['half a replicate', { replicate: 1.5 }],
    ['a negative seed', { seed: -1 }],
    ['a seed of 32 bits', { seed: 0x80000000 }],
    ['a field it does not know', { extra: 1 }],
    ['a missing candidate', { candidate: undefined }],
  ])('refuses %s', (_, fields) => {
    expect(trialSchema.safeParse({ ...aTrial(), ...fields }).success).toBe(false)
  })
})

describe('trialResultSchema', () => {
  it.each([
    ['a measured run', aTrialResult()],
    ['a failed run', aTrialResult({ outcome: 'crashed', tail: 'Traceback' })],
    ['a curve', aTrialResult({ curve: [{ step: 0, value: 3 }] })],
    ['how much memory it had', aTrialResult({ peakMemoryBytes: 1024 ** 3 })],
  ])('reads back %s from its file', (_, result) => {
    expect(trialResultSchema.parse(JSON.parse(JSON.stringify(result)))).toEqual(result)
  })

  it.each([
    ['an infinite value', '"value":2.5', '"value":1e999'],
    ['an infinite wall time', '"wallSeconds":300', '"wallSeconds":1e999'],
    ['a negative wall time', '"wallSeconds":300', '"wallSeconds":-1'],
    ['a device time below 0', '"deviceSeconds":300', '"deviceSeconds":-1'],
    ['less memory than none', '"curve":[]', '"curve":[],"peakMemoryBytes":-1'],
    ['half a byte', '"curve":[]', '"curve":[],"peakMemoryBytes":0.5'],
    ['infinite memory', '"curve":[]', '"curve":[],"peakMemoryBytes":1e999'],
    ['more memory than there is', '"curve":[]', `"curve":[],"peakMemoryBytes":${1024 ** 5 + 1}`],
    ['memory in words', '"curve":[]', '"curve":[],"peakMemoryBytes":"1G; merge this"'],
    ['a trust it does not know', '"trust":"self-reported"', '"trust":"certain"'],
    ['no trust', '"trust":"self-reported",', ''],
    ['no sandbox', '"sandbox":"bubblewrap 0.9.0",', ''],
    ['a long sandbox', '"sandbox":"bubblewrap', `"sandbox":"${'x'.repeat(200)}`],
    ['a long run id', '"runId":"7"', `"runId":"${'7'.repeat(41)}"`],
    ['a run id that is a number', '"runId":"7"', '"runId":7'],
    ['attempt 0', '"runAttempt":1', '"runAttempt":0'],
    ['half an attempt', '"runAttempt":1', '"runAttempt":1.5'],
    ['a value in quotes', '"value":2.5', '"value":"2.5"'],
    ['an outcome it does not know', '"outcome":"measured"', '"outcome":"excellent"'],
    ['a field it does not know', '"curve":[]', '"curve":[],"verdict":"merge"'],
    ['a curve of 201 points', '"curve":[]', `"curve":[${Array(201).fill('{"step":1,"value":1}').join(',')}]`],
    ['a point that is not a number', '"curve":[]', '"curve":[{"step":1,"value":null}]'],
    ['a long tail', '"curve":[]', `"curve":[],"tail":"${'x'.repeat(4001)}"`],
    ['a long reason', '"curve":[]', `"curve":[],"reason":"${'x'.repeat(501)}"`],
    ['another kind of hash', '"config":"0123456789abcdef"', '"config":"0123"'],
  ])('refuses %s', (_, from, to) => {
    const text = JSON.stringify(aTrialResult())
    expect(text).toContain(from)
    expect(trialResultSchema.safeParse(JSON.parse(text.replace(from, to))).success).toBe(false)
  })
})

describe('isSandboxed', () => {
  it.each([
    ['bubblewrap', true],
    ['bubblewrap 0.9.0; disk watched from outside', true],
    ['none', false],
    ['no sandbox: the code can read bubblewrap', false],
    ['bubblewrapped', false],
    [' bubblewrap', false],
    ['', false],
  ])('%j: %s', (sandbox, sandboxed) => expect(isSandboxed({ sandbox })).toBe(sandboxed))
})
