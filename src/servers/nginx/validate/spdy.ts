import type { NginxWord } from '../../../../parsers/nginx/syntax.ts'
import type { NginxDirective } from '../configuration.ts'
import { type Reading, report } from './unit.ts'

/** The release that refuses all of SPDY; those from 1.9.5 on pass it over. */
export const SPDY_GONE = '1.19.7'

/**
 * What is left of SPDY, where a release that passes it over may be meant.
 *
 * @see https://nginx.org/en/CHANGES
 */
export function warnOfSpdy(reading: Reading, directive: NginxDirective, word: NginxWord | null = null): void {
  const name = word?.value ?? directive.name
  const message = `nginx passes \`${name}\` over since 1.9.5, and refuses it since ${SPDY_GONE}`
  report(reading, 'directive-removed', directive, word, message, { fatal: false, help: 'Remove it' })
}
