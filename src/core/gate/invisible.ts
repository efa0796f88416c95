// Characters a reviewer does not see: what they are, where they are, and how to show that they are there.

/** Format characters (bidi, tags, zero width), line separators and controls, other than tab and line ends. */
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Zl}\p{Zp}]|(?!\t|\n|\r\n)\p{Cc}/gu
const EMOJI_STYLE = /(?<=\p{Extended_Pictographic})\uFE0F/gu

/** Every invisible character as `U+202E`, repeats included. The selector that turns a sign into an emoji is harmless. */
export function invisibleCharacters(text: string): string[] {
  return (text.replaceAll(EMOJI_STYLE, '').match(INVISIBLE) ?? []).map(codePoint)
}

/** The invisible characters `after` has more often than `before`, each once. */
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
