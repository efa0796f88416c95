/** Installs every agent that the tests know, each in a folder of its own: `node test/agents/install.ts`. */
import { execa } from 'execa'
import { installCommand, KNOWN } from './recipes.ts'

for (const agent of KNOWN) {
  process.stdout.write(`${agent.heading}\n`)
  await execa({ shell: true, stdio: 'inherit' })`${installCommand(agent)}`
}
