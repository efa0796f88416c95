// Writes the directions for proposers of a repository that a general rule recognised.
import { describeGlobs } from '../gate/gate.ts'
import type { Draft } from './draft.ts'

export function renderProgram({ editable, metric, train, budget }: Draft): string {
  const name = metric?.name ?? 'the metric'
  const goal = metric?.direction === 'maximize' ? 'highest' : 'lowest'
  return `# Directions

You research the training code of this repository. You have an idea, the harness trains it, and only a better number stays.

**The goal is simple: the ${goal} \`${name}\`** after \`${train}\`, within ${budget}.

**What you CAN do:** change ${describeGlobs(editable, (glob) => `\`${glob}\``)}. Architecture, optimizer, schedule, batch size, regularisation, numerics, every
constant.

**What you CANNOT do:**

- Change another file, add a package or use the network.
- Change the data or how the metric is measured.
- Use randomness that does not come from the seed: the harness chooses it and judges over several.
- Train longer than the budget.

**One change at a time.** A pull request that does two things proves neither.

**Simple is better.** Between two changes of equal worth the shorter one wins. Removing code at no loss is a result.

## Ideas to begin with

Write here what you would try next, what was tried before and failed, and what must stay as it is.
`
}
