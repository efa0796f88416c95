// Reads one version's section of a changelog in the format of keepachangelog.com.

export type ChangelogSection = { kind: 'notes'; notes: string } | { kind: 'problem'; problem: string }

/**
 * Finds the section `## [1.2.0] - 2026-11-27`; the brackets may be missing.
 *
 * @returns its text without the heading, or why there is nothing to release
 */
export function changelogSection(changelog: string, version: string): ChangelogSection {
  const sections = changelog.split(/^(?=## )/m).filter((section) => section.startsWith('## '))
  const headings = sections.map((section) => section.split('\n', 1)[0] ?? '')
  const index = headings.findIndex((heading) => /^## \[?([^\]\s]+)/.exec(heading)?.[1] === version)
  const heading = headings[index]
  if (heading === undefined)
    return problem(`CHANGELOG.md has no section for ${version}. Add \`## [${version}] - YYYY-MM-DD\``)
  if (!/ - \d{4}-\d{2}-\d{2}\s*$/.test(heading))
    return problem(
      `CHANGELOG.md gives no release date for ${version}. Write \`## [${version}] - YYYY-MM-DD\``,
    )
  const notes = (sections[index] ?? '').slice(heading.length).replace(LINK_DEFINITIONS, '').trim()
  return notes.replace(/^#.*$/gm, '').trim() === ''
    ? problem(`CHANGELOG.md says nothing about ${version}. Describe what changed for its users`)
    : { kind: 'notes', notes }
}

/** `[1.2.0]: https://…` at the end of the file, which belongs to no section. */
const LINK_DEFINITIONS = /^\[[^\]]+\]: \S+$/gm

function problem(text: string): ChangelogSection {
  return { kind: 'problem', problem: text }
}
