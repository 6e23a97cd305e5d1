import { conf } from '../src/engine/conf.ts'
import { apacheMain } from './_examples.ts'

/** httpd's main file that lets `.htaccess` of `/srv/www` say everything. */
export const HTACCESS_MAIN = apacheMain(
  conf`
    Listen 80
    ServerName example.org
    DocumentRoot /srv/www
    <Directory /srv/www>
        AllowOverride All
    </Directory>
  `,
  ['rewrite', 'alias', 'proxy', 'proxy_http', 'dir', 'env'],
)

/** A virtual host whose own rules rewrite. */
export function rewritingHost(lines: string): string {
  return conf`
    <VirtualHost *:80>
        ServerName example.org
        DocumentRoot /srv/www
        RewriteEngine On
        ${lines}
    </VirtualHost>
  `
}

/** The files of a site whose `.htaccess` rewrites. */
export function rewritingDirectory(lines: string): Record<string, string> {
  return {
    'etc/apache2/apache2.conf': HTACCESS_MAIN,
    'srv/www/.htaccess': conf`
      RewriteEngine On
      ${lines}
    `,
  }
}
