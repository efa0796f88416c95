// The demo with two scales: the example's model with 32 hidden units, and with 128. Two merges help the small one; only one of them
// also helps the large one. Steps are fixed, so that the result does not depend on how busy this machine is.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import type { Headlines } from '../src/core/report/headlines.ts'
import type { Repository } from '../test/loopback-github/store.ts'
import { say } from './console.ts'

/** Proposals that the demo with two scales plays. */
export const LADDER_IDEAS = 2

const SCALES = [
  { name: 'h32', train: 'HIDDEN=32 AUTORESEARCH_MAX_STEPS=400 node train.mjs', budget: '20s' },
  {
    name: 'h128',
    train: 'HIDDEN=128 AUTORESEARCH_MAX_STEPS=600 node train.mjs',
    budget: '60s',
    after: { merges: LADDER_IDEAS },
  },
]

/** Gives the repository in this folder two scales. */
export async function addScales(source: string, configPath: string): Promise<void> {
  const script = join(source, 'train.mjs')
  const text = await readFile(script, 'utf8')
  const scaled = text.replace('const HIDDEN = 32 ', 'const HIDDEN = Number(process.env.HIDDEN ?? 32) ')
  if (scaled === text) throw new Error('train.mjs of the example has no line `const HIDDEN = 32`')
  await writeFile(script, scaled)
  const path = join(source, configPath)
  const { train: _, budget: __, timeout: ___, ...config } = parse(await readFile(path, 'utf8'))
  const ladder = {
    ...config,
    scales: SCALES,
    promote: { to: 'main', as: 'pull-request' },
    replicates: { baseline: 3, candidate: 3 },
    'aa-every': 'never',
    // A large rate is behind until it decays.
    cut: 'none',
    proposers: config.proposers.slice(0, 1),
  }
  await writeFile(path, stringify(ladder))
}

/** What became of the merges at the larger scale. */
export async function printLadder({ ladder, metric }: Headlines, { pulls, git }: Repository): Promise<void> {
  const titles = new Map(pulls.map(({ number, title }) => [number, title]))
  console.log()
  printClimbed('PR', 'merge', 'gain at h32', 'gain at h128', 'at h128')
  for (const { pullRequest, small, large, ending } of ladder?.rows ?? [])
    printClimbed(`#${pullRequest}`, titles.get(pullRequest ?? 0) ?? '', small, large, ending)
  const tags = [...(await git.refs('refs/tags/'))].map(([ref]) => ref.replace('refs/tags/', ''))
  console.log()
  say(
    `Gains are in ${metric}; positive is better. Both merges stay where research happens, on autoresearch/baseline.`,
  )
  say(`What holds at h128 has the tag ${tags.join(', ')}.`)
  for (const { number, title, base } of pulls)
    if (base.ref === 'main') say(`Pull request #${number} proposes it to main: ${title}`)
}

function printClimbed(
  pullRequest: string,
  title: string,
  small: string,
  large: string,
  ending: string,
): void {
  console.log(
    `${pullRequest.padEnd(4)}  ${title.padEnd(44)}  ${small.padEnd(18)}  ${large.padEnd(12)}  ${ending}`,
  )
}
