// Releasing a tiny repository: the scripts of .github/workflows/release.yml, with git and a real remote.
import { chmod, cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { aDirectory, gitIn } from '../scaffold.ts'
import { readRoot } from '../templates/workflow.ts'

const SCRIPTS = fileURLToPath(new URL('../../scripts', import.meta.url))
const VERSION = '1.2.0'

const CHANGELOG = `# Changelog

## [Unreleased]

## [1.2.0] - 2026-11-27

### Added

- Guards.

## [1.1.0] - 2026-10-01

- Scales.

[1.2.0]: https://example.org/1.2.0
`

/** A build that writes `dist/index.js` from `source.txt`. */
const BUILD = `import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
mkdirSync('dist', { recursive: true })
writeFileSync('dist/index.js', readFileSync('source.txt', 'utf8').toUpperCase())
`

type Files = Record<string, string>

function files(version: string): Files {
  const manifest = { name: 'tiny', version, type: 'module', scripts: { build: 'node build.mjs' } }
  return {
    'package.json': JSON.stringify(manifest),
    'package-lock.json': JSON.stringify({ name: 'tiny', version, lockfileVersion: 3, packages: {} }),
    'CHANGELOG.md': CHANGELOG,
    'build.mjs': BUILD,
    'source.txt': 'the action\n',
    'dist/index.js': 'THE ACTION\n',
    '.ci/run': '#!/bin/sh\necho tested\n',
  }
}

/** A clone of a bare remote, ready to release 1.2.0 unless `changes` say otherwise. */
async function aProject(changes: Files = {}) {
  const [remote, clone] = [await aDirectory(), await aDirectory()]
  const git = (...args: string[]) => gitIn(clone, args)
  await gitIn(remote, ['init', '--quiet', '--bare', '--template=', '--initial-branch=main'])
  await git('clone', '--quiet', '--template=', remote, '.')
  const commit = async (entries: Files): Promise<string> => {
    for (const [path, content] of Object.entries(entries)) {
      await mkdir(dirname(join(clone, path)), { recursive: true })
      await writeFile(join(clone, path), content)
    }
    await chmod(join(clone, '.ci/run'), 0o755)
    await git('add', '.')
    await git('commit', '--quiet', '--message', 'Change')
    await git('push', '--quiet', 'origin', 'HEAD:main')
    return git('rev-parse', 'HEAD')
  }
  await cp(SCRIPTS, join(clone, 'scripts'), { recursive: true })
  const head = await commit({ ...files(VERSION), ...changes })
  return {
    clone,
    head,
    git,
    commit,
    /** Commit by tag on the remote. */
    async tags(): Promise<Record<string, string>> {
      const lines = await gitIn(remote, [
        'for-each-ref',
        '--format=%(refname:short) %(objectname)',
        'refs/tags',
      ])
      return Object.fromEntries(
        lines
          .split('\n')
          .filter(Boolean)
          .map((line) => line.split(' ')),
      )
    },
    release: (command: string, version = VERSION) =>
      execa('node', ['scripts/release.ts', command, version], { cwd: clone, reject: false }),
  }
}

describe('check', () => {
  it('prints the section of the changelog and pushes nothing', async () => {
    const project = await aProject()
    const { exitCode, stdout, stderr } = await project.release('check')
    expect(exitCode, stderr).toBe(0)
    expect(stdout).toBe('### Added\n\n- Guards.')
    expect(await project.tags()).toEqual({})
  })

  it.each<[string, Files, string]>([
    ['a changelog without the version', { 'CHANGELOG.md': '# Changelog\n' }, 'has no section for 1.2.0'],
    [
      'another version in package.json',
      { 'package.json': files('1.1.0')['package.json'] ?? '' },
      'version 1.1.0',
    ],
    ['a dist of older sources', { 'source.txt': 'a newer action\n' }, 'a fresh build differs'],
    [
      'a file that the build adds',
      { 'build.mjs': `${BUILD}writeFileSync('dist/more.js', '')\n` },
      'dist/more.js',
    ],
  ])('refuses %s', async (_, changes, problem) => {
    const project = await aProject(changes)
    const { exitCode, stderr } = await project.release('check')
    expect(stderr).toContain(problem)
    expect(exitCode).toBe(1)
  })

  it('refuses an uncommitted change of dist', async () => {
    const project = await aProject()
    await writeFile(join(project.clone, 'dist/index.js'), 'ANOTHER ACTION\n')
    const { exitCode, stderr } = await project.release('check')
    expect(stderr).toContain('uncommitted changes')
    expect(exitCode).toBe(1)
  })

  it('refuses a version that is tagged already', async () => {
    const project = await aProject()
    await project.git('push', '--quiet', 'origin', 'HEAD:refs/tags/v1.2.0')
    expect((await project.release('check')).stderr).toContain('v1.2.0 is already released from this commit')
    await project.commit({ 'README.md': 'tiny\n' })
    expect((await project.release('check')).stderr).toContain('v1.2.0 exists already')
  })

  it('refuses a version that would move v1 back', async () => {
    const project = await aProject()
    await project.git('push', '--quiet', 'origin', 'HEAD:refs/tags/v1.10.0', 'HEAD:refs/tags/v2.0.0')
    expect((await project.release('check')).stderr).toContain('v1.10.0 is newer than 1.2.0')
  })

  it('refuses a commit that is not the tip of the default branch', async () => {
    const project = await aProject()
    await project.commit({ 'README.md': 'tiny\n' })
    await project.git('checkout', '--quiet', project.head)
    expect((await project.release('check')).stderr).toContain('not the tip')
  })

  it('names every problem at once', async () => {
    const project = await aProject({ 'CHANGELOG.md': '# Changelog\n', 'source.txt': 'a newer action\n' })
    const { stderr } = await project.release('check')
    expect(stderr).toContain('has no section')
    expect(stderr).toContain('a fresh build differs')
  })

  it.each(['v1.2.0', '1.2', '1.2.0-rc.1', '01.2.0', ''])(
    'does not take "%s" for a version',
    async (version) => {
      const { exitCode, stderr } = await execa('node', [`${SCRIPTS}/release.ts`, 'check', version], {
        reject: false,
      })
      expect(stderr).toContain('Usage')
      expect(exitCode).toBe(2)
    },
  )
})

describe('publish', () => {
  it('creates the tag and moves v1', async () => {
    const project = await aProject()
    await project.git('tag', '--annotate', '--message', 'Made by hand', 'v1')
    await project.git('push', '--quiet', 'origin', 'HEAD:refs/tags/v1.1.0', 'v1')
    const next = await project.commit({ 'README.md': 'tiny\n' })
    const { exitCode, stdout, stderr } = await project.release('publish')
    expect(exitCode, stderr).toBe(0)
    expect(stdout).toBe('### Added\n\n- Guards.')
    expect(await project.tags()).toEqual({ 'v1.1.0': project.head, 'v1.2.0': next, v1: next })
  })

  it('changes nothing when it is started again', async () => {
    const project = await aProject()
    const first = await project.release('publish')
    const again = await project.release('publish')
    expect(again.exitCode, again.stderr).toBe(0)
    expect(again.stdout).toBe(first.stdout)
    expect(await project.tags()).toEqual({ 'v1.2.0': project.head, v1: project.head })
  })

  it('never moves the tag of a version', async () => {
    const project = await aProject()
    await project.release('publish')
    await project.commit({ 'README.md': 'tiny\n' })
    const { exitCode, stderr } = await project.release('publish')
    expect(stderr).toContain('tags never move')
    expect(exitCode).toBe(1)
    expect(await project.tags()).toEqual({ 'v1.2.0': project.head, v1: project.head })
  })
})

interface ReleaseWorkflow {
  jobs: Record<string, { steps: { run?: string }[] }>
}

/** Stands in for GitHub's command line: writes down what it was called with, and knows no release yet. */
const GH = '#!/bin/sh\necho "$@" >> "$RUNNER_TEMP/gh.log"\n[ "$2" != view ]\n'

/** The scripts of a job, as the runner starts them. */
async function runJob(name: string, clone: string, temporary: string): Promise<void> {
  const workflow: ReleaseWorkflow = parse(readRoot('.github/workflows/release.yml'))
  const scripts = (workflow.jobs[name]?.steps ?? []).flatMap(({ run }) => run ?? [])
  const env = { VERSION, RUNNER_TEMP: temporary, PATH: `${temporary}:${process.env.PATH}` }
  for (const script of scripts)
    await execa('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script], { cwd: clone, env })
}

it('every script of the workflow, in its order, ends in a release with the notes', async () => {
  const project = await aProject()
  const temporary = await aDirectory()
  await writeFile(join(temporary, 'gh'), GH, { mode: 0o755 })
  await runJob('check', project.clone, temporary)
  await runJob('publish', project.clone, temporary)
  expect(await project.tags()).toEqual({ 'v1.2.0': project.head, v1: project.head })
  expect(await readFile(join(temporary, 'notes.md'), 'utf8')).toBe('### Added\n\n- Guards.\n')
  expect(await readFile(join(temporary, 'gh.log'), 'utf8')).toContain(
    `release create v1.2.0 --verify-tag --title v1.2.0 --notes-file ${temporary}/notes.md`,
  )
})
