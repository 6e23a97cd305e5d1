/** What stands behind the number of a quantity, and what it is multiplied with. */
const SUFFIXES: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
  Ti: 1024 ** 4,
  Pi: 1024 ** 5,
  Ei: 1024 ** 6,
}

/** The number that a quantity of Kubernetes is; null where it is none. */
export function readQuantity(text: string): number | null {
  const [, digits, suffix = ''] = /^([+-]?(?:\d+\.?\d*|\.\d+))(.*)$/.exec(text) ?? []
  if (digits === undefined) return null
  const exponent = /^[eE]([+-]?\d+)$/.exec(suffix)?.[1]
  if (exponent !== undefined) return Number(`${digits}e${exponent}`)
  return Object.hasOwn(SUFFIXES, suffix) ? Number(digits) * SUFFIXES[suffix]! : null
}
