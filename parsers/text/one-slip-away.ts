/** True of two words with one letter more, less or another, or two exchanged; short words have neighbours of their own. */
export function isOneSlipAway(meant: string, written: string, shortest = 7): boolean {
  if (meant === written || meant.length < shortest || Math.abs(meant.length - written.length) > 1)
    return false
  let start = 0
  while (start < meant.length && meant[start] === written[start]) start++
  const rest = meant.slice(start + 1)
  const writtenRest = written.slice(start + 1)
  return (
    rest === written.slice(start) ||
    meant.slice(start) === writtenRest ||
    rest === writtenRest ||
    (meant[start] === written[start + 1] &&
      meant[start + 1] === written[start] &&
      rest.slice(1) === writtenRest.slice(1))
  )
}
