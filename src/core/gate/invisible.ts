// Finds characters that a reviewer cannot see, and makes them visible.

/** Format characters (bidi, tags, zero width), line separators, and controls other than tabs and line ends. */
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Zl}\p{Zp}]|(?!\t|\n|\r\n)\p{Cc}/gu
const EMOJI_STYLE = /(?<=\p{Extended_Pictographic})\uFE0F/gu

/** Every invisible character as `U+202E`, including repeats. The emoji variation selector is harmless and not listed. */
export function invisibleCharacters(text: string): string[] {
  return (text.replaceAll(EMOJI_STYLE, '').match(INVISIBLE) ?? []).map(codePoint)
}

/** The invisible characters that occur more often in `after` than in `before`, each listed once. */
export function gainedInvisibleCharacters(before: string, after: string): string[] {
  const spare = new Map<string, number>()
  for (const name of invisibleCharacters(before)) spare.set(name, (spare.get(name) ?? 0) + 1)
  const gained = new Set<string>()
  for (const name of invisibleCharacters(after)) {
    const left = spare.get(name) ?? 0
    if (left > 0) spare.set(name, left - 1)
    else gained.add(name)
  }
  return [...gained]
}

/** Untrusted text in double quotes on one line, with every invisible character spelled out. */
export function quoteVisibly(text: string): string {
  return JSON.stringify(text).replaceAll(INVISIBLE, (character) => `<${codePoint(character)}>`)
}

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}
