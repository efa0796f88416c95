import { expect, it } from 'vitest'
import { changelogSection } from '../../scripts/release/changelog.ts'
import { readRoot } from '../templates/workflow.ts'

it.each([
  [
    'between others',
    '# Changelog\n\n## [Unreleased]\n\n## [1.2.0] - 2026-11-27\n\n- A.\n\n## [1.1.0] - 2026-10-01\n\n- B.\n',
  ],
  ['at the start of the file, without brackets', '## 1.2.0 - 2026-11-27\n- A.\n'],
  ['before link definitions', '## [1.2.0] - 2026-11-27\n\n- A.\n\n[1.2.0]: https://example.org\n'],
])('finds a section %s', (_, changelog) => {
  expect(changelogSection(changelog, '1.2.0')).toEqual({ kind: 'notes', notes: '- A.' })
})

it.each([
  ['is missing', '# Changelog\n\n## [1.2.01] - 2026-11-27\n\n- A.\n', 'has no section for 1.2.0'],
  ['has no date', '## [1.2.0]\n\n- A.\n', 'gives no release date for 1.2.0'],
  [
    'is empty',
    '## [1.2.0] - 2026-11-27\n\n### Added\n\n## 1.1.0 - 2026-10-01\n\n- A.\n',
    'says nothing about 1.2.0',
  ],
])('says so when the section %s', (_, changelog, problem) => {
  expect(changelogSection(changelog, '1.2.0')).toEqual({
    kind: 'problem',
    problem: expect.stringContaining(problem),
  })
})

it('finds the section of the version that package.json has', () => {
  const { version } = JSON.parse(readRoot('package.json'))
  expect(changelogSection(readRoot('CHANGELOG.md'), version).kind).toBe('notes')
})
