// Draws that depend on nothing but the seed and a name, so that the order in which concurrent things ask does not matter.
import { createHash } from 'node:crypto'

export type Draw = (...name: readonly (string | number)[]) => number

/** @returns a function that draws uniformly from [0, 1), for each name one number */
export function drawsOf(seed: number): Draw {
  return (...name) => {
    const hash = createHash('sha256')
      .update(`${seed} ${name.join(' ')}`)
      .digest()
    return hash.readUInt32BE(0) / 2 ** 32
  }
}

export function choose<Choice>(draw: number, choices: readonly Choice[]): Choice {
  const chosen = choices[Math.floor(draw * choices.length)]
  if (chosen === undefined) throw new Error('nothing to choose from')
  return chosen
}
