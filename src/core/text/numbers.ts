// Formats numbers, sizes and durations for people.

/** Five significant digits, three below 0.1, without trailing zeros: 0.99791 → `0.99791`, 0.0031234 → `0.00312`, 2.5 → `2.5`. */
export function formatNumber(value: number): string {
  if (value === 0) return '0'
  const magnitude = Math.abs(value)
  if (magnitude >= 1e6 || magnitude < 1e-5) return value.toExponential(2)
  return Number(value.toPrecision(magnitude < 0.1 ? 3 : 5)).toString()
}

/** Always with a sign: `+0.0031`, `−0.02`. */
export function formatSigned(value: number): string {
  return `${value < 0 ? '−' : '+'}${formatNumber(Math.abs(value))}`
}

/** A duration given in seconds, as `42 s`, `5m` or `1h 30m`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 60) return `${Number(seconds.toFixed(1))} s`
  const rest = Math.round(seconds % 60)
  if (seconds < 600) return `${Math.floor(seconds / 60)}m${rest ? ` ${rest}s` : ''}`
  const minutes = Math.round(seconds / 60)
  if (minutes < 60) return `${minutes}m`
  return `${Math.floor(minutes / 60)}h${minutes % 60 ? ` ${minutes % 60}m` : ''}`
}

/** A standard score with one decimal digit and no negative zero: `3.4`, `-0.6`, `0.0`. */
export function formatScore(z: number): string {
  const text = z.toFixed(1)
  return text === '-0.0' ? '0.0' : text
}

/** A share (1 = all) in percent: 0.0081 → `0.8 %`, 0.25 → `25 %`. A positive share is never shown as 0: `< 0.1 %`. */
export function formatShare(share: number): string {
  const percent = 100 * share
  if (percent > 0 && percent < 0.05) return '< 0.1 %'
  return `${Number(percent.toFixed(percent < 10 ? 1 : 0))} %`
}

/** Bytes as `512 B`, `312 MiB`, `1.2 GiB`. */
export function formatBytes(bytes: number): string {
  const power = [1, 2, 3, 4].findLast((exponent) => bytes >= 1024 ** exponent) ?? 0
  const size = bytes / 1024 ** power
  return `${Number(size.toFixed(size < 10 ? 1 : 0))} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][power]}`
}
