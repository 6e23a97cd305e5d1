import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { effective, effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { mayBeSetInside } from './_set-inside.ts'

const nginx = (lines: string): string =>
  nginxMain(
    nginxServer(conf`
      root /srv/www;
      location /admin/ {
          ${lines}
      }
    `),
  )

export default defineRule({
  summary: '`auth_basic` without a file of passwords lets everyone in',
  severity: 'error',
  confidence: 'high',
  securitySeverity: 9.1,
  cwe: [306],
  since: '0.1.0',
  why: 'Without `auth_basic_user_file` nginx has nobody to compare with, and does not ask for a password at all. `nginx -t` says nothing.',
  remedy: 'Add `auth_basic_user_file`',
  references: ['https://nginx.org/en/docs/http/ngx_http_auth_basic_module.html'],
  bad: [
    {
      title: 'the realm alone',
      files: { 'etc/nginx/nginx.conf': nginx('«auth_basic» "Staff";') },
    },
    {
      title: 'the realm alone, for a whole server',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            root /srv/www;
            «auth_basic» "Staff";
            location / {
                try_files $uri $uri/ =404;
            }
          `),
        ),
      },
    },
    {
      title: 'the realm alone, and a location with lines of a file of its own',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            «auth_basic» "Staff";
            location / {
                include snippets/proxied.conf;
            }
          `),
        ),
        'etc/nginx/snippets/proxied.conf': 'proxy_pass http://127.0.0.1:8000;\n',
      },
    },
  ],
  good: [
    {
      title: 'with a file for one location of a server',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            root /srv/www;
            auth_basic "Staff";
            location / {
                auth_basic off;
            }
            location /admin/ {
                auth_basic_user_file /etc/nginx/htpasswd;
            }
          `),
        ),
        'etc/nginx/htpasswd': 'staff:{PLAIN}secret\n',
      },
    },
    {
      title: 'with a file',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          auth_basic "Staff";
          auth_basic_user_file /etc/nginx/htpasswd;
        `),
        'etc/nginx/htpasswd': 'staff:{PLAIN}secret\n',
      },
    },
    {
      title: 'switched off',
      files: { 'etc/nginx/nginx.conf': nginx('auth_basic off;') },
    },
    {
      title: 'denied by address anyway',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          auth_basic "Staff";
          deny all;
        `),
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      for (const directive of configuration.occurrences.get('auth_basic') ?? []) {
        const { parent } = directive
        const realm = directive.args[0]?.value ?? ''
        if (parent === null || realm === 'off' || realm.startsWith('$')) continue
        // A file may be named by each location.
        const isServer = parent.name === 'server'
        if (!isServer && parent.name !== 'location' && parent.name !== 'limit_except') continue
        if (isServer && mayBeSetInside(configuration, parent, 'auth_basic_user_file')) continue
        const file = effectiveAtHand(configuration, parent, 'auth_basic_user_file')
        if (!file.known || !file.value.complete || file.value.directives.length > 0) continue
        const access = effective(configuration, parent, 'allow')
        if (!access.known || access.value.directives.length > 0) continue
        if (parent.children.some(({ name }) => /^auth_(?:request|jwt|pam|ldap|digest)/.test(name))) continue
        yield {
          at: namePlace(directive),
          message: 'no `auth_basic_user_file` is set here, so nginx asks nobody for a password',
        }
      }
    }
  },
})
