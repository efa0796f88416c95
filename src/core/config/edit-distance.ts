// Finds the known word that a misspelled word probably means.

/**
 * The word in `known` that is nearest to `word` by Levenshtein distance. Ignores case, and treats `_` as `-`.
 *
 * @returns undefined when no word is near: more than a third of the letters, and more than two, would have to change
 */
export function nearestWord(word: string, known: readonly string[]): string | undefined {
  const written = word.toLowerCase().replaceAll('_', '-')
  const ranked = known.map((candidate) => ({
    candidate,
    distance: editDistance(written, candidate.toLowerCase()),
  }))
  const [best] = ranked.sort((a, b) => a.distance - b.distance)
  return best !== undefined && best.distance <= Math.max(2, word.length / 3) ? best.candidate : undefined
}

function editDistance(a: string, b: string): number {
  // A word may be as long as the file. Words of very different length are never near and are not compared.
  if (Math.abs(a.length - b.length) > 8) return Number.POSITIVE_INFINITY
  let row = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substituted = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(substituted, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
