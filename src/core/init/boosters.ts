// Gradient boosting: what XGBoost, LightGBM and CatBoost print of the sets that they are given to watch.
import { type Evidence, findLine, findValue, type Layout } from './layout.ts'
import { type Library, logged } from './library.ts'
import type { FoundMetric } from './metric.ts'

const COMMON = { arguments: [], environment: '' } as const

export const BOOSTERS: readonly Library[] = [
  {
    ...COMMON,
    recognised: 'an XGBoost script',
    lines: [/^\s*(?:from|import)\s+xgboost\b/, /\b(?:xgb|xgboost)\.train\(|\bXGB\w+\(/],
    metric: xgboostMetric,
    check: [],
    withoutMetric:
      'XGBoost prints a metric for each set in `evals=[(dvalid, "valid")]` or `eval_set=[(X_valid, y_valid)]`: pass one that training does not see, or print a number of your own.',
  },
  {
    ...COMMON,
    recognised: 'a LightGBM script',
    lines: [/^\s*(?:from|import)\s+lightgbm\b/, /\b(?:lgb|lightgbm)\.train\(|\bLGBM\w+\(/],
    metric: lightgbmMetric,
    check: [
      'LightGBM prints only the rounds that `log_evaluation(period)` names, and the best one of `early_stopping`: the last printed round should be the last one trained.',
    ],
    withoutMetric:
      'LightGBM prints a metric with `valid_sets=[valid]` and `callbacks=[lightgbm.log_evaluation(1)]`: add both, or print a number of your own.',
  },
  {
    ...COMMON,
    recognised: 'a CatBoost script',
    lines: [/^\s*(?:from|import)\s+catboost\b/, /\.fit\(/],
    metric: catboostMetric,
    check: [],
    withoutMetric:
      'CatBoost prints `bestTest` when `fit` gets an `eval_set` that training does not see: pass one, or print a number of your own.',
  },
]

/** `[24]\ttrain-rmse:0.71\teval-rmse:0.99`; of several sets the last, and the first metric that is asked for. */
function xgboostMetric(layout: Layout, script: string): FoundMetric | undefined {
  const watched = watchedSet(layout, script)
  if (!watched) return undefined
  const metric = namedMetric(layout, script, 'eval_metric')
  const { set, evidence } = watched
  const pattern = `\\b${set}-${metric ?? '[\\w@-]+'}:([-+.\\w]+)${metric === undefined ? '$' : ''}`
  return logged(nameOf(set, metric), pattern, evidence, !/^train/i.test(set))
}

/** The set that is named last; `eval_set` numbers them as `validation_0`, `validation_1`. */
function watchedSet(layout: Layout, script: string): { set: string; evidence: Evidence } | undefined {
  const named = findValue(
    layout,
    script,
    /\b(?:evals|watchlist|evallist|eval_list)\s*=\s*\[.*["'](\w+)["']\s*[)\]]/,
  )
  if (named) return { set: named.value, evidence: named.evidence }
  const numbered = findValue(layout, script, /\beval_set\s*=\s*\[(.*)/)
  if (!numbered) return undefined
  const sets = numbered.value.split('(').length - 1
  return { set: `validation_${Math.max(0, sets - 1)}`, evidence: numbered.evidence }
}

/** `[24]\ttrain's rmse: 0.84\tvalid's rmse: 0.98`; sets without a name are `valid_0`, `valid_1`. */
function lightgbmMetric(layout: Layout, script: string): FoundMetric | undefined {
  const prints = findLine(layout, script, /\blog_evaluation\(|\bearly_stopping\(|\bverbose_eval\s*=/)
  const watched = findLine(layout, script, /\bvalid_sets\s*=|\beval_set\s*=/)
  if (!prints || !watched) return undefined
  const names = findValue(layout, script, /\b(?:valid_names|eval_names)\s*=\s*\[.*["'](\w+)["']\s*\]/)
  const set = names?.value ?? 'valid_\\d+'
  // LightGBM prints its own names: `l2` for `mse`.
  const metric = namedMetric(layout, script, '(?:eval_)?metric')
  const own = metric !== undefined && OWN_NAMES.test(metric) ? metric : undefined
  const pattern = `\\b${set}'s ${own ?? '[\\w@]+'}: ([-+.\\w]+)`
  return logged(nameOf(names?.value ?? 'valid', own), pattern, watched)
}
const OWN_NAMES = /^(?:auc|rmse|mape|map|ndcg|(?:binary|multi)_(?:logloss|error)|average_precision)$/

/** `bestTest = 1.011` when training ends. */
function catboostMetric(layout: Layout, script: string): FoundMetric | undefined {
  const evidence = findLine(layout, script, /\beval_set\s*=/)
  if (!evidence) return undefined
  const metric = namedMetric(layout, script, '(?:eval_metric|loss_function)')
  return { ...logged(nameOf('best_test', metric), '^bestTest = ([-+.\\w]+)', evidence), repeated: false }
}

/** The first metric that the script asks for. */
function namedMetric(layout: Layout, script: string, setting: string): string | undefined {
  const value = new RegExp(`["']?\\b${setting}["']?\\s*[:=]\\s*\\[?\\s*["']([\\w@-]+)["']`)
  return findValue(layout, script, value)?.value
}

function nameOf(set: string, metric: string | undefined): string {
  return metric === undefined ? `${set}_metric` : `${set}_${metric}`.toLowerCase().replaceAll(/\W/g, '_')
}
