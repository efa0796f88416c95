// Formats a number in the style of an existing literal, so that changing a constant is a minimal diff.

/**
 * Writes `value` in the style of `literal`: exponent form, decimal point, digit separators and suffix are kept.
 *
 * @param value written with all its digits, so round it first
 */
export function writeLike(literal: string, value: number): string {
  const [, digits = '', suffix = ''] = /^([\d_'.]*[\d.](?:[eE][+-]?\d+)?)(.*)$/.exec(literal) ?? []
  return (/e/i.test(digits) ? exponential(digits, value) : decimal(digits, value)) + suffix
}

function exponential(style: string, value: number): string {
  const [mantissa = '', exponent = ''] = value.toExponential().split('e')
  const point = style.includes('.') && !mantissa.includes('.') ? '.0' : ''
  const power = Number(exponent)
  const sign = power < 0 ? '-' : style.includes('+') ? '+' : ''
  const width = /[eE][+-]?(0\d+)$/.exec(style)?.[1]?.length ?? 1
  return `${mantissa}${point}${style.includes('E') ? 'E' : 'e'}${sign}${String(Math.abs(power)).padStart(width, '0')}`
}

function decimal(style: string, value: number): string {
  const plain = plainDecimal(value)
  const [whole = '', fraction] = plain.split('.')
  const separator = /[_']/.exec(style)?.[0]
  const grouped = separator ? whole.replaceAll(/\B(?=(?:\d{3})+$)/g, separator) : whole
  const start = style.startsWith('.') && whole === '0' && fraction ? '' : grouped
  if (fraction !== undefined) return `${start}.${fraction}`
  return style.includes('.') ? `${start}.0` : start
}

/** Formats a number without an exponent, even a very small one: 5e-7 → `0.0000005`. */
function plainDecimal(value: number): string {
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e')
  const decimals = Math.max(0, mantissa.length - 2) - Number(exponent)
  return value.toFixed(Math.min(100, Math.max(0, decimals)))
}
