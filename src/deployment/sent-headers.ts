import type { NginxConfiguration, NginxDirective } from '../servers/nginx/configuration.ts'
import { requestHeaders } from '../servers/nginx/queries/request-headers.ts'
import type { SentHeader, SentHeaders } from './deployment.ts'

const OPEN: SentHeaders = { level: null, written: [], open: true, passesOthers: true }

/** The request headers that nginx writes for a block that hands on by `proxy_pass`, defaults left out. */
export function sentHeaders(configuration: NginxConfiguration, block: NginxDirective): SentHeaders {
  const fact = requestHeaders(configuration, block)
  if (!fact.known) return OPEN
  const { headers, level, complete, passes } = fact.value
  const written = headers.flatMap(({ name, value, directive }) =>
    directive === null ? [] : [sentHeader(name, value, directive)],
  )
  return { level, written, open: !complete, passesOthers: passes }
}

export function sentHeader(name: string, value: string, directive: NginxDirective): SentHeader {
  const lower = name.toLowerCase()
  return { name: lower, value, state: stateOf(lower, value), directive }
}

function stateOf(name: string, value: string): SentHeader['state'] {
  if (value === '') return 'cleared'
  const variable = `http_${name.replaceAll('-', '_')}`
  const lower = value.toLowerCase()
  if (lower === `$${variable}` || lower === `\${${variable}}`) return 'passed'
  return value.includes('$proxy_add_x_forwarded_for') ? 'appended' : 'set'
}
