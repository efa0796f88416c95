// Which script of Python is meant, of all that seem to train.
import { findLine, type Layout, linesOf, plainPaths } from './layout.ts'
import { findMetric } from './metric.ts'
import { importedFiles, NOT_TRAINING } from './python.ts'
import { documentedFirst, documentedStart, requiredArguments } from './start.ts'

const SCRIPTS = /(?:^|\/)(?:\w+_)?(?:train|pretrain|finetune|run|main|fit)(?:_\w+)?\.py$/
/** A training step, or something that contains one. */
export const TRAINS =
  /\.backward\(|(?<!class )\bTrainer\(|\.fit\((?!\))|\.learn\(|jax\.grad|value_and_grad|GradientTape|(?<!optimize)\.minimize\(|\.apply_gradients\(|\bsess\w*\.run\(\s*\[?\s*train|\b(?:xgb|lgb|xgboost|lightgbm)\.train\(/

/** An unindented loop or call: what a script does when it is started, other than to define. */
const STARTS_SOMETHING = /^(?:if __name__\b|for\b|while\b|with\b|[\w.]+\()/

/** The scripts that train a model, the likeliest first. */
export function trainingScripts(layout: Layout): string[] {
  const scripts = plainPaths(layout, SCRIPTS).filter((path) => !NOT_TRAINING.test(path))
  const trains = (path: string) => findLine(layout, path, TRAINS)
  const training = [
    scripts.filter((path) => trains(path) || importedFiles(layout, path).some(trains)),
    plainPaths(layout, /^[\w-]+\.py$/).filter((path) => trains(path) && !NOT_TRAINING.test(path)),
    plainPaths(layout, /\/[\w-]+\.py$/).filter(
      (path) => trains(path) && !NOT_TRAINING.test(path) && trainsByItself(layout, path),
    ),
  ].flatMap((paths) => documentedFirst(layout, easiestFirst(layout, paths)))
  const starts = (path: string) => findLine(layout, path, STARTS_SOMETHING) !== undefined
  return [...new Set([...training.filter(starts), ...training])]
}

/** Whether a file is a script and no module: it says so, or the step stands in a loop outside of any function. */
function trainsByItself(layout: Layout, path: string): boolean {
  if (findLine(layout, path, /^if __name__\b/)) return true
  const lines = linesOf(layout, path)
  const step = lines.findIndex((line) => TRAINS.test(line))
  return /^(?:for|while)\b/.test(lines.slice(0, step).findLast((line) => /^\w/.test(line)) ?? '')
}

/**
 * Scripts that are likelier to be meant first: those nearest to the root, those that train themselves and from scratch, and those
 * that start without further arguments and print what they reach.
 */
function easiestFirst(layout: Layout, scripts: readonly string[]): string[] {
  const ranks = new Map(scripts.map((path) => [path, rankOf(layout, path)]))
  const rank = (path: string): readonly number[] => ranks.get(path) ?? []
  return scripts.toSorted((a, b) =>
    rank(a).reduce((difference, part, index) => difference || part - (rank(b)[index] ?? 0), 0),
  )
}

function rankOf(layout: Layout, path: string): number[] {
  const missing = documentedStart(layout, path) ? 0 : requiredArguments(layout, path).length
  const metric = findMetric(layout, [path, ...importedFiles(layout, path)])
  return [
    path.split('/').length,
    findLine(layout, path, TRAINS) ? 0 : 1,
    Number(/(?:^|\/)fine_?tune\w*\.py$/.test(path)),
    missing,
    metric?.heldOut ? 0 : metric ? 1 : 2,
  ]
}
