import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string): string =>
  nginxMain(
    nginxServer(conf`
      root /srv/www;
      location /staff/ {
          ${lines}
          auth_basic "Staff";
          auth_basic_user_file /etc/nginx/htpasswd;
      }
    `),
  )

export default defineRule({
  summary: '`satisfy any` beside `allow all` asks nobody for the password',
  severity: 'error',
  confidence: 'high',
  securitySeverity: 9.1,
  cwe: [306],
  since: '0.1.0',
  why: 'With `satisfy any` one of the two is enough, an address or a password. `allow all` is satisfied by every client, so the password is never asked for.',
  remedy: 'Name the addresses that need no password, and end in `deny all;`',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#satisfy'],
  bad: [
    {
      title: 'everybody is allowed',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          satisfy any;
          allow «all»;
        `),
      },
    },
  ],
  good: [
    {
      title: 'the own network needs no password',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          satisfy any;
          allow 10.0.0.0/8;
          deny all;
        `),
        'etc/nginx/htpasswd': 'staff:{PLAIN}secret\n',
      },
    },
    {
      title: 'both are wanted',
      files: { 'etc/nginx/nginx.conf': nginx('allow all;') },
    },
    {
      title: 'one network has to give a password',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          satisfy any;
          deny 10.0.0.0/8;
          allow all;
        `),
        'etc/nginx/htpasswd': 'staff:{PLAIN}secret\n',
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      for (const satisfy of configuration.occurrences.get('satisfy') ?? []) {
        const { parent } = satisfy
        if (parent === null || satisfy.args[0]?.value !== 'any') continue
        const password = parent.children.find(({ name }) => name === 'auth_basic')
        if (password === undefined || password.args[0]?.value === 'off') continue
        const rules = effective(configuration, parent, 'allow')
        if (!rules.known || !rules.value.complete) continue
        const first = rules.value.directives.find(
          ({ name, args }) => name === 'deny' || args[0]?.value === 'all',
        )
        if (first?.name !== 'allow') continue
        yield {
          at: argumentPlace(first, 0),
          message: 'every address satisfies this, and with `satisfy any` no password is required then',
          related: [{ at: argumentPlace(satisfy, 0), message: 'one of the two is enough' }],
        }
      }
    }
  },
})
