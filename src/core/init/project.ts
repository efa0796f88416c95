// A trainer in a folder of a larger repository, with its own list of packages: it is set up and started in that folder.
import type { Draft } from './draft.ts'
import type { Layout } from './layout.ts'

const PACKAGES = ['requirements.txt', 'uv.lock', 'pyproject.toml']

/** The nearest folder above the script that lists packages, when the repository itself lists none; else empty. */
export function projectOf(layout: Layout, script: string): string {
  if (PACKAGES.some((name) => layout.has(name))) return ''
  const folders = script.split('/').slice(0, -1)
  for (let depth = folders.length; depth > 0; depth -= 1) {
    const folder = folders.slice(0, depth).join('/')
    if (PACKAGES.some((name) => layout.has(`${folder}/${name}`))) return folder
  }
  return ''
}

export function layoutBelow(layout: Layout, folder: string): Layout {
  const start = `${folder}/`
  return new Map(
    [...layout].flatMap(([path, text]) => (path.startsWith(start) ? [[path.slice(start.length), text]] : [])),
  )
}

/** What to check where several scripts could have been meant. */
export function otherScripts(others: readonly string[], chosen: string): string[] {
  if (others.length === 0) return []
  return [`Other scripts train too: ${others.slice(0, 5).join(', ')}. \`train\` runs ${chosen}.`]
}

/**
 * A draft for a folder as one for the repository.
 *
 * @param elsewhere scripts outside of the folder that could have been meant
 */
export function inFolder(
  folder: string,
  draft: Draft | undefined,
  elsewhere: readonly string[],
): Draft | undefined {
  if (!draft) return undefined
  const { editable, setup, train, findings, check } = draft
  return {
    ...draft,
    editable: editable.map((glob) => glob.replace(/^!?/, (not) => `${not}${folder}/`)),
    ...(setup === undefined ? {} : { setup: `cd ${folder} && ${setup}` }),
    train: `cd ${folder} && ${train}`,
    findings: findings.map(({ what, evidence }) => ({
      what,
      evidence: { ...evidence, path: `${folder}/${evidence.path}` },
    })),
    check: [
      `The commands run in \`${folder}\`, which lists its packages.`,
      ...check,
      ...otherScripts(elsewhere, `one in ${folder}`),
    ],
  }
}
