import { conf } from '../../src/engine/conf.ts'
import { apacheMain } from '../_examples.ts'

/** Apache behind nginx, for `example.org`, with mod_headers. */
export const headersOfApache = (lines: string): string =>
  apacheMain(
    conf`
      Listen 127.0.0.1:9000
      <VirtualHost 127.0.0.1:9000>
          ServerName example.org
          DocumentRoot /srv/www
          ${lines}
      </VirtualHost>
    `,
    ['headers'],
  )
