import { conf } from '../../src/engine/conf.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

/** A server that refuses what a regular expression matches. */
export const refusing = (pattern: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      root /srv/www;
      location ~ ${pattern} {
          return 403;
      }
    `),
  ),
})
