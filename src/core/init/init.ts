// Decides what `init` proposes for a repository: a tested recipe where there is one, else what a general rule finds.
import { recogniseCargo } from './cargo.ts'
import { renderConfig } from './config-text.ts'
import type { Draft } from './draft.ts'
import { recogniseScript } from './general.ts'
import { recogniseGo } from './go.ts'
import type { Layout } from './layout.ts'
import { recogniseMakefile } from './makefile.ts'
import { recogniseNpm } from './npm.ts'
import type { InitPlan } from './plan.ts'
import { renderProgram } from './program.ts'
import { type RecipeFiles, recogniseRecipe } from './recipes.ts'

/** The first rule that fits decides. */
const RULES: readonly ((layout: Layout) => Draft | undefined)[] = [
  recogniseScript,
  recogniseMakefile,
  recogniseNpm,
  recogniseCargo,
  recogniseGo,
]

/**
 * @param recipes the files of `recipes/`, by folder
 * @param hasGpu whether the machine that trains has one; undefined when it is another machine
 */
export function planInit(
  layout: Layout,
  recipes: ReadonlyMap<string, RecipeFiles>,
  hasGpu?: boolean,
): InitPlan {
  const plan = recogniseRecipe(layout, recipes, hasGpu) ?? planByRules(layout)
  return plan.machine === 'gpu' && hasGpu === false ? { ...plan, machine: 'processor' } : plan
}

function planByRules(layout: Layout): InitPlan {
  for (const rule of RULES) {
    const draft = rule(layout)
    if (draft) return planOf(draft, layout)
  }
  return planOf(UNKNOWN, layout)
}

const UNKNOWN: Draft = {
  recognised: 'nothing known',
  machine: 'gpu',
  editable: ['train.py'],
  train: 'python3 train.py',
  budget: '10m',
  findings: [],
  assumed: [],
  check: [],
  missing: [
    'No training script was found. Write the command that trains into `train`, and the files that may change into `editable`.',
  ],
}

const PROGRAM = 'program.md'

function planOf(draft: Draft, layout: Layout): InitPlan {
  const { recognised, machine, findings, assumed, check } = draft
  const missing = draft.metric ? draft.missing : [NO_METRIC, ...draft.missing]
  return {
    recognised,
    machine,
    findings,
    assumed,
    check: [...check, ...checkOfProgram(layout)],
    missing,
    config: renderConfig(draft, PROGRAM),
    program: { path: PROGRAM, text: renderProgram(draft) },
  }
}

const NO_METRIC =
  'No printed metric was found. Let training print one line such as `val_loss: 0.123` at its end, and write its pattern into `metric` of the configuration.'

function checkOfProgram(layout: Layout): string[] {
  if (!layout.has(PROGRAM)) return []
  return [
    `\`${PROGRAM}\` exists and is used as it is: it should tell proposers what to try and what not to change.`,
  ]
}
