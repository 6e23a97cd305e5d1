import type { NginxConfiguration, NginxDirective } from '../../servers/nginx/configuration.ts'
import { effective, isOn } from '../../servers/nginx/queries/effective.ts'
import { writtenWithoutSet } from '../../servers/nginx/queries/set-variables.ts'
import type { SentHeader, SentHeaders } from '../model.ts'

/** Where nothing is known of what is sent. */
export const NOT_KNOWN: SentHeaders = { level: null, written: [], open: true, passesOthers: true }

/** The request headers that nginx writes for a block that proxies by `proxy_pass`, defaults left out. */
export function sentHeaders(configuration: NginxConfiguration, block: NginxDirective): SentHeaders {
  const set = effective(configuration, block, 'proxy_set_header')
  if (!set.known) return NOT_KNOWN
  const { directives, level, complete } = set.value
  const passes = isOn(configuration, block, 'proxy_pass_request_headers', true)
  return {
    level,
    written: directives.map(directive =>
      sentHeader(
        directive.args[0]?.value ?? '',
        writtenWithoutSet(configuration, block, directive.args[1]?.value ?? ''),
        directive,
      ),
    ),
    open: !complete,
    passesOthers: passes.known ? passes.value : true,
  }
}

export function sentHeader(name: string, value: string, directive: NginxDirective): SentHeader {
  const lower = name.toLowerCase()
  return { name: lower, value, state: stateOf(lower, value), directive }
}

function stateOf(name: string, value: string): SentHeader['state'] {
  if (value === '') return 'cleared'
  if (!value.includes('_')) return 'set'
  const variable = /^\$(?:\{http_(\w+)\}|http_(\w+))$/i.exec(value)
  if (variable !== null && (variable[1] ?? variable[2])?.toLowerCase() === name.replaceAll('-', '_'))
    return 'passed'
  return value.includes('$proxy_add_x_forwarded_for') ? 'appended' : 'set'
}
