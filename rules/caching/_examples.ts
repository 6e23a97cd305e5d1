import { conf } from '../../src/engine/conf.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

/**
 * A cache in front of an application; its answers say what it had. What one example keeps is there for the next one,
 * unless that has another directory.
 */
export const cachedSite = (lines: readonly string[], directory = 'pages'): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    proxy_cache_path /var/cache/${directory} keys_zone=pages:1m;
    ${nginxServer(conf`
      location / {
          proxy_pass http://127.0.0.1:9000;
          proxy_cache pages;
          add_header X-Cache $upstream_cache_status always;
          ${lines.join('\n')}
      }
    `)}
  `),
})
