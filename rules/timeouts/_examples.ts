import { conf } from '../../src/engine/conf.ts'
import { apacheMain } from '../_examples.ts'
import { serviceUnit } from '../app-server/_examples.ts'

/** Apache in front of the gunicorn that a unit starts with these options. */
export const gunicornBehindApache = (
  options: string,
  lines = '',
  pass = 'ProxyPass / http://127.0.0.1:8000/',
): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          ProxyPreserveHost On
          ${lines}
          ${pass}
          ProxyPassReverse / http://127.0.0.1:8000/
      </VirtualHost>
    `,
    ['proxy', 'proxy_http'],
  ),
  'etc/systemd/system/shop.service': serviceUnit(`/usr/bin/gunicorn -b 127.0.0.1:8000 ${options} shop.wsgi`),
})
