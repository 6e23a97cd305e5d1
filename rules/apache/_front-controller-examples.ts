import { conf } from '../../src/engine/conf.ts'
import { apacheMain } from '../_examples.ts'

/** A site whose `.htaccess` has these rules for a front controller, and whose main file these lines. */
export function frontController(
  rules: string,
  lines: string | readonly string[] = [],
): Record<string, string> {
  return {
    'etc/apache2/apache2.conf': apacheMain(
      [
        conf`
          Listen 80
          ServerName example.org
          DocumentRoot /srv/www
          <Directory /srv/www>
              AllowOverride All
              Require all granted
          </Directory>
        `,
        lines,
      ].flat(),
      ['rewrite', 'dir'],
    ),
    'srv/www/.htaccess': conf`
      RewriteEngine On
      RewriteRule ^index\.html$ - [L]
      ${rules}
    `,
  }
}
