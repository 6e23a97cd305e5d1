import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { gluedPath } from '../_glued-paths.ts'
import { locationRewritings, rewritings } from './_rewritings.ts'

const nginx = (lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(nginxServer(lines)),
})

export default defineRule({
  summary: 'The rest of a path is put behind a word without a slash',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'The group of `^/old/(.*)$` begins behind the slash: `/new$1` makes `/newpage` of `/old/page`, which nobody meant, and of a directory in `alias` a file beside it.',
  remedy: 'Write the slash: `/new/$1`',
  references: ['https://nginx.org/en/docs/http/ngx_http_rewrite_module.html#rewrite'],
  bad: [
    { title: 'a directory that moved', files: nginx('rewrite ^/old/(.*)$ «/new$1» permanent;') },
    {
      title: 'the name of the host',
      files: nginx('rewrite ^/(.*)$ «https://$host$1» permanent;'),
    },
    {
      title: 'in a location by an expression',
      files: nginx(conf`
        location ~ ^/old/(.*)$ {
            return 301 «https://$host/new$1»;
        }
        location ~ ^/media/(.+)$ {
            alias «/srv/media$1»;
        }
        location ~* ^/api/?(.*) {
            proxy_pass «http://127.0.0.1:8000/v1$1$is_args$args»;
        }
      `),
    },
  ],
  good: [
    {
      title: 'the slash in the target, or in the group',
      files: nginx(conf`
        rewrite ^/old/(.*)$ /new/$1 permanent;
        rewrite ^/moved(.*)$ /new$1 permanent;
        rewrite ^(.*)$ /site$1 last;
        location ~ ^/media(/.*)$ {
            alias /srv/media$1;
        }
      `),
    },
    {
      title: 'a query, a part of a name, and a group of another expression',
      files: nginx(conf`
        rewrite ^/find/(.*)$ /search?words=all$1 last;
        rewrite ^/user/([0-9]+)$ /user$1 last;
        rewrite ^/issue/(.*)$ /browse/DEMO$1 last;
        rewrite ^/topic/(.*)$ https://pages.example.net/topic$1 permanent;
        location ~ ^/old/(.*)$ {
            if ($args ~ ^id(.*)$) {
                return 301 /new$1;
            }
        }
      `),
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      for (const rewriting of [...rewritings(configuration), ...locationRewritings(configuration)]) {
        const finding = gluedPath(rewriting, 'with slash')
        if (finding !== null) yield finding
      }
    }
  },
})
