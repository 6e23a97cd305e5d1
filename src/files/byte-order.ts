const SURROGATE = /[\uD800-\uDFFF]/

/**
 * Orders names as `strcmp` orders their UTF-8 bytes, as both servers sort what a glob found in the C
 * locale. UTF-16 order agrees with it except where a surrogate pair meets U+E000 to U+FFFF.
 */
export function compareBytes(a: string, b: string): number {
  if (a === b) return 0
  if (SURROGATE.test(a) || SURROGATE.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b))
  return a < b ? -1 : 1
}
