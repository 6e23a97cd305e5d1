import { conf } from '../../src/engine/conf.ts'
import { servedHtaccess } from '../_examples.ts'

/** A site whose `.htaccess` has these rules for a front controller, and whose main file these lines. */
export function frontController(
  rules: string,
  lines: string | readonly string[] = [],
): Record<string, string> {
  const htaccess = conf`
    RewriteEngine On
    RewriteRule ^index\.html$ - [L]
    ${rules}
  `
  return servedHtaccess(htaccess, lines, ['rewrite', 'dir'])
}
