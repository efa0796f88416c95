// docs/glossary.md explains every word that a check, a report or the ledger may show.
import { expect, it } from 'vitest'
import type { Origin } from '../../src/core/record/candidate.ts'
import { STATUS_WORDS } from '../../src/core/record/status.ts'
import { trialResultSchema } from '../../src/core/record/trial.ts'
import { CONCLUSIONS } from '../../src/core/report/check.ts'
import { readRoot } from '../templates/workflow.ts'

const glossary = readRoot('docs/glossary.md')
const ORIGINS: Record<Origin['kind'], true> = {
  idea: true,
  combination: true,
  request: true,
  aa: true,
  revert: true,
  bundle: true,
  'leave-out': true,
}

it.each(Object.keys(STATUS_WORDS))('explains the status `%s`', (status) => {
  expect(glossary).toContain(`| \`${status}\` |`)
})

it.each(trialResultSchema.shape.outcome.options)('explains the outcome `%s`', (outcome) => {
  expect(glossary).toMatch(new RegExp(`^\\| .*\`${outcome}\`.* \\|`, 'm'))
})

it.each(Object.keys(ORIGINS))('explains the origin `%s`', (origin) => {
  expect(/^\*\*Origin\*\*[\s\S]*?\n\n/m.exec(glossary)?.[0]).toContain(`\`${origin}\``)
})

it.each(Object.entries(CONCLUSIONS))(
  'says what a check of the verdict %s looks like',
  (verdict, conclusion) => {
    expect(glossary).toMatch(new RegExp(`^\\| \\*\\*.*\\(${conclusion}\\).* \\| ${verdict} \\|`, 'm'))
  },
)

/** The words of the design. */
const WORDS =
  'Baseline, Candidate, Trial, Outcome, Metric, Origin, Status, Protocol, Scale, Guard, Testbed, Verdict, Certify, Promote, ' +
  'Ledger, Proposer, σ, z, Park, Review, Handed over, A/A check, Knob, Brief, Insights, Sealed tree, Gate'

it.each(WORDS.split(', '))('has an entry for %s', (word) => {
  expect(glossary).toMatch(new RegExp(`^\\*\\*${word}\\*\\*`, 'm'))
})
