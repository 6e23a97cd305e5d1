import { conf } from '../../src/engine/conf.ts'
import { apacheMain } from '../_examples.ts'

/** A virtual host of Apache with TLS, and what else stands in it. */
export const tlsVirtualHost = (
  lines: string,
  modules: readonly string[] = ['ssl', 'socache_shmcb', 'dir'],
): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 443
      <VirtualHost *:443>
          ServerName example.org
          DocumentRoot /srv/www
          SSLEngine on
          SSLCertificateFile /etc/ssl/example.org.pem
          SSLCertificateKeyFile /etc/ssl/example.org.key
          ${lines}
      </VirtualHost>
    `,
    modules,
  ),
})
