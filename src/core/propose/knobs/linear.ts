// Bayesian linear regression with a known noise per observation (Bishop, Pattern Recognition and Machine Learning, 2006,
// section 3.3), for a few hundred weights.

/** A row of the regression: only features that are not 0. */
export interface Row {
  features: readonly (readonly [index: number, value: number])[]
  target: number
  /** Above 0. */
  variance: number
}

/** Independent normal prior of each weight; sd above 0. */
export interface Prior {
  mean: number
  sd: number
}

export interface Fit {
  mean: readonly number[]
  /** Logarithm of the density of the targets under the prior, up to a constant. */
  evidence: number
  /** A draw of all weights from the posterior. `normal` draws from the standard normal distribution. */
  draw(normal: () => number): number[]
  /** The posterior of a sum of weights: its mean and variance. */
  predict(features: Row['features']): { mean: number; variance: number }
}

export function fitLinear(rows: readonly Row[], priors: readonly Prior[]): Fit {
  const precision = priors.map(({ sd }, index) => {
    const line = new Float64Array(priors.length)
    line[index] = sd ** -2
    return line
  })
  const right = Float64Array.from(priors, ({ mean, sd }) => mean / sd ** 2)
  let evidence = 0
  for (const row of rows) {
    evidence -= row.target ** 2 / row.variance + Math.log(row.variance)
    addRow(row, precision, right)
  }
  const root = cholesky(precision)
  const mean = [...solveUpper(root, solveLower(root, right))]
  for (const [index, prior] of priors.entries()) {
    evidence -= prior.mean ** 2 / prior.sd ** 2 + 2 * Math.log(prior.sd)
    evidence += (mean[index] ?? 0) * (right[index] ?? 0) - 2 * Math.log(root[index]?.[index] ?? 1)
  }
  return {
    mean,
    evidence: evidence / 2,
    draw: (normal) => {
      const noise = solveUpper(root, Float64Array.from(mean, normal))
      return mean.map((value, index) => value + (noise[index] ?? 0))
    },
    predict: (features) => {
      const sparse = new Float64Array(mean.length)
      for (const [index, value] of features) sparse[index] = value
      const half = solveLower(root, sparse)
      return {
        mean: features.reduce((sum, [index, value]) => sum + value * (mean[index] ?? 0), 0),
        variance: half.reduce((sum, value) => sum + value ** 2, 0),
      }
    },
  }
}

function addRow({ features, target, variance }: Row, precision: Float64Array[], right: Float64Array): void {
  for (const feature of features) {
    const [i, x] = feature
    const line = precision[i] as Float64Array
    right[i] = (right[i] as number) + (x * target) / variance
    for (const other of features) line[other[0]] = (line[other[0]] as number) + (x * other[1]) / variance
  }
}

/** The lower triangle L with L Lᵀ = matrix, which must be symmetric and positive definite. */
function cholesky(matrix: readonly Float64Array[]): Float64Array[] {
  const root: Float64Array[] = []
  for (const [i, line] of matrix.entries()) {
    const own = new Float64Array(line.length)
    root.push(own)
    for (let j = 0; j <= i; j++) {
      const other = root[j] as Float64Array
      let rest = line[j] as number
      for (let k = 0; k < j; k++) rest -= (own[k] as number) * (other[k] as number)
      own[j] = j === i ? Math.sqrt(rest) : rest / (other[j] as number)
    }
  }
  return root
}

function solveLower(root: readonly Float64Array[], right: Float64Array): Float64Array {
  const solved = new Float64Array(right.length)
  for (const [i, line] of root.entries()) {
    let rest = right[i] as number
    for (let k = 0; k < i; k++) rest -= (line[k] as number) * (solved[k] as number)
    solved[i] = rest / (line[i] as number)
  }
  return solved
}

/** Solves Lᵀ x = right. */
function solveUpper(root: readonly Float64Array[], right: Float64Array): Float64Array {
  const solved = Float64Array.from(right)
  for (let i = root.length - 1; i >= 0; i--) {
    const line = root[i] as Float64Array
    const value = (solved[i] as number) / (line[i] as number)
    solved[i] = value
    for (let k = 0; k < i; k++) solved[k] = (solved[k] as number) - (line[k] as number) * value
  }
  return solved
}
