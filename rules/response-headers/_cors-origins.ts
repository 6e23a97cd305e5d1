/** Why browsers refuse a value of `Access-Control-Allow-Origin`, whatever they ask for; null where they may take it. */
export function faultOfOrigin(value: string): string | null {
  if (/^https?:\/\/[^\s,]+(?:\s*,\s*|\s+)https?:\/\//i.test(value))
    return 'browsers take one origin, and refuse this list'
  if (/^https?:\/\/[^/\s]+\/\S*$/i.test(value))
    return 'an origin ends behind its host, so no origin is equal to this one and browsers refuse it'
  if (/^(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}(?::\d+)?$/i.test(value))
    return 'an origin begins with its scheme, so browsers refuse this'
  if (/^https?:\/\/\*/i.test(value)) return 'browsers know no wildcard inside of an origin, and refuse this'
  return null
}
