// Releases a version from the repository in the current folder:
//   node scripts/release.ts check 1.2.0     finds every reason not to release, and changes nothing on the remote
//   node scripts/release.ts publish 1.2.0   pushes the tag v1.2.0 and moves v1 to it
// Both print the version's section of CHANGELOG.md. Only Node and git are used: the job that may push installs no packages.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { changelogSection } from './release/changelog.ts'

const VERSION = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$/

/** What the remote's `HEAD` and its tags point to. `v1^{}` is the commit of `v1` where that is an annotated tag. */
type RemoteRefs = ReadonlyMap<string, string>

function git(...args: string[]): string {
  return execFileSync('git', args, { encoding: 'utf8' }).trimEnd()
}

function readRemote(): RemoteRefs {
  const refs = new Map<string, string>()
  for (const line of git('ls-remote', 'origin', 'HEAD', 'refs/tags/*').split('\n')) {
    const [commit, name] = line.split('\t')
    if (commit && name) refs.set(name.replace(/^refs\/tags\//, ''), commit)
  }
  return refs
}

const commitOf = (tag: string, refs: RemoteRefs) => refs.get(`${tag}^{}`) ?? refs.get(tag)

const majorTag = (version: string): string => `v${version.split('.')[0]}`

/** Negative when `a` is the older version. */
function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number))
  const differences = (left ?? []).map((part, index) => part - (right?.[index] ?? 0))
  return differences.find((difference) => difference !== 0) ?? 0
}

/** Reasons that the files of this commit give not to release `version`. */
function fileProblems(version: string): string[] {
  const problems: string[] = []
  for (const file of ['package.json', 'package-lock.json']) {
    const found: unknown = JSON.parse(readFileSync(file, 'utf8')).version
    if (found !== version)
      problems.push(`${file} has version ${found}. Run: npm version ${version} --no-git-tag-version`)
  }
  const section = changelogSection(readFileSync('CHANGELOG.md', 'utf8'), version)
  if (section.kind === 'problem') problems.push(section.problem)
  return problems
}

/** Reasons that the remote gives not to create the tag of `version` at `commit`. */
function tagProblems(version: string, commit: string, refs: RemoteRefs): string[] {
  const tagged = commitOf(`v${version}`, refs)
  if (tagged !== undefined && tagged !== commit)
    return [`v${version} exists already, at ${tagged.slice(0, 7)}. Release a new version: tags never move`]
  const newer = [...refs.keys()]
    .map((tag) => tag.slice(1))
    .filter((other) => VERSION.test(other) && majorTag(other) === majorTag(version))
    .find((other) => compareVersions(version, other) < 0)
  return newer === undefined
    ? []
    : [`v${newer} is newer than ${version}: ${majorTag(version)} would go back. Choose a higher version`]
}

/** Reasons that the checkout gives: it has changes, its `dist` is not what its sources build, or it is not what is public. */
function checkoutProblems(commit: string, refs: RemoteRefs): string[] {
  const behind =
    refs.get('HEAD') === commit
      ? []
      : [`${commit.slice(0, 7)} is not the tip of the remote's default branch. Release from there`]
  const dirty = git('status', '--porcelain')
  if (dirty !== '') return [...behind, `the checkout has uncommitted changes. Commit them first:\n${dirty}`]
  // The build's own output must not end up among the notes on standard output.
  execFileSync('npm', ['run', 'build'], { stdio: ['ignore', 2, 2] })
  const changed = git('status', '--porcelain')
  if (changed === '') return behind
  return [
    ...behind,
    `a fresh build differs from what is committed. Run \`npm run build\`, commit:\n${changed}`,
  ]
}

/** Pushes both tags or neither. Leases refuse the push when a tag moved after it was read. */
function pushTags(version: string, commit: string, refs: RemoteRefs): void {
  const wanted = [`v${version}`, majorTag(version)].filter((tag) => commitOf(tag, refs) !== commit)
  if (wanted.length === 0) {
    console.error(`${commit.slice(0, 7)} is already tagged as v${version}`)
    return
  }
  const leases = wanted.map((tag) => `--force-with-lease=refs/tags/${tag}:${refs.get(tag) ?? ''}`)
  const refspecs = wanted.map((tag) => `${commit}:refs/tags/${tag}`)
  git('push', '--quiet', '--atomic', ...leases, 'origin', ...refspecs)
  console.error(`Tagged ${commit.slice(0, 7)} as ${wanted.join(' and ')}`)
}

/** @returns the process's exit code */
function main([command, version = '']: readonly string[]): number {
  if ((command !== 'check' && command !== 'publish') || !VERSION.test(version)) {
    console.error('Usage: node scripts/release.ts check|publish VERSION, such as 1.2.0, without a leading v')
    return 2
  }
  const refs = readRemote()
  const commit = git('rev-parse', 'HEAD')
  const problems = [...fileProblems(version), ...tagProblems(version, commit, refs)]
  if (command === 'check') {
    if (commitOf(`v${version}`, refs) === commit)
      problems.push(`v${version} is already released from this commit`)
    problems.push(...checkoutProblems(commit, refs))
  }
  if (problems.length > 0) {
    console.error(`${version} cannot be released:\n${problems.map((problem) => `- ${problem}`).join('\n')}`)
    return 1
  }
  if (command === 'publish') pushTags(version, commit, refs)
  const section = changelogSection(readFileSync('CHANGELOG.md', 'utf8'), version)
  if (section.kind === 'notes') console.log(section.notes)
  return 0
}

process.exitCode = main(process.argv.slice(2))
