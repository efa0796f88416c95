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
    const line = new Array<number>(priors.length).fill(0)
    line[index] = sd ** -2
    return line
  })
  const right = priors.map(({ mean, sd }) => mean / sd ** 2)
  let evidence = 0
  for (const { features, target, variance } of rows) {
    evidence -= target ** 2 / variance + Math.log(variance)
    for (const [i, x] of features) {
      right[i] = (right[i] ?? 0) + (x * target) / variance
      const line = precision[i] ?? []
      for (const [j, y] of features) line[j] = (line[j] ?? 0) + (x * y) / variance
    }
  }
  const root = cholesky(precision)
  const mean = solveUpper(root, solveLower(root, right))
  for (const [index, prior] of priors.entries()) {
    evidence -= prior.mean ** 2 / prior.sd ** 2 + 2 * Math.log(prior.sd)
    evidence += (mean[index] ?? 0) * (right[index] ?? 0) - 2 * Math.log(root[index]?.[index] ?? 1)
  }
  return {
    mean,
    evidence: evidence / 2,
    draw: (normal) => {
      const noise = solveUpper(root, mean.map(normal))
      return mean.map((value, index) => value + (noise[index] ?? 0))
    },
    predict: (features) => {
      const sparse = new Array<number>(mean.length).fill(0)
      for (const [index, value] of features) sparse[index] = value
      const half = solveLower(root, sparse)
      return {
        mean: features.reduce((sum, [index, value]) => sum + value * (mean[index] ?? 0), 0),
        variance: half.reduce((sum, value) => sum + value ** 2, 0),
      }
    },
  }
}

/** The lower triangle L with L Lᵀ = matrix, which must be symmetric and positive definite. */
function cholesky(matrix: readonly (readonly number[])[]): number[][] {
  const root: number[][] = []
  for (const [i, line] of matrix.entries()) {
    const own: number[] = []
    for (let j = 0; j <= i; j++) {
      const other = j === i ? own : (root[j] ?? [])
      let rest = line[j] ?? 0
      for (let k = 0; k < j; k++) rest -= (own[k] ?? 0) * (other[k] ?? 0)
      own.push(j === i ? Math.sqrt(rest) : rest / (other[j] ?? 1))
    }
    root.push(own)
  }
  return root
}

function solveLower(root: readonly (readonly number[])[], right: readonly number[]): number[] {
  const solved: number[] = []
  for (const [i, line] of root.entries()) {
    let rest = right[i] ?? 0
    for (let k = 0; k < i; k++) rest -= (line[k] ?? 0) * (solved[k] ?? 0)
    solved.push(rest / (line[i] ?? 1))
  }
  return solved
}

/** Solves Lᵀ x = right. */
function solveUpper(root: readonly (readonly number[])[], right: readonly number[]): number[] {
  const solved = [...right]
  for (let i = root.length - 1; i >= 0; i--) {
    let rest = right[i] ?? 0
    for (let k = i + 1; k < root.length; k++) rest -= (root[k]?.[i] ?? 0) * (solved[k] ?? 0)
    solved[i] = rest / (root[i]?.[i] ?? 1)
  }
  return solved
}
