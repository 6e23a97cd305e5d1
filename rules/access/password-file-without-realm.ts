import { namePlace } from '../../src/deployment/places.ts'
import { propose, insertAfter, indentationAt } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { effective, effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { mayBeSetInside } from './_set-inside.ts'

const nginx = (lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      root /srv/www;
      ${lines}
    `),
  ),
  'etc/nginx/htpasswd': 'staff:{PLAIN}secret\n',
})

export default defineRule({
  summary: '`auth_basic_user_file` without `auth_basic` lets everyone in',
  severity: 'error',
  confidence: 'high',
  securitySeverity: 9.1,
  cwe: [306],
  since: '0.1.0',
  why: 'The file says who may come in, and `auth_basic` that nginx asks at all: without it, which is `off`, the file is never opened. `nginx -t` says nothing.',
  remedy: 'Add `auth_basic "a name for what is behind it";`',
  references: ['https://nginx.org/en/docs/http/ngx_http_auth_basic_module.html#auth_basic'],
  bad: [
    {
      title: 'the file alone, for a location',
      files: nginx(conf`
        location /admin/ {
            «auth_basic_user_file» /etc/nginx/htpasswd;
        }
      `),
    },
    {
      title: 'the file alone, for a whole server',
      files: nginx(conf`
        «auth_basic_user_file» /etc/nginx/htpasswd;
        location / {
            try_files $uri $uri/ =404;
        }
      `),
    },
    {
      title: 'the file alone, and a location with lines of a file of its own',
      files: {
        ...nginx(conf`
          «auth_basic_user_file» /etc/nginx/htpasswd;
          location / {
              include snippets/proxied.conf;
          }
        `),
        'etc/nginx/snippets/proxied.conf': 'proxy_pass http://127.0.0.1:8000;\n',
      },
    },
    {
      title: 'the realm of another location',
      files: nginx(conf`
        location /reports/ {
            auth_basic "Staff";
            auth_basic_user_file /etc/nginx/htpasswd;
        }
        location /admin/ {
            «auth_basic_user_file» /etc/nginx/htpasswd;
            proxy_pass http://127.0.0.1:8000;
        }
      `),
    },
  ],
  good: [
    {
      title: 'a realm of the server, and one of a location for the file of the server',
      files: nginx(conf`
        auth_basic_user_file /etc/nginx/htpasswd;
        location /admin/ {
            auth_basic "Staff";
        }
      `),
    },
    {
      title: 'a realm of the server',
      files: nginx(conf`
        auth_basic "Staff";
        location /admin/ {
            auth_basic_user_file /etc/nginx/htpasswd;
        }
      `),
    },
    {
      title: 'switched off in so many words',
      files: nginx(conf`
        auth_basic off;
        auth_basic_user_file /etc/nginx/htpasswd;
      `),
    },
    {
      title: 'a location that only some addresses reach anyway',
      files: nginx(conf`
        location /admin/ {
            allow 10.0.0.0/8;
            deny all;
            auth_basic_user_file /etc/nginx/htpasswd;
        }
      `),
    },
    {
      title: 'lines that another file includes',
      files: { 'snippets/users.conf': 'auth_basic_user_file /etc/nginx/htpasswd;\n' },
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations)
      for (const directive of configuration.occurrences.get('auth_basic_user_file') ?? []) {
        const { parent } = directive
        if (parent === null || !/^(?:server|location|limit_except)$/.test(parent.name)) continue
        if (mayBeSetInside(configuration, parent, 'auth_basic')) continue
        const realm = effectiveAtHand(configuration, parent, 'auth_basic')
        if (!realm.known || !realm.value.complete || realm.value.directives.length > 0) continue
        const access = effective(configuration, parent, 'allow')
        if (!access.known || access.value.directives.length > 0) continue
        const line = { source: directive.source, start: directive.node.start, end: directive.node.end }
        yield {
          at: namePlace(directive),
          message:
            'no `auth_basic` holds here, so nginx asks nobody for a password, and the file is not read',
          label: 'without `auth_basic`',
          ...propose('Ask for a password', 'unsafe', [
            insertAfter(line, `\n${indentationAt(line)}auth_basic "Restricted";`),
          ]),
        }
      }
  },
})
