import type { Answer } from '../model.ts'

/** Where a client goes next. */
export interface RedirectTarget {
  /** Lower case. */
  readonly host: string
  readonly port: number
  readonly tls: boolean
}

/** Where an unconditional redirect of a whole site leads; null for one page, or what a variable hides. */
export function redirectTarget(
  answer: Answer,
  host: string | null,
  port: number | null,
  tls: boolean,
): RedirectTarget | null {
  if (answer.kind !== 'redirect') return null
  const match = /^(https?|\$scheme):\/\/([^/:$]+|\$(?:host|http_host|server_name))(?::(\d+))?(.*)$/s.exec(
    answer.target,
  )
  if (match === null) return null
  const [, scheme = '', name = '', written, path = ''] = match
  if (path !== '' && !/\$(?:request_uri|uri|1)\b/.test(path)) return null
  const isTls = scheme === '$scheme' ? tls : scheme === 'https'
  const target = name.startsWith('$') ? host : name.toLowerCase()
  if (target === null) return null
  const usual = isTls ? 443 : 80
  const kept = name === '$http_host' && port !== null && scheme === '$scheme' ? port : usual
  return { host: target, port: written === undefined ? kept : Number(written), tls: isTls }
}
