import type { Place } from '../../parsers/text/source.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'

/** One header of a line of headers-more. */
export interface MoreHeader {
  readonly name: string
  /** Empty where the module takes the header away. */
  readonly value: string
  /** True where it is written `Name: value` or `Name:`. */
  readonly hasColon: boolean
  /** As written. */
  readonly text: string
  readonly at: Place
}

/**
 * The headers of `more_set_headers` and its like: each argument is one, but for options and what belongs to them. The
 * name ends at a colon or a space, whichever comes first.
 *
 * https://github.com/openresty/headers-more-nginx-module/blob/master/src/ngx_http_headers_more_util.c
 */
export function moreHeaders(line: NginxDirective): readonly MoreHeader[] {
  const headers: MoreHeader[] = []
  for (let index = 0; index < line.args.length; index += 1) {
    const text = line.args[index]?.value ?? ''
    if (text.startsWith('-')) {
      // Types and statuses are the next argument.
      if (text === '-t' || text === '-s') index += 1
      continue
    }
    const [, name = '', between = '', value = ''] = /^\s*([^\s:]*)([\s:]*)(.*)$/s.exec(text) ?? []
    if (name === '') continue
    headers.push({
      name,
      value: value.trim(),
      hasColon: between.includes(':'),
      text,
      at: argumentPlace(line, index),
    })
  }
  return headers
}
