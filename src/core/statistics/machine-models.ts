// How the numbers of a machine may move from run to run.

/** Variance of the drift in σ², and probability of a jump, per run. */
export const MACHINES = [
  { share: 0.7, drift: 0.0005, jump: 0 },
  { share: 0.05, drift: 0.01, jump: 0 },
  { share: 0.25, drift: 0.0005, jump: 0.01 },
] as const
/** Which of them stays where it is. */
export const STEADY = 0
/** Probability per run that the machine becomes another of these. */
export const CHANGE = 0.0005
/** Standard deviation of a jump, in σ. Its distribution is Laplace's, with heavy tails. */
export const JUMP_SD = 2
