import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { mayHoldUnread } from '../../src/servers/nginx/queries/scope.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { isVariableAsked } from './_variable-asked.ts'

const nginx = (lines: string): string =>
  nginxMain(
    nginxServer(conf`
      root /srv/www;
      location /pictures/ {
          ${lines}
      }
    `),
  )

export default defineRule({
  summary: '`valid_referers` keeps nobody out, as nothing asks for `$invalid_referer`',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`valid_referers` sets a variable and refuses nothing by itself. Pages of other sites go on showing the pictures.',
  remedy: 'Write `if ($invalid_referer) { return 403; }` below it',
  references: ['https://nginx.org/en/docs/http/ngx_http_referer_module.html'],
  bad: [
    {
      title: 'the list alone',
      files: { 'etc/nginx/nginx.conf': nginx('«valid_referers» none blocked server_names;') },
    },
  ],
  good: [
    {
      title: 'with the question',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          valid_referers none blocked server_names;
          if ($invalid_referer) {
              return 403;
          }
        `),
      },
    },
    {
      title: 'handed to the backend',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          valid_referers none blocked server_names;
          proxy_set_header X-Foreign \${invalid_referer};
          proxy_pass http://127.0.0.1:9000;
        `),
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      const lines = configuration.occurrences.get('valid_referers')
      if (
        lines === undefined ||
        mayHoldUnread(configuration) ||
        isVariableAsked(configuration, 'invalid_referer')
      )
        continue
      for (const line of lines) {
        // Who includes a fragment may ask.
        if (line.parent === null) continue
        yield {
          at: namePlace(line),
          message: 'nothing asks for `$invalid_referer`, so no request is refused',
        }
      }
    }
  },
})
