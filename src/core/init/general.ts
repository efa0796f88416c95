// The general rule for scripts of Python that train; frameworks.ts has what differs between frameworks. See makefile.ts and npm.ts
// for other repositories.
import { posix } from 'node:path'
import { TRAINS, trainingScripts } from './choose-script.ts'
import { type Draft, metricParts } from './draft.ts'
import { LIBRARIES, meterMetric } from './frameworks.ts'
import { type HydraFiles, hydraFiles } from './hydra.ts'
import { findLine, findValue, type Layout, placeOf, plainPaths } from './layout.ts'
import type { Library } from './library.ts'
import { findMetric, findProgress } from './metric.ts'
import type { Finding } from './plan.ts'
import { inFolder, layoutBelow, otherScripts, projectOf } from './project.ts'
import {
  importedFiles,
  NOT_TRAINING,
  type PythonEnvironment,
  preparationScripts,
  pythonEnvironment,
} from './python.ts'
import { documentedStart, moduleOf, requiredArguments } from './start.ts'

/** @returns undefined when no Python script of this repository trains a model */
export function recogniseScript(layout: Layout): Draft | undefined {
  const training = trainingScripts(layout)
  const [script] = training
  if (script === undefined) return undefined
  const project = projectOf(layout, script)
  if (project !== '') {
    const elsewhere = training.filter((path) => !path.startsWith(`${project}/`))
    return inFolder(project, recogniseScript(layoutBelow(layout, project)), elsewhere)
  }
  const library = LIBRARIES.find(({ lines }) => lines.every((line) => findLine(layout, script, line)))
  return draftOf(
    layout,
    script,
    library,
    training.filter((path) => path !== script && !importedFiles(layout, script).includes(path)),
  )
}

function draftOf(
  layout: Layout,
  script: string,
  library: Library | undefined,
  others: readonly string[],
): Draft {
  const imported = importedFiles(layout, script)
  const hydra = hydraFiles(layout, script)
  const imports = [...new Set([...imported, ...hydra.modules])].filter((path) => path !== script)
  const code = [script, ...imports]
  const environment = pythonEnvironment(layout)
  const metric = findMetric(layout, code)
  const used = metric?.heldOut
    ? metric
    : (library?.metric(layout, script) ?? meterMetric(layout, code) ?? metric)
  const results = library && resultsFile(layout, script)
  const parts = results ?? metricParts(used)
  const progress = findProgress(layout, code)
  const preparation = preparationOf(layout, script, environment)
  const documented = documentedStart(layout, script)
  const settings = settingsOf(layout, hydra, documented?.words ?? [])
  const required = requiredArguments(layout, script).filter(
    ({ what }) => !documented?.words.some((word) => word.startsWith(what)),
  )
  const budget = budgetOf(layout, code)
  const parsesArguments = findLine(layout, script, /HfArgumentParser|TrainingArguments\)/) !== undefined
  const words = [...(documented?.words ?? []), ...(parsesArguments ? (library?.arguments ?? []) : [])]
  const setup = [environment.install, ...preparation.commands]
    .filter((part) => part !== undefined)
    .join(' && ')
  const notebook = findLine(layout, script, /\bget_ipython\(\)/)
  const trainsAt = findLine(layout, script, TRAINS)
  return {
    recognised: library?.recognised ?? 'a training script in Python',
    machine: 'gpu',
    editable: [
      script,
      ...wholeFolders(
        layout,
        imports.filter((path) => isOfTheModel(layout, path)),
      ),
      ...settings.editable,
    ],
    ...(setup === '' ? {} : { setup }),
    train: [startOf(script, imported, environment, documented, library?.environment), ...words].join(' '),
    budget: budget.text,
    ...(parts.metric ? { metric: parts.metric } : {}),
    ...(progress ? { progress: progress.pattern } : {}),
    findings: [
      { what: 'trains the model', evidence: trainsAt ?? { path: script } },
      ...parts.findings,
      ...(progress ? [{ what: 'shows the loss during training', evidence: progress.evidence }] : []),
      ...environment.findings,
      ...preparation.findings,
      ...(documented ? [{ what: 'shows the arguments', evidence: documented.evidence }] : []),
      ...budget.findings,
    ],
    assumed: [...parts.assumed, ...environment.assumed, ...budget.assumed],
    check: [
      ...parts.check,
      ...preparation.check,
      ...downloadsOf(layout, code),
      ...settings.check,
      ...(library?.check ?? []),
      ...otherScripts(others, script),
    ],
    missing: [
      ...(parts.metric === undefined && library?.withoutMetric ? [library.withoutMetric] : []),
      ...required.map(
        ({ what, evidence }) =>
          `\`${script}\` stops without ${what} (line ${evidence.line}): add it to \`train\`.`,
      ),
      ...(notebook
        ? [
            `\`${script}\` was exported from a notebook: remove line ${notebook.line}, which works only there.`,
          ]
        : []),
    ],
  }
}

/**
 * A script in a folder that imports from the root of the repository has to be started as a module, as does one that a document starts so,
 * unless a document says to change into the folder first.
 *
 * @param variables assignments before the command
 */
function startOf(
  script: string,
  imported: readonly string[],
  { run, interpreter }: PythonEnvironment,
  documented: ReturnType<typeof documentedStart>,
  variables = '',
): string {
  const { distributed = [], folder: workingFolder = '', asModule = false } = documented ?? {}
  const folder = script.slice(0, script.lastIndexOf('/') + 1)
  const isModule =
    workingFolder === '' &&
    folder !== '' &&
    (asModule || imported.some((path) => !path.startsWith(folder) && !path.startsWith('src/')))
  const program = isModule ? `-m ${moduleOf(script)}` : workingFolder === '' ? script : posix.basename(script)
  const change = workingFolder === '' ? '' : `cd ${workingFolder} && `
  if (distributed.length > 0)
    return `${change}${variables}${interpreter} -m torch.distributed.run ${distributed.join(' ')} ${program}`
  return `${change}${variables}${isModule ? interpreter : run} ${program}`
}

/** Data is not for proposals, even where a scaler or a tokenizer is fitted to it. */
const DATA_FILES = /(?:^|\/)\w*data(?:_?(?:sets?|modules?|loaders?|providers?|utils))?(?:\/|\.py$)/

/** What a proposal may change beside the script: the model, not the data and not the measurement. */
const MODEL_FILES =
  /(?:^|\/)(?:(?:models?|nets?|networks?|layers|modules)\/(?:[\w-]+\/)*\w+|\w*model\w*|\w*net(?:work)?|gpt|optim\w*|layers?|modules?|schedul\w*|arch\w*|transformer|attention|losses)\.py$/i
/** A class of layers, a network, an operation or an optimizer, whatever its file is called and whatever else it inherits from. */
const DEFINES_LAYER =
  /^class \w+(?:\[.*?\])?\(.*?(?:\b(?:Module|Layer|Optimizer|Function|LightningModule)|\bkeras\.Model)\b/
const MEASURES = /(?:^|\/)(?:\w*(?:metric|eval|scor(?:e|ing)|perplexity)\w*|tasks?)\.py$/i

function isOfTheModel(layout: Layout, path: string): boolean {
  if (DATA_FILES.test(path)) return false
  if (MODEL_FILES.test(path) || findLine(layout, path, TRAINS) !== undefined) return true
  return !MEASURES.test(path) && findLine(layout, path, DEFINES_LAYER) !== undefined
}

/** A folder of many models as one pattern, and what else is in that folder taken out again. */
function wholeFolders(layout: Layout, paths: readonly string[]): string[] {
  const python = plainPaths(layout, /\.py$/)
  return [...new Set(paths.map((path) => posix.dirname(path)))].flatMap((folder) => {
    const isInside = (path: string) => posix.dirname(path) === folder
    const named = paths.filter(isInside)
    const others = python.filter(
      (path) =>
        isInside(path) && !named.includes(path) && (NOT_TRAINING.test(path) || !isOfTheModel(layout, path)),
    )
    const isLong = folder !== '.' && named.length > MOST_NAMED && others.length < named.length
    return isLong ? [`${folder}/*.py`, ...others.map((path) => `!${path}`)] : named
  })
}
/** So many files of one folder are named one by one. */
const MOST_NAMED = 8

/**
 * Files of settings. What decides about the model and its optimizer may be changed; where other settings stand beside, such as the
 * paths of the data, a person decides.
 *
 * @param words arguments of the training command
 */
function settingsOf(layout: Layout, { configs, ofTheModel }: HydraFiles, words: readonly string[]) {
  const known = new Set(plainPaths(layout, /\.(?:ya?ml|json|toml)$/))
  const named = words.map((word) => word.replace(/^--[\w-]+=/, '')).filter((word) => known.has(word))
  const mixed = ofTheModel.length > 0 ? [] : [...new Set([...configs.slice(0, 1), ...named])]
  return {
    editable: ofTheModel,
    check: mixed.map(
      (path) =>
        `Training reads its settings from ${path}: add that to \`editable\` if proposals may change all of them.`,
    ),
  }
}

function preparationOf(layout: Layout, script: string, { run }: { run: string }) {
  const [first, ...others] = preparationScripts(layout, script)
  if (first === undefined) return { commands: [], findings: [], check: [] }
  const required = requiredArguments(layout, first).map(({ what }) => what)
  if (required.length > 0) {
    const check = `${first} seems to prepare data, and stops without ${required.join(', ')}: add it to \`setup\` with what it needs.`
    return { commands: [], findings: [], check: [check] }
  }
  return {
    commands: [`${run} ${first}`],
    findings: [{ what: 'prepares the data', evidence: { path: first } }] satisfies Finding[],
    check:
      others.length > 0
        ? [`Other scripts prepare data too: ${others.slice(0, 5).join(', ')}. \`setup\` runs ${first}.`]
        : [],
  }
}

const TIME_LIMIT =
  /^\s*\w*(?:time_?budget|budget_?seconds|max_?seconds|time_?limit|max_?time|train_?seconds)\w*\s*(?::\s*\w+\s*)?=\s*(\d+)\b/i

/** A constant that limits the training time, or ten minutes. */
function budgetOf(layout: Layout, paths: readonly string[]) {
  for (const path of paths) {
    const found = findValue(layout, path, TIME_LIMIT)
    const seconds = Number(found?.value)
    if (!found || !(seconds >= 1 && seconds <= 100 * 3600)) continue
    return {
      text: seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`,
      findings: [{ what: 'limits the training time', evidence: found.evidence }],
      assumed: [],
    }
  }
  const assumed = ['One run takes less than 10 minutes. `doctor` measures it and says which `budget` fits.']
  return { text: '10m', findings: [], assumed }
}

/** `trainer.save_metrics` writes `all_results.json` into the output folder. */
function resultsFile(layout: Layout, script: string): ReturnType<typeof metricParts> | undefined {
  const evidence = findLine(layout, script, /\.save_metrics\(\s*["'](?:eval|all)["']/)
  if (!evidence) return undefined
  return {
    metric: {
      name: 'eval_loss',
      direction: 'minimize',
      source: { kind: 'file', file: 'all_results.json', key: 'eval_loss' },
    },
    findings: [{ what: 'writes the metric to all_results.json', evidence }],
    assumed: ['`eval_loss` is the number that decides, and lower is better.'],
    check: [],
  }
}

const DOWNLOADS =
  /\bdownload\s*=\s*True\b|\btfds\.load\(|\bload_dataset\(|\bfetch_(?:openml|california_housing|20newsgroups|covtype)\(|\bkeras\.datasets\b|\burlretrieve\(|\brequests\.get\(|\b(?:hf_hub|snapshot)_download\(|\bwget\.download\(/

function downloadsOf(layout: Layout, paths: readonly string[]): string[] {
  for (const path of paths) {
    const evidence = findLine(layout, path, DOWNLOADS)
    if (evidence)
      return [
        `${placeOf(evidence)} downloads what it needs when it runs, and training has no network: let \`setup\` do that once, at a place below $AUTORESEARCH_DATA or \`~/.cache\`.`,
      ]
  }
  return []
}
