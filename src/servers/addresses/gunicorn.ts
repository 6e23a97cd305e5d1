import { ANY_V4, type Endpoint, parseHost } from '../address.ts'

/** gunicorn's own port where a bind names none. */
const PORT = 8000

/**
 * A bind of gunicorn (`parse_address` of `gunicorn/util.py`): `host`, `host:port`, `:port`, `[v6]:port`, with `tcp://`
 * before it or not, or `unix:/path`. Null for a file descriptor, and for what gunicorn refuses.
 */
export function parseGunicornBind(text: string): Endpoint | null {
  const unix = /^unix:(?:\/\/)?(.+)$/.exec(text)?.[1]
  if (unix !== undefined) return { address: { kind: 'unix', path: unix }, port: null }
  if (text.startsWith('fd://')) return null
  const rest = text.startsWith('tcp://') ? text.slice('tcp://'.length) : text
  const isBracketed = rest.includes('[') && rest.includes(']')
  const host = isBracketed ? rest.slice(1, rest.indexOf(']')) : (rest.split(':')[0] ?? '')
  const written = isBracketed ? rest.split(']:')[1] : rest.split(':')[1]
  const port = written === undefined ? PORT : /^\s*[+]?\d+\s*$/.test(written) ? Number(written) : null
  if (port === null || port > 65535) return null
  return { address: host === '' ? ANY_V4 : parseHost(host), port }
}
