import type { NginxWord } from '../../../../parsers/nginx/syntax.ts'
import type { NginxDirective } from '../configuration.ts'
import { isBefore, type Reading, report } from './unit.ts'

/** The release that refuses all of SPDY. */
export const SPDY_GONE = '1.19.7'
/** The first release that does not speak it, and passes it over. */
const SPDY_PASSED_OVER = '1.9.5'

/**
 * What is left of SPDY, where a release that passes it over may be meant.
 *
 * @see https://nginx.org/en/CHANGES
 */
export function warnOfSpdy(reading: Reading, directive: NginxDirective, word: NginxWord | null = null): void {
  if (isBefore(reading, SPDY_PASSED_OVER)) return
  const name = word?.value ?? directive.name
  const message = `nginx passes \`${name}\` over since ${SPDY_PASSED_OVER}, and refuses it since ${SPDY_GONE}`
  report(reading, 'directive-removed', directive, word, message, { fatal: false, help: 'Remove it' })
}
